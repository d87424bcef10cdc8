"""Filters that change nothing of a request on its way to the router."""

from osmscope.resources.extension import extension
from osmscope.resources.resource import Opaque

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(
    f"{_HTTP}.grpc_stats.v3.FilterConfig",
    f"{_OLD}.grpc_stats.v2alpha.FilterConfig",
    f"{_HTTP}.compressor.v3.Compressor",
    f"{_HTTP}.compressor.v3.CompressorPerRoute",
    f"{_HTTP}.decompressor.v3.Decompressor",
    f"{_HTTP}.gzip.v3.Gzip",
    f"{_OLD}.gzip.v2.Gzip",
    f"{_HTTP}.bandwidth_limit.v3.BandwidthLimit",
    f"{_HTTP}.custom_response.v3.CustomResponse",
    f"{_HTTP}.alternate_protocols_cache.v3.FilterConfig",
    f"{_HTTP}.original_src.v3.OriginalSrc",
    f"{_HTTP}.tap.v3.Tap",
    f"{_OLD}.tap.v2alpha.Tap",
    f"{_HTTP}.connect_grpc_bridge.v3.FilterConfig",
    f"{_HTTP}.grpc_field_extraction.v3.GrpcFieldExtractionConfig",
    "envoy.filters.http.alpn.v3.FilterConfig",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "stats.PluginConfig",
    name="envoy.filters.http.grpc_stats envoy.filters.http.compressor envoy.gzip"
    " envoy.filters.http.decompressor envoy.filters.http.tap istio.alpn istio.stats"
    " istio_stats envoy.filters.http.bandwidth_limit",
)
class ResponseOnly(Opaque, frozen=True):
    """A filter that counts, compresses, slows down or looks at responses alone."""
