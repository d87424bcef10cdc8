"""The attributes that a CEL expression names, as far as a dump and a request tell them.

What Envoy does: it gives an expression the request, both addresses, the connection, dynamic
metadata, filter state and the names of what was chosen. Header names ignore case, values of a
repeated header are joined by commas, filter state is bytes. What is absent is an error where it is
read, and false where `has()` asks: so are all of TLS on a plaintext connection, and the node.
Checked against Envoy 1.40.0. Not modelled, and so unknown: sizes, identifiers, TLS versions and
digests, Envoy's own certificate, the upstream, the response, and of `xds` all metadata but the
route's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.resources.address import host_port
from osmscope.resources.cel import CelExpr
from osmscope.rules.cel_message import children
from osmscope.rules.facts import Request
from osmscope.rules.filter_state_value import ADDRESS
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.substitution_format import FormatContext, format_text

_ABSENT = object()
_PROTOCOLS = {"http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}
_HEADERS = {
    "host": ":authority", "scheme": ":scheme", "method": ":method", "path": ":path",
    "referer": "referer", "useragent": "user-agent",
}  # fmt: skip
_DIRECTIONS: Mapping[str | None, int] = {"UNSPECIFIED": 0, "INBOUND": 1, "OUTBOUND": 2}
_OF_CONNECTIONS = frozenset({"time", "size", "total_size", "duration"})
"""What a connection has of a request."""
_OF_TLS = frozenset({
    "tls_version", "sha256_peer_certificate_digest", "subject_peer_certificate",
    "uri_san_peer_certificate", "dns_san_peer_certificate", "subject_local_certificate",
    "uri_san_local_certificate", "dns_san_local_certificate",
})  # fmt: skip
_NEW_EACH_TIME = frozenset({"x-request-id", "traceparent", "x-b3-traceid", "content-length"})


class Reference(msgspec.Struct, frozen=True):
    """A name in an expression and the fields or keys that are read of it."""

    root: str
    steps: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The name as people write it."""
        return ".".join((self.root, *self.steps))


class Attributes(msgspec.Struct, frozen=True):
    """What an expression is evaluated with."""

    data: Mapping[str, object]
    unknown: tuple[str, ...] = ()
    """The attributes that the expression reads and nobody said."""


class _UnknownError(Exception):
    """An attribute is not known."""


def attributes(expr: CelExpr, inputs: MatcherInputs) -> Attributes:
    """Gather the attributes that an expression reads.

    Args:
        expr: The expression.
        inputs: The connection, and perhaps the request.
    """
    data: dict[str, object] = {}
    unknown: dict[str, None] = {}
    for reference in dict.fromkeys(references(expr)):
        try:
            _put(data, reference, _value(reference, inputs))
        except _UnknownError:
            unknown[reference.text] = None
    return Attributes(data, tuple(unknown))


def references(expr: CelExpr) -> Iterator[Reference]:
    """List all names that an expression reads, with the fields and constant keys behind them."""
    chain = _chain(expr)
    if chain is not None:
        yield chain
        return
    asked = expr.call_expr
    if asked is not None and asked.function in ("@in", "_in_", "in"):
        key, chain = _text(asked.args[0]), _chain(asked.args[1])
        if key is not None and chain is not None:
            yield Reference(chain.root, (*chain.steps, key))
            return
    for child in children(expr):
        yield from references(child)


def _chain(expr: CelExpr) -> Reference | None:
    if expr.ident_expr is not None:
        return Reference(expr.ident_expr.name)
    inner: CelExpr | None = None
    step: str | None = None
    if expr.select_expr is not None:
        inner, step = expr.select_expr.operand, expr.select_expr.field
    elif expr.call_expr is not None and expr.call_expr.function == "_[_]":
        inner, step = expr.call_expr.args[0], _text(expr.call_expr.args[1])
        if inner.ident_expr is not None and inner.ident_expr.name == "metadata":
            return None  # It is a message, which has no keys.
    if inner is None or step is None:
        return None
    chain = _chain(inner)
    return None if chain is None else Reference(chain.root, (*chain.steps, step))


def _text(expr: CelExpr) -> str | None:
    return expr.const_expr.string_value if expr.const_expr is not None else None


def _put(data: dict[str, object], reference: Reference, value: object) -> None:
    """Put a value where the reference looks for it; of what is absent the way leads there."""
    place: dict[str, object] = data
    *way, last = (reference.root, *_depth(reference))
    for step in way:
        inner = place.setdefault(step, {})
        assert isinstance(inner, dict)
        place = inner
    if value is not _ABSENT:
        place[last] = value


def _depth(reference: Reference) -> tuple[str, ...]:
    """Return the steps that osmscope answers; those behind them are within the value."""
    if reference.root == "filter_state":
        return reference.steps[:1]
    if reference.root == "request" and reference.steps[:1] == ("headers",):
        return reference.steps[:2]
    return reference.steps[: 2 if reference.root == "xds" else 1]


