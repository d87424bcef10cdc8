"""The inputs and matchers that a unified matcher (`xds.type.matcher.v3.Matcher`) may name."""

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import extension
from osmscope.resources.matcher import (
    OnMatch,
    PathSegment,
    RuntimeFractionalPercent,
    ValueMatcher,
)
from osmscope.resources.rbac import Int32Range, RbacAction
from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import SubjectAltNameMatcher

_NETWORK = "envoy.extensions.matching.common_inputs.network.v3"
_SOCKET = "envoy.extensions.matching.common_inputs.transport_socket.v3"
_SSL = "envoy.extensions.matching.common_inputs.ssl.v3"
_HTTP = "envoy.type.matcher.v3"
_MATCHERS = "envoy.extensions.matching.input_matchers"


@extension(f"{_NETWORK}.DestinationIPInput")
class DestinationIPInput(Resource, frozen=True):
    """The original destination's address."""


@extension(f"{_NETWORK}.DestinationPortInput")
class DestinationPortInput(Resource, frozen=True):
    """The original destination's port."""


@extension(f"{_NETWORK}.SourceIPInput")
class SourceIPInput(Resource, frozen=True):
    """The downstream remote address."""


@extension(f"{_NETWORK}.SourcePortInput")
class SourcePortInput(Resource, frozen=True):
    """The downstream remote port."""


@extension(f"{_NETWORK}.DirectSourceIPInput")
class DirectSourceIPInput(Resource, frozen=True):
    """The address of the TCP peer."""


@extension(f"{_NETWORK}.SourceTypeInput")
class SourceTypeInput(Resource, frozen=True):
    """`local` where source and destination are the same host."""


@extension(f"{_NETWORK}.ServerNameInput")
class ServerNameInput(Resource, frozen=True):
    """The SNI that a listener filter read."""


@extension(f"{_NETWORK}.TransportProtocolInput")
class TransportProtocolInput(Resource, frozen=True):
    """The transport protocol that a listener filter found."""


@extension(f"{_NETWORK}.ApplicationProtocolInput")
class ApplicationProtocolInput(Resource, frozen=True):
    """The application protocols that a listener filter found."""


@extension(f"{_NETWORK}.NetworkNamespaceInput")
class NetworkNamespaceInput(Resource, frozen=True):
    """The network namespace of the listener's address."""


@extension(f"{_NETWORK}.FilterStateInput")
class FilterStateInput(Resource, frozen=True):
    """An object of the filter state."""

    key: str = ""
    field: str = ""


@extension(f"{_NETWORK}.DynamicMetadataInput")
class DynamicMetadataInput(Resource, frozen=True):
    """A value of the dynamic metadata."""

    filter: str = ""
    path: tuple[PathSegment, ...] = ()


@extension(f"{_SSL}.UriSanInput")
class UriSanInput(Resource, frozen=True):
    """The URIs in the client's certificate."""


@extension(f"{_SSL}.DnsSanInput")
class DnsSanInput(Resource, frozen=True):
    """The DNS names in the client's certificate."""


@extension(f"{_SSL}.SubjectInput")
class SubjectInput(Resource, frozen=True):
    """The subject of the client's certificate."""


@extension(f"{_HTTP}.HttpRequestHeaderMatchInput")
class HttpRequestHeaderMatchInput(Resource, frozen=True):
    """A request header."""

    header_name: str = ""


@extension(f"{_HTTP}.HttpRequestQueryParamMatchInput")
class HttpRequestQueryParamMatchInput(Resource, frozen=True):
    """A query parameter."""

    query_param: str = ""


@extension(f"{_HTTP}.HttpResponseStatusCodeMatchInput")
class HttpResponseStatusCodeMatchInput(Resource, frozen=True):
    """The response's code."""


@extension(f"{_HTTP}.HttpResponseStatusCodeClassMatchInput")
class HttpResponseStatusCodeClassMatchInput(Resource, frozen=True):
    """The class of the response's code: `5xx`."""


@extension(f"{_HTTP}.HttpResponseLocalReplyMatchInput")
class HttpResponseLocalReplyMatchInput(Resource, frozen=True):
    """`true` for a response of Envoy's own."""


@extension("xds.type.matcher.v3.IPMatcher")
class IPMatcher(Resource, frozen=True):
    """Address ranges, and what each leads to."""

    range_matchers: tuple["IPRangeMatcher", ...] = ()


class IPRangeMatcher(Resource, frozen=True):
    """Ranges that lead to the same."""

    ranges: tuple[CidrRange, ...] = ()
    on_match: OnMatch = OnMatch()
    exclusive: bool = False


@extension("xds.type.matcher.v3.ServerNameMatcher")
class ServerNameMatcher(Resource, frozen=True):
    """Domain names, and what each leads to."""

    domain_matchers: tuple["DomainMatcher", ...] = ()


class DomainMatcher(Resource, frozen=True):
    """Domains that lead to the same."""

    domains: tuple[str, ...] = ()
    on_match: OnMatch = OnMatch()


@extension(f"{_MATCHERS}.ip.v3.Ip")
class IpInputMatcher(Resource, frozen=True):
    """Address ranges, of which one has to hold the input."""

    inert = frozenset({"stat_prefix"})

    cidr_ranges: tuple[CidrRange, ...] = ()


@extension(f"{_MATCHERS}.metadata.v3.Metadata")
class MetadataInputMatcher(Resource, frozen=True):
    """A value matcher for an input of metadata."""

    value: ValueMatcher = ValueMatcher()
    invert: bool = False


@extension(f"{_MATCHERS}.consistent_hashing.v3.ConsistentHashing")
class ConsistentHashing(Resource, frozen=True):
    """Fits where the input's hash, by the modulo, reaches the threshold."""

    threshold: int = 0
    modulo: int = 1
    seed: int = 0


@extension(f"{_MATCHERS}.runtime_fraction.v3.RuntimeFraction")
class RuntimeFraction(Resource, frozen=True):
    """Fits where the input's hash is within a fraction."""

    runtime_fraction: RuntimeFractionalPercent = RuntimeFractionalPercent()
    seed: int = 0


@extension(
    "envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher",
)
class UpstreamIpPortMatcher(Resource, frozen=True):
    """The upstream address that an earlier filter resolved."""

    upstream_ip: CidrRange | None = None
    upstream_port_range: Int32Range | None = None


@extension("envoy.extensions.rbac.principals.mtls_authenticated.v3.Config")
class MtlsAuthenticated(Resource, frozen=True):
    """A client certificate that was validated, and perhaps a name in it."""

    san_matcher: SubjectAltNameMatcher | None = None
    any_validated_client_certificate: bool = False


# The action of a matcher in an RBAC filter; its message lives with RBAC.
extension("envoy.config.rbac.v3.Action")(RbacAction)


@extension(f"{_SOCKET}.EndpointMetadataInput")
class EndpointMetadataInput(Resource, frozen=True):
    """A value of the metadata of the endpoint that is connected to."""

    filter: str = ""
    path: tuple[PathSegment, ...] = ()


@extension(f"{_SOCKET}.LocalityMetadataInput")
class LocalityMetadataInput(EndpointMetadataInput, frozen=True):
    """The same of the metadata of its locality."""


@extension(f"{_SOCKET}.FilterStateInput")
class SharedFilterStateInput(Resource, frozen=True):
    """Filter state that filters share with the connection to the endpoint."""

    key: str = ""


@extension(f"{_SOCKET}.TransportSocketNameAction")
class TransportSocketNameAction(Resource, frozen=True):
    """The name of an entry of `transport_socket_matches`."""

    name: str = ""
