"""Filters that hold requests back when there are too many."""

from osmscope.resources.extension import extension
from osmscope.resources.matcher import RuntimeFractionalPercent
from osmscope.resources.rate_limit import RateLimitPolicy
from osmscope.resources.resource import Opaque, Resource

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


class TokenBucket(Resource, frozen=True):
    """How many requests may pass, and how many more after each interval."""

    max_tokens: int = 0
    tokens_per_fill: int = 1
    fill_interval: str = ""


class DescriptorEntry(Resource, frozen=True):
    """A key and its value; without one any value fits."""

    key: str = ""
    value: str = ""


class LocalRateLimitDescriptor(Resource, frozen=True):
    """A bucket of its own for the requests with a descriptor."""

    inert = frozenset({"shadow_mode"})

    entries: tuple[DescriptorEntry, ...] = ()
    token_bucket: TokenBucket = TokenBucket()


class HttpStatus(Resource, frozen=True):
    """`envoy.type.v3.HttpStatus`: a code, by its number or by its name."""

    code: int | str = 0


@extension(f"{_HTTP}.local_ratelimit.v3.LocalRateLimit", name="envoy.filters.http.local_ratelimit")
class LocalRateLimit(Resource, frozen=True):
    """`envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`, of filter and routes."""

    inert = frozenset({
        "response_headers_to_add", "enable_x_ratelimit_headers",
        "local_rate_limit_per_downstream_connection", "local_cluster_rate_limit",
        "rate_limited_as_resource_exhausted", "max_dynamic_descriptors", "status",
        "request_headers_to_add_when_not_enforced",
    })  # fmt: skip

    stat_prefix: str = ""
    token_bucket: TokenBucket | None = None
    filter_enabled: RuntimeFractionalPercent | None = None
    filter_enforced: RuntimeFractionalPercent | None = None
    descriptors: tuple[LocalRateLimitDescriptor, ...] = ()
    stage: int = 0
    vh_rate_limits: str = "OVERRIDE"
    always_consume_default_token_bucket: bool = True
    rate_limits: tuple[RateLimitPolicy, ...] = ()


@extension(
    f"{_HTTP}.ratelimit.v3.RateLimit",
    f"{_OLD}.rate_limit.v2.RateLimit",
    name="envoy.filters.http.ratelimit envoy.rate_limit",
)
class RateLimit(Resource, frozen=True):
    """`envoy.extensions.filters.http.ratelimit.v3.RateLimit`: asks a rate limit service."""

    inert = frozenset({
        "timeout", "failure_mode_deny", "rate_limited_as_resource_exhausted",
        "rate_limit_service", "enable_x_ratelimit_headers", "disable_x_envoy_ratelimited_header",
        "rate_limited_status", "response_headers_to_add", "status_on_error", "stat_prefix",
        "filter_enabled", "filter_enforced", "failure_mode_deny_percent",
    })  # fmt: skip

    domain: str = ""
    stage: int = 0
    request_type: str = ""
    rate_limits: tuple[RateLimitPolicy, ...] = ()


@extension(f"{_HTTP}.ratelimit.v3.RateLimitPerRoute")
class RateLimitPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute`."""

    inert = frozenset({"override_option", "domain"})

    vh_rate_limits: str = "OVERRIDE"
    rate_limits: tuple[RateLimitPolicy, ...] = ()


@extension(f"{_HTTP}.rate_limit_quota.v3.RateLimitQuotaFilterConfig")
class RateLimitQuota(Opaque, frozen=True):
    """`envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig`."""


@extension(
    f"{_HTTP}.adaptive_concurrency.v3.AdaptiveConcurrency",
    name="envoy.filters.http.adaptive_concurrency",
)
class AdaptiveConcurrency(Opaque, frozen=True):
    """`envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency`."""


@extension(
    f"{_HTTP}.admission_control.v3.AdmissionControl", name="envoy.filters.http.admission_control"
)
class AdmissionControl(Opaque, frozen=True):
    """`envoy.extensions.filters.http.admission_control.v3.AdmissionControl`."""
