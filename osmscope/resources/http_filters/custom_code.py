"""Filters that run code or ask a service of the user's: nobody offline knows what they do."""

from osmscope.resources.extension import extension
from osmscope.resources.resource import Opaque, Resource

_HTTP = "envoy.extensions.filters.http"


@extension(f"{_HTTP}.wasm.v3.Wasm", name="envoy.filters.http.wasm")
class Wasm(Opaque, frozen=True):
    """`envoy.extensions.filters.http.wasm.v3.Wasm`."""


@extension(f"{_HTTP}.ext_proc.v3.ExternalProcessor", name="envoy.filters.http.ext_proc")
class ExternalProcessor(Opaque, frozen=True):
    """`envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor`."""


@extension(f"{_HTTP}.ext_proc.v3.ExtProcPerRoute")
class ExtProcPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute`."""

    inert = frozenset({"overrides"})

    disabled: bool = False


@extension(f"{_HTTP}.dynamic_modules.v3.DynamicModuleFilter")
class DynamicModuleFilter(Opaque, frozen=True):
    """`envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter`."""


@extension(f"{_HTTP}.golang.v3alpha.Config", name="envoy.filters.http.golang")
class Golang(Opaque, frozen=True):
    """`envoy.extensions.filters.http.golang.v3alpha.Config`."""


@extension(
    f"{_HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
    "envoy.config.filter.http.transcoder.v2.GrpcJsonTranscoder",
    name="envoy.filters.http.grpc_json_transcoder envoy.grpc_json_transcoder",
)
class GrpcJsonTranscoder(Opaque, frozen=True):
    """`envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder`."""


@extension(f"{_HTTP}.grpc_field_extraction.v3.GrpcFieldExtractionConfig")
class GrpcFieldExtraction(Opaque, frozen=True):
    """`envoy.extensions.filters.http.grpc_field_extraction.v3.GrpcFieldExtractionConfig`."""


@extension(f"{_HTTP}.on_demand.v3.OnDemand", name="envoy.filters.http.on_demand")
class OnDemand(Resource, frozen=True):
    """`envoy.extensions.filters.http.on_demand.v3.OnDemand`: fetches what is missing."""

    odcds: Opaque | None = None
    """Where missing clusters are fetched from; without it only virtual hosts are."""


@extension(f"{_HTTP}.on_demand.v3.PerRouteConfig")
class OnDemandPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.on_demand.v3.PerRouteConfig`."""

    odcds: Opaque | None = None


@extension(
    f"{_HTTP}.dynamic_forward_proxy.v3.FilterConfig",
    name="envoy.filters.http.dynamic_forward_proxy",
)
class DynamicForwardProxy(Resource, frozen=True):
    """`envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig`: asks DNS."""

    inert = frozenset({"dns_cache_config", "sub_cluster_config", "save_upstream_address"})

    allow_dynamic_host_from_filter_state: bool = False


@extension(f"{_HTTP}.dynamic_forward_proxy.v3.PerRouteConfig")
class DynamicForwardProxyPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.dynamic_forward_proxy.v3.PerRouteConfig`: another host."""

    host_rewrite_literal: str = ""
    host_rewrite_header: str = ""
