"""The router, and the wrapper that any per-route configuration may stand in."""

import msgspec

from osmscope.resources.extension import extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.matcher import Matcher, RuntimeFractionalPercent, TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource

_HTTP = "envoy.extensions.filters.http"


@extension(
    f"{_HTTP}.router.v3.Router",
    "envoy.config.filter.http.router.v2.Router",
    name="envoy.filters.http.router envoy.router",
)
class Router(Resource, frozen=True):
    """`envoy.extensions.filters.http.router.v3.Router`: the last filter, which forwards."""

    inert = frozenset({
        "dynamic_stats", "start_child_span", "upstream_log", "upstream_log_options",
        "suppress_grpc_request_failure_code_stats",
        "reject_connect_request_early_data",
    })  # fmt: skip

    suppress_envoy_headers: bool = False
    respect_expected_rq_timeout: bool = False
    strict_check_headers: tuple[str, ...] = ()
    upstream_http_filters: tuple[HttpFilter, ...] = ()


@extension(f"{_HTTP}.upstream_codec.v3.UpstreamCodec", name="envoy.filters.http.upstream_codec")
class UpstreamCodec(Opaque, frozen=True):
    """`envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec`: ends upstream filters."""


@extension("envoy.config.route.v3.FilterConfig")
class FilterConfig(Resource, frozen=True):
    """`envoy.config.route.v3.FilterConfig`: a per-route configuration, or `disabled`."""

    config: msgspec.Raw = msgspec.Raw(b"")
    is_optional: bool = False
    disabled: bool = False


@extension(
    "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
    name="envoy.filters.http.match_delegate",
)
class ExtensionWithMatcher(Resource, frozen=True):
    """A filter that a matcher may skip."""

    matcher: Opaque | None = None
    xds_matcher: Matcher | None = None
    extension_config: TypedExtensionConfig = TypedExtensionConfig()


@extension("envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute")
class ExtensionWithMatcherPerRoute(Resource, frozen=True):
    """Another matcher for the filter that a matcher may skip."""

    xds_matcher: Matcher | None = None


class FilterChainConfiguration(Resource, frozen=True):
    """Filters that a composite filter runs together."""

    typed_config: tuple[TypedExtensionConfig, ...] = ()


@extension(f"{_HTTP}.composite.v3.Composite", name="envoy.filters.http.composite")
class Composite(Resource, frozen=True):
    """A filter that a matcher chooses: its own, or that of the wrapper around it."""

    named_filter_chains: dict[str, FilterChainConfiguration] = {}
    matcher: Matcher | None = None


@extension(f"{_HTTP}.composite.v3.CompositePerRoute")
class CompositePerRoute(Resource, frozen=True):
    """Another matcher for a composite filter."""

    matcher: Matcher | None = None


class HeldFilters(Resource, frozen=True):
    """The filters that a filter holds."""

    filters: tuple[TypedExtensionConfig, ...] = ()


@extension(f"{_HTTP}.filter_chain.v3.FilterChainConfig", name="envoy.filters.http.filter_chain")
class FilterChainConfig(Resource, frozen=True):
    """A filter that holds others."""

    default_filter_chain: HeldFilters | None = None


@extension(f"{_HTTP}.filter_chain.v3.FilterChainConfigPerRoute")
class FilterChainPerRoute(Resource, frozen=True):
    """Other filters for a filter that holds some."""

    filter_chain: HeldFilters | None = None


@extension("envoy.extensions.filters.common.matcher.action.v3.SkipFilter")
class SkipFilter(Resource, frozen=True):
    """The action of a matcher that skips its filter."""


@extension(f"{_HTTP}.composite.v3.ExecuteFilterAction")
class ExecuteFilterAction(Resource, frozen=True):
    """The action of a matcher that runs a filter in the composite's place."""

    typed_config: TypedExtensionConfig | None = None
    dynamic_config: object = None
    filter_chain: FilterChainConfiguration | None = None
    filter_chain_name: str = ""
    sample_percent: RuntimeFractionalPercent | None = None