def _value(reference: Reference, inputs: MatcherInputs) -> object:
    if not reference.steps:
        raise _UnknownError
    name = reference.steps[0]
    match reference.root:
        case "request":
            return _of_request(reference, inputs)
        case "source" | "destination":
            return _address(reference.root, name, inputs)
        case "connection":
            return _connection(name, inputs)
        case "metadata" if name == "filter_metadata" and not inputs.opaque_filters:
            if not inputs.metadata and len(reference.steps) == 1:
                raise _UnknownError  # An empty map is there for all but has().
            return _plain(inputs.metadata)
        case "filter_state" if not inputs.opaque_filters:
            return _filter_state(name, inputs)
        case "xds":
            return _chosen(reference.steps, inputs)
    raise _UnknownError


def _filter_state(key: str, inputs: MatcherInputs) -> object:
    found = inputs.filter_state.get(key)
    if found is None:
        return _ABSENT
    if found.text is None or found.factory == ADDRESS:
        raise _UnknownError
    return found.text.encode()


def _of_request(reference: Reference, inputs: MatcherInputs) -> object:
    if inputs.request is not None:
        return _request(inputs.request, reference.steps)
    if reference.steps[0] in _OF_CONNECTIONS:
        raise _UnknownError
    return _ABSENT


def _request(request: Request, steps: tuple[str, ...]) -> object:
    name = steps[0]
    header = _HEADERS.get(name)
    if header is not None:
        value = request.headers.first(header)
        return _ABSENT if value is None else value
    match name:
        case "headers" if len(steps) > 1 and steps[1].lower() not in _NEW_EACH_TIME:
            values = request.headers.all(steps[1])
            return ",".join(values) if values else _ABSENT
        case "url_path":
            return request.path_without_query
        case "query":
            return request.path.partition("?")[2]
        case "protocol" if request.protocol in _PROTOCOLS:
            return _PROTOCOLS[request.protocol]
        case "time" if request.now is not None:
            return True  # Only has() looks at it: see `with_time`.
    raise _UnknownError


def _address(root: str, name: str, inputs: MatcherInputs) -> object:
    if inputs.request is not None:
        command = "REMOTE" if root == "source" else "LOCAL"
        kind = {"address": "ADDRESS", "port": "PORT"}.get(name, "")
        formatted = format_text(
            f"%DOWNSTREAM_{command}_{kind}%", FormatContext(request=inputs.request)
        )
        if not formatted.complete:
            raise _UnknownError
        return formatted.text if name == "address" else int(formatted.text)
    connection = inputs.connection
    ip, port = connection.source_ip, connection.source_port
    if root == "destination":
        ip, port = connection.destination_ip, connection.destination_port
    if port is None or (ip is None and name == "address") or name not in ("address", "port"):
        raise _UnknownError
    return port if name == "port" else host_port(ip or "", port)


def _connection(name: str, inputs: MatcherInputs) -> object:
    connection = inputs.connection
    certificate = connection.peer_certificate
    if not connection.terminated_tls and name in _OF_TLS:
        return _ABSENT
    match name:
        case "mtls":
            return connection.terminated_tls and certificate is not None
        case "requested_server_name":
            return connection.detected_server_name
        case "uri_san_peer_certificate":
            return next(iter(certificate.uri_sans), _ABSENT) if certificate else _ABSENT
        case "dns_san_peer_certificate":
            return next(iter(certificate.dns_sans), _ABSENT) if certificate else _ABSENT
        case "subject_peer_certificate":
            return certificate.subject if certificate else ""
        case "sha256_peer_certificate_digest" if certificate is None:
            return _ABSENT
        case "termination_details" | "transport_failure_reason":
            return _ABSENT
    raise _UnknownError


def _chosen(steps: tuple[str, ...], inputs: MatcherInputs) -> object:
    if steps[:2] == ("route_metadata", "filter_metadata"):
        return _ABSENT if inputs.route_metadata is None else _plain(inputs.route_metadata)
    name = steps[0]
    direction, chain = inputs.connection.traffic_direction, inputs.connection.filter_chain_name
    match name:
        case "node":
            return _ABSENT
        case "filter_chain_name" if chain is not None:
            return chain
        case "listener_direction" if direction in _DIRECTIONS:
            return _DIRECTIONS[direction]
        case "route_name" | "virtual_host_name" | "cluster_name" if inputs.chosen is not None:
            found = getattr(inputs.chosen, name)
            return _ABSENT if found is None else found
    raise _UnknownError


def _plain(value: object) -> object:
    """Return a value of a Struct as CEL has it: all numbers are floating point."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
