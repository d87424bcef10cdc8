"""Filters that are there for bodies and responses, and what some of them do to requests."""

from osmscope.resources.extension import extension
from osmscope.resources.matcher import Matcher, RuntimeFeatureFlag, TypedExtensionConfig
from osmscope.resources.network_filters import DataSource
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import HeaderValueOption

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(
    f"{_HTTP}.grpc_stats.v3.FilterConfig",
    f"{_OLD}.grpc_stats.v2alpha.FilterConfig",
    f"{_HTTP}.gzip.v3.Gzip",
    f"{_OLD}.gzip.v2.Gzip",
    f"{_HTTP}.bandwidth_limit.v3.BandwidthLimit",
    f"{_HTTP}.alternate_protocols_cache.v3.FilterConfig",
    f"{_HTTP}.original_src.v3.OriginalSrc",
    f"{_HTTP}.tap.v3.Tap",
    f"{_OLD}.tap.v2alpha.Tap",
    "envoy.filters.http.alpn.v3.FilterConfig",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "stats.PluginConfig",
    name="envoy.filters.http.grpc_stats envoy.gzip envoy.filters.http.tap istio.alpn istio.stats"
    " istio_stats envoy.filters.http.bandwidth_limit",
)
class ResponseOnly(Opaque, frozen=True):
    """A filter that counts, compresses, slows down or looks at responses alone."""


class CompressionCommon(Resource, frozen=True):
    """Whether a direction is compressed, and from which size on."""

    inert = frozenset({"min_content_length", "content_type"})

    enabled: RuntimeFeatureFlag | None = None


class RequestCompression(Resource, frozen=True):
    """How a compressor treats requests."""

    common_config: CompressionCommon = CompressionCommon()


class ResponseCompression(Resource, frozen=True):
    """How a compressor treats responses."""

    inert = frozenset(
        {"disable_on_etag_header", "uncompressible_response_codes", "status_header_enabled"}
    )

    common_config: CompressionCommon = CompressionCommon()
    remove_accept_encoding_header: bool | None = None


@extension(f"{_HTTP}.compressor.v3.Compressor", name="envoy.filters.http.compressor")
class Compressor(Resource, frozen=True):
    """`envoy.extensions.filters.http.compressor.v3.Compressor`."""

    inert = frozenset({
        "content_length", "content_type", "disable_on_etag_header", "runtime_enabled",
        "compressor_library", "choose_first",
    })  # fmt: skip

    remove_accept_encoding_header: bool = False
    request_direction_config: RequestCompression | None = None
    response_direction_config: ResponseCompression | None = None


class CompressorOverrides(Resource, frozen=True):
    """What a route changes of a compressor."""

    response_direction_config: ResponseCompression | None = None


@extension(f"{_HTTP}.compressor.v3.CompressorPerRoute")
class CompressorPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.compressor.v3.CompressorPerRoute`."""

    disabled: bool = False
    overrides: CompressorOverrides | None = None


class DecompressionCommon(Resource, frozen=True):
    """Whether a direction is decompressed."""

    inert = frozenset({"ignore_no_transform_header"})

    enabled: RuntimeFeatureFlag | None = None


class RequestDecompression(Resource, frozen=True):
    """How a decompressor treats requests."""

    common_config: DecompressionCommon = DecompressionCommon()
    advertise_accept_encoding: bool | None = None


class ResponseDecompression(Resource, frozen=True):
    """How a decompressor treats responses."""

    common_config: DecompressionCommon = DecompressionCommon()


@extension(f"{_HTTP}.decompressor.v3.Decompressor", name="envoy.filters.http.decompressor")
class Decompressor(Resource, frozen=True):
    """`envoy.extensions.filters.http.decompressor.v3.Decompressor`."""

    decompressor_library: TypedExtensionConfig = TypedExtensionConfig()
    request_direction_config: RequestDecompression = RequestDecompression()
    response_direction_config: ResponseDecompression = ResponseDecompression()


@extension(f"{_HTTP}.connect_grpc_bridge.v3.FilterConfig")
class ConnectGrpcBridge(Opaque, frozen=True):
    """`envoy.extensions.filters.http.connect_grpc_bridge.v3.FilterConfig`."""


@extension(f"{_HTTP}.custom_response.v3.CustomResponse")
class CustomResponse(Resource, frozen=True):
    """`envoy.extensions.filters.http.custom_response.v3.CustomResponse`, of filter and routes."""

    custom_response_matcher: Matcher | None = None


@extension("envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy")
class LocalResponsePolicy(Resource, frozen=True):
    """A response that takes the place of another one."""

    inert = frozenset({"body_format"})

    body: DataSource | None = None
    status_code: int | None = None
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
