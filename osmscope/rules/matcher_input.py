"""The inputs of a unified matcher.

What Envoy does: an input is text or absent, and what is absent fits nothing. Addresses that are
no IPs are absent, so are an SNI that no listener filter read, an empty list of protocols or names,
and a source type that is not `local`. Values of a repeated header are joined by commas; query
parameters are percent-decoded; protocols stand in single quotes. Metadata of an endpoint or of its
locality is the text of a value, `null` for one that is not there; only without any it is absent.
Checked against Envoy 1.40.0. Not modelled: headers of responses, trailers, environment variables
and dynamic modules, which are unknown.
"""

import urllib.parse
from collections.abc import Callable, Mapping

import msgspec

from osmscope.resources.extension import Unsupported
from osmscope.resources.matcher_inputs import (
    ApplicationProtocolInput,
    DestinationIPInput,
    DestinationPortInput,
    DirectSourceIPInput,
    DnsSanInput,
    EndpointMetadataInput,
    FilterStateInput,
    HttpRequestHeaderMatchInput,
    HttpRequestQueryParamMatchInput,
    HttpResponseLocalReplyMatchInput,
    HttpResponseStatusCodeClassMatchInput,
    HttpResponseStatusCodeMatchInput,
    LocalityMetadataInput,
    NetworkNamespaceInput,
    ServerNameInput,
    SharedFilterStateInput,
    SourceIPInput,
    SourcePortInput,
    SourceTypeInput,
    SubjectInput,
    TransportProtocolInput,
    UriSanInput,
)
from osmscope.resources.resource import Resource
from osmscope.rules.facts import ClientCertificate, Connection, FilterState, Metadata, Request
from osmscope.rules.filter_chain_level import is_local
from osmscope.rules.filter_state import filter_state_object
from osmscope.rules.metadata import ABSENT, metadata_subject, metadata_value
from osmscope.rules.value_text import value_text

_NO_CERTIFICATE = ClientCertificate()


class EndpointInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a matcher of transport sockets is put to."""

    metadata: Metadata | None = {}
    """None where it is not known."""
    locality_metadata: Metadata | None = {}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen for a request so far; None each where there is none."""

    route_name: str | None = None
    virtual_host_name: str | None = None
    cluster_name: str | None = None
    """Only of a cluster that exists."""


class MatcherInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a matcher, or an RBAC policy, is put to: a connection and perhaps a request."""

    connection: Connection
    request: Request | None = None
    """None in a network filter and where a filter chain is chosen."""
    route_metadata: Metadata | None = None
    """The metadata of the request's route; None where it has no route."""
    response_code: int | None = None
    """The code of Envoy's own reply; None where there is none."""
    ignore_path_parameters: bool = False
    """Whether the route's table says that path parameters do not count."""
    chosen: Chosen | None = None
    """What was chosen for the request; None where that is not known here."""
    endpoint: EndpointInputs = EndpointInputs()
    """The endpoint that is connected to, where its transport socket is chosen."""

    @property
    def metadata(self) -> Metadata:
        """The dynamic metadata that can be seen here."""
        return self.connection.metadata if self.request is None else self.request.metadata

    @property
    def filter_state(self) -> FilterState:
        """The filter state objects that are known."""
        held_by = self.connection if self.request is None else self.request
        return held_by.filter_state

    @property
    def opaque_filters(self) -> tuple[str, ...]:
        """Filters that ran before and cannot be evaluated."""
        return () if self.request is None else self.request.opaque_filters

    @property
    def runtime(self) -> Mapping[str, object]:
        """Runtime keys that are set."""
        return {} if self.request is None else self.request.runtime


class InputValue(msgspec.Struct, frozen=True):
    """What an input gives."""

    subject: str
    """What it is, for reasons: 'source IP'."""
    value: str | None = None
    """The text; None where it is absent."""
    missing: str = ""
    """The fact that is not known, as a noun; "" where the input is known."""


def read_input(config: Resource, inputs: MatcherInputs) -> InputValue:
    """Read one input.

    Args:
        config: The input's configuration, decoded.
        inputs: What is read.
    """
    read = _READERS.get(type(config))
    if read is not None:
        return read(config, inputs)
    name = config.type_name if isinstance(config, Unsupported) else type(config).__name__
    return InputValue(f"the input {name}", missing=f"what the input {name} gives")


def _fact(subject: str, value: object, connection: Connection) -> InputValue:
    if not connection.is_ip:
        return InputValue(subject)
    if value is None:
        return InputValue(subject, missing=f"the {subject}")
    return InputValue(subject, str(value))


def _source_type(connection: Connection) -> InputValue:
    if is_local(connection):
        return InputValue("source type", "local")
    for noun, ip in (("source", connection.source_ip), ("destination", connection.destination_ip)):
        if ip is None:
            return InputValue("source type", missing=f"the {noun} IP")
    return InputValue("source type")


def _certificate(inputs: MatcherInputs) -> ClientCertificate:
    return inputs.connection.peer_certificate or _NO_CERTIFICATE


def _protocols(connection: Connection) -> str | None:
    return ",".join(f"'{protocol}'" for protocol in connection.application_protocols) or None


