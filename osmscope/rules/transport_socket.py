"""How an endpoint is connected to: the transport socket that its metadata chooses, and TLS.

What Envoy does: the entry of `transport_socket_matches` that the `transport_socket_matcher` names;
without one the first entry all of whose values the endpoint's metadata
`envoy.transport_socket_match` has (an empty match fits every endpoint), else the first that the
locality's metadata fits, else the cluster's `transport_socket`, else plaintext. SNI is the
authority as forwarded (`auto_sni`, unless it is an IP address), else the endpoint's hostname
(`auto_host_sni`), else `sni`. ALPN is `alpn_protocols`, else what the HTTP protocol is called; a
`tcp_proxy` then offers none. Without a validation context nothing of the peer is verified. Checked
against Envoy 1.40.0. Not modelled: filter state that sets the SNI.
"""

from collections.abc import Iterator

import msgspec

from osmscope.resources.address import parse_ip
from osmscope.resources.cluster import (
    Cluster,
    TransportSocketMatch,
    UpstreamHttpProtocolOptions,
    http_protocol_options,
)
from osmscope.resources.endpoint import Metadata
from osmscope.resources.matcher import Matcher
from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import (
    CertificateValidationContext,
    CommonTlsContext,
    RawBuffer,
    UpstreamTlsContext,
    innermost,
)
from osmscope.rules.facts import Headers
from osmscope.rules.hosts import Host
from osmscope.rules.string_matcher import describe
from osmscope.rules.subset import same_value
from osmscope.rules.transport_socket_matcher import named_socket

_LARGEST_PORT, _DIGITS = 65535, 10
_NAMESPACE = "envoy.transport_socket_match"
_NAMES = {"HTTP/1.1": "http/1.1", "HTTP/2": "h2"}


class SocketChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The transport socket of one endpoint."""

    name: str = ""
    """The entry of `transport_socket_matches`; "" for the cluster's own, or none at all."""
    configuration: Resource = RawBuffer()
    """TLS, plaintext, or another transport socket."""
    reason: str = ""
    condition: str = ""
    """What is assumed, as a clause: "no metadata of its locality fits"."""
    missing: str = ""
    """The fact without which the choice is not known, as a noun."""


class UpstreamTls(msgspec.Struct, frozen=True, kw_only=True):
    """What Envoy offers and asks for in the TLS handshake with an endpoint."""

    sni: str = ""
    """"" where no SNI is sent."""
    sni_reason: str = ""
    alpn: tuple[str, ...] = ()
    certificate_secrets: tuple[str, ...] = ()
    """The secrets that hold the client certificate; () with inline certificates, or none."""
    inline_certificates: int = 0
    validation_secret: str = ""
    """The secret that holds the validation context; "" if it is inline, or absent."""
    verifies: bool = False
    """Whether the endpoint's certificate is verified at all."""
    san_matchers: tuple[str, ...] = ()
    """What a name in the endpoint's certificate has to satisfy, in words; any one will do."""
    expected_san: str = ""
    """The name that the certificate must hold, from the request itself."""


def transport_socket_of(cluster: Cluster, host: Host) -> SocketChoice:
    """Choose the transport socket of an endpoint.

    Raises:
        DumpError: A configuration has a type that Envoy never writes.
    """
    if cluster.transport_socket_matcher is not None:
        chosen = _by_matcher(cluster, cluster.transport_socket_matcher, host)
    else:
        chosen = _by_metadata(cluster, host)
    if chosen is not None:
        return chosen
    condition = ""
    if host.locality_metadata is None and cluster.transport_socket_matches:
        condition = "no metadata of the locality fits, which EDS may give and no dump holds"
    if cluster.transport_socket is not None:
        own = innermost(cluster.transport_socket)
        return SocketChoice(configuration=own, reason="the cluster's own", condition=condition)
    if cluster.tls_context is not None:
        return SocketChoice(configuration=cluster.tls_context, reason="the cluster's tls_context")
    reason = "the cluster has no transport socket: plaintext"
    return SocketChoice(reason=reason, condition=condition)


def _by_matcher(cluster: Cluster, matcher: Matcher, host: Host) -> SocketChoice | None:
    found = named_socket(matcher, host)
    if found.missing:
        return SocketChoice(missing=found.missing)
    for entry in cluster.transport_socket_matches:
        if entry.name == found.name:
            return _of_entry(entry, f"transport_socket_matcher names {entry.name!r}")
    return None


def _by_metadata(cluster: Cluster, host: Host) -> SocketChoice | None:
    of_locality = host.locality_metadata or {}
    for source, metadata in (("", host.metadata), ("locality ", of_locality)):
        for entry in cluster.transport_socket_matches:
            if entry.match and not host.is_assigned:
                return SocketChoice(missing=f"the metadata of endpoint {host.address}")
            if _fits(entry.match, metadata):
                words = f"the {source}metadata fits" if entry.match else "it fits every endpoint"
                return _of_entry(entry, f"transport_socket_matches {entry.name!r}: {words}")
    return None


