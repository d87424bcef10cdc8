"""Filters that label requests, or change their form between protocols."""

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import extension
from osmscope.resources.filter_state import FilterStateValue
from osmscope.resources.resource import Opaque, Resource

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(f"{_HTTP}.grpc_web.v3.GrpcWeb", name="envoy.filters.http.grpc_web envoy.grpc_web")
class GrpcWeb(Opaque, frozen=True):
    """`envoy.extensions.filters.http.grpc_web.v3.GrpcWeb`."""


@extension(
    f"{_HTTP}.grpc_http1_bridge.v3.Config",
    name="envoy.filters.http.grpc_http1_bridge envoy.grpc_http1_bridge",
)
class GrpcHttp1Bridge(Resource, frozen=True):
    """`envoy.extensions.filters.http.grpc_http1_bridge.v3.Config`."""

    upgrade_protobuf_to_grpc: bool = False
    ignore_query_parameters: bool = False


class IpTag(Resource, frozen=True):
    """A name for some addresses."""

    ip_tag_name: str = ""
    ip_list: tuple[CidrRange, ...] = ()


class IpTagHeader(Resource, frozen=True):
    """The header that tags go into, instead of `x-envoy-ip-tags`."""

    header: str = ""
    action: str = "SANITIZE"


@extension(
    f"{_HTTP}.ip_tagging.v3.IPTagging",
    f"{_OLD}.ip_tagging.v2.IPTagging",
    name="envoy.filters.http.ip_tagging envoy.ip_tagging",
)
class IpTagging(Resource, frozen=True):
    """`envoy.extensions.filters.http.ip_tagging.v3.IPTagging`, of the filter and of routes."""

    inert = frozenset({"stat_prefix"})

    request_type: str = "BOTH"
    ip_tags: tuple[IpTag, ...] = ()
    ip_tag_header: IpTagHeader | None = None
    ip_tags_file_provider: Opaque | None = None


@extension(f"{_HTTP}.geoip.v3.Geoip", name="envoy.filters.http.geoip")
class Geoip(Opaque, frozen=True):
    """`envoy.extensions.filters.http.geoip.v3.Geoip`: adds headers out of a database."""


@extension(f"{_HTTP}.set_filter_state.v3.Config", name="envoy.filters.http.set_filter_state")
class SetFilterState(Resource, frozen=True):
    """`envoy.extensions.filters.http.set_filter_state.v3.Config`, of the filter and of routes."""

    on_request_headers: tuple[FilterStateValue, ...] = ()
    clear_route_cache: bool = False


@extension(f"{_HTTP}.json_to_metadata.v3.JsonToMetadata")
class JsonToMetadata(Opaque, frozen=True):
    """`envoy.extensions.filters.http.json_to_metadata.v3.JsonToMetadata`: reads bodies."""


@extension(
    "envoy.extensions.filters.http.peer_metadata.Config",
    "io.istio.http.peer_metadata.Config",
)
class PeerMetadata(Opaque, frozen=True):
    """Istio's exchange of workload names: adds headers, never blocks."""
