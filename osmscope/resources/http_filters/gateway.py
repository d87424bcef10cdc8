"""Filters that label requests, or change their form between protocols."""

from osmscope.resources.extension import extension
from osmscope.resources.resource import Opaque

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(f"{_HTTP}.grpc_web.v3.GrpcWeb", name="envoy.filters.http.grpc_web envoy.grpc_web")
class GrpcWeb(Opaque, frozen=True):
    """`envoy.extensions.filters.http.grpc_web.v3.GrpcWeb`."""


@extension(
    f"{_HTTP}.grpc_http1_bridge.v3.Config",
    name="envoy.filters.http.grpc_http1_bridge envoy.grpc_http1_bridge",
)
class GrpcHttp1Bridge(Opaque, frozen=True):
    """`envoy.extensions.filters.http.grpc_http1_bridge.v3.Config`."""


@extension(f"{_HTTP}.ip_tagging.v3.IPTagging", f"{_OLD}.ip_tagging.v2.IPTagging")
class IpTagging(Opaque, frozen=True):
    """`envoy.extensions.filters.http.ip_tagging.v3.IPTagging`: adds `x-envoy-ip-tags`."""


@extension(f"{_HTTP}.geoip.v3.Geoip", name="envoy.filters.http.geoip")
class Geoip(Opaque, frozen=True):
    """`envoy.extensions.filters.http.geoip.v3.Geoip`: adds headers out of a database."""


@extension(f"{_HTTP}.set_filter_state.v3.Config", name="envoy.filters.http.set_filter_state")
class SetFilterState(Opaque, frozen=True):
    """`envoy.extensions.filters.http.set_filter_state.v3.Config`."""


@extension(f"{_HTTP}.json_to_metadata.v3.JsonToMetadata")
class JsonToMetadata(Opaque, frozen=True):
    """`envoy.extensions.filters.http.json_to_metadata.v3.JsonToMetadata`: reads bodies."""


@extension(
    "envoy.extensions.filters.http.peer_metadata.Config",
    "io.istio.http.peer_metadata.Config",
)
class PeerMetadata(Opaque, frozen=True):
    """Istio's exchange of workload names: adds headers, never blocks."""