def _of_entry(entry: TransportSocketMatch, reason: str) -> SocketChoice:
    configuration = innermost(entry.transport_socket)
    return SocketChoice(name=entry.name, configuration=configuration, reason=reason)


def speaks_tls(cluster: Cluster) -> bool:
    """Whether the cluster's own transport socket is TLS.

    Raises:
        DumpError: A configuration has a type that Envoy never writes.
    """
    socket = cluster.transport_socket
    own = cluster.tls_context if socket is None else innermost(socket)
    return isinstance(own, UpstreamTlsContext)


def upstream_tls(
    cluster: Cluster,
    host: Host,
    configuration: Resource,
    headers: Headers | None = None,
    protocol: str = "",
) -> UpstreamTls | None:
    """Tell how Envoy speaks TLS to an endpoint; None where it does not, or cannot be told.

    Args:
        cluster: The cluster.
        host: The endpoint.
        configuration: What `transport_socket_of` chose.
        headers: The request's, as forwarded; None for a `tcp_proxy`.
        protocol: What `upstream_protocol` names; "" where no HTTP is spoken.

    Raises:
        DumpError: A configuration has a type that Envoy never writes.
    """
    if not isinstance(configuration, UpstreamTlsContext):
        return None
    options = _http_options(cluster)
    sni, reason = _sni(configuration, options, host, headers)
    common = configuration.common_tls_context
    validation = _validation(common)
    authority = _name_of(options, headers) if options.auto_san_validation else ""
    return UpstreamTls(
        sni=sni,
        sni_reason=reason,
        alpn=common.alpn_protocols or tuple(_of_protocol(protocol)),
        certificate_secrets=tuple(s.name for s in common.tls_certificate_sds_secret_configs),
        inline_certificates=len(common.tls_certificates),
        validation_secret=common.validation_secret(),
        verifies=bool(common.validation_secret()) or _verifies(validation),
        san_matchers=_san_matchers(validation),
        expected_san=authority or (sni if configuration.auto_sni_san_validation else ""),
    )


def _of_protocol(protocol: str) -> Iterator[str]:
    """Yield what Envoy offers for a protocol, or for "one or another", by itself."""
    yield from (_NAMES[name] for name in protocol.split(" or ") if name in _NAMES)


def _fits(match: dict[str, object], metadata: Metadata) -> bool:
    own = metadata.get(_NAMESPACE, {})
    return all(key in own and same_value(own[key], value) for key, value in match.items())


def _http_options(cluster: Cluster) -> UpstreamHttpProtocolOptions:
    options = http_protocol_options(cluster)
    # Options of the newer form replace the cluster's own field, also where they are silent on it.
    chosen = (options or cluster).upstream_http_protocol_options
    return chosen or UpstreamHttpProtocolOptions()


def _name_of(options: UpstreamHttpProtocolOptions, headers: Headers | None) -> str:
    """Return the name that a request asks for; "" where it has none, or an IP address."""
    header = options.override_auto_sni_header or ":authority"
    value = (headers.first(header) if headers is not None else None) or ""
    if not value and headers is not None:
        value = headers.first(":authority") or ""
    name = _without_port(value)
    return "" if parse_ip(name.strip("[]") if name.startswith("[") else name) else name


def _without_port(authority: str) -> str:
    """Take off what follows the last colon, where it is a port."""
    host, colon, port = authority.rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port[-9:]) <= _LARGEST_PORT
    return host if colon and is_port and len(port) < _DIGITS else authority


def _sni(
    context: UpstreamTlsContext,
    options: UpstreamHttpProtocolOptions,
    host: Host,
    headers: Headers | None,
) -> tuple[str, str]:
    if options.auto_sni and (name := _name_of(options, headers)):
        return name, "the authority (auto_sni)"
    if context.auto_host_sni and host.hostname:
        return host.hostname, "the endpoint's hostname (auto_host_sni)"
    return context.sni, "the cluster's sni" if context.sni else "no SNI is configured"


def _validation(common: CommonTlsContext) -> CertificateValidationContext:
    combined = common.combined_validation_context
    if combined is not None:
        return combined.default_validation_context
    return common.validation_context or CertificateValidationContext()


def _verifies(validation: CertificateValidationContext) -> bool:
    sources = validation.trusted_ca, validation.ca_certificate_provider_instance
    pins = validation.verify_certificate_hash or validation.verify_certificate_spki
    custom = validation.custom_validator_config
    return any(source is not None for source in (*sources, custom)) or bool(pins)


def _san_matchers(validation: CertificateValidationContext) -> tuple[str, ...]:
    typed = (
        f"a {entry.san_type} name has to {describe(entry.matcher)}"
        for entry in validation.match_typed_subject_alt_names
    )
    untyped = (f"a name has to {describe(m)}" for m in validation.match_subject_alt_names)
    return (*typed, *untyped)