def _filter_state(config: Resource, inputs: MatcherInputs) -> InputValue:
    assert isinstance(config, FilterStateInput)
    subject, found = f'filter state "{config.key}"', inputs.filter_state.get(config.key)
    if found is None:
        return InputValue(
            subject, missing=filter_state_object(config.key, inputs.opaque_filters).missing
        )
    if config.field:
        return InputValue(subject, missing=f'the field "{config.field}" of the {subject}')
    if found.text is None:
        return InputValue(subject, missing=f"what the {subject} holds")
    return InputValue(subject, found.text)


def _endpoint_metadata(config: Resource, inputs: MatcherInputs) -> InputValue:
    assert isinstance(config, EndpointMetadataInput)
    of_locality = isinstance(config, LocalityMetadataInput)
    endpoint, namespace = inputs.endpoint, config.filter or "envoy.lb"
    metadata = endpoint.locality_metadata if of_locality else endpoint.metadata
    owner = "locality" if of_locality else "endpoint"
    subject = f"{owner} {metadata_subject(namespace, config.path)}"
    if metadata is None:
        return InputValue(subject, missing=f"the {subject}")
    if not metadata:
        return InputValue(subject)
    value = metadata_value(metadata, namespace, config.path)
    return InputValue(subject, value_text(None if value is ABSENT else value) or None)


def _shared_filter_state(config: Resource, _: MatcherInputs) -> InputValue:
    assert isinstance(config, SharedFilterStateInput)
    subject = f'filter state "{config.key}"'
    return InputValue(subject, missing=f"the {subject}, which is shared with the endpoint")


def _header(config: Resource, inputs: MatcherInputs) -> InputValue:
    assert isinstance(config, HttpRequestHeaderMatchInput)
    values = inputs.request.headers.all(config.header_name) if inputs.request is not None else ()
    return InputValue(f'header "{config.header_name}"', ",".join(values) if values else None)


def _query_parameter(config: Resource, inputs: MatcherInputs) -> InputValue:
    assert isinstance(config, HttpRequestQueryParamMatchInput)
    subject = f'query parameter "{config.query_param}"'
    query = inputs.request.path.partition("?")[2] if inputs.request is not None else ""
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if urllib.parse.unquote(name) == config.query_param:
            return InputValue(subject, urllib.parse.unquote(value))
    return InputValue(subject)


def _response(
    subject: str, read: Callable[[int], str]
) -> Callable[[Resource, MatcherInputs], InputValue]:
    def value(_: Resource, inputs: MatcherInputs) -> InputValue:
        code = inputs.response_code
        if code is None:
            return InputValue(subject, missing=f"the {subject}")
        return InputValue(subject, read(code))

    return value


_Reader = Callable[[Resource, MatcherInputs], InputValue]


def _of_connection(read: Callable[[Connection], InputValue]) -> _Reader:
    return lambda _, inputs: read(inputs.connection)


_READERS: Mapping[type[Resource], _Reader] = {
    DestinationIPInput: _of_connection(lambda c: _fact("destination IP", c.destination_ip, c)),
    DestinationPortInput: _of_connection(
        lambda c: _fact("destination port", c.destination_port, c)
    ),
    SourceIPInput: _of_connection(lambda c: _fact("source IP", c.source_ip, c)),
    SourcePortInput: _of_connection(lambda c: _fact("source port", c.source_port, c)),
    DirectSourceIPInput: _of_connection(lambda c: _fact("direct source IP", c.direct_source_ip, c)),
    SourceTypeInput: _of_connection(_source_type),
    ServerNameInput: _of_connection(
        lambda c: InputValue("server name", c.detected_server_name or None)
    ),
    TransportProtocolInput: _of_connection(
        lambda c: InputValue("transport protocol", c.transport_protocol or None)
    ),
    ApplicationProtocolInput: _of_connection(
        lambda c: InputValue("application protocols", _protocols(c))
    ),
    NetworkNamespaceInput: lambda *_: InputValue("network namespace"),
    FilterStateInput: _filter_state,
    EndpointMetadataInput: _endpoint_metadata,
    LocalityMetadataInput: _endpoint_metadata,
    SharedFilterStateInput: _shared_filter_state,
    UriSanInput: lambda _, inputs: InputValue(
        "URI names of the client certificate", ",".join(_certificate(inputs).uri_sans) or None
    ),
    DnsSanInput: lambda _, inputs: InputValue(
        "DNS names of the client certificate", ",".join(_certificate(inputs).dns_sans) or None
    ),
    SubjectInput: lambda _, inputs: InputValue(
        "subject of the client certificate", _certificate(inputs).subject or None
    ),
    HttpRequestHeaderMatchInput: _header,
    HttpRequestQueryParamMatchInput: _query_parameter,
    HttpResponseStatusCodeMatchInput: _response("response code", str),
    HttpResponseStatusCodeClassMatchInput: _response(
        "class of the response code", lambda code: f"{code // 100}xx"
    ),
    HttpResponseLocalReplyMatchInput: _response("origin of the response", lambda _: "true"),
}
