"""Filters that hold requests back when there are too many."""

import msgspec

from osmscope.resources.extension import extension
from osmscope.resources.matcher import RuntimeFractionalPercent
from osmscope.resources.resource import Opaque, Resource

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(f"{_HTTP}.local_ratelimit.v3.LocalRateLimit", name="envoy.filters.http.local_ratelimit")
class LocalRateLimit(Resource, frozen=True):
    """`envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`, of filter and routes."""

    inert = frozenset({
        "stat_prefix", "response_headers_to_add", "stage", "enable_x_ratelimit_headers",
        "local_rate_limit_per_downstream_connection", "local_cluster_rate_limit", "vh_rate_limits",
        "always_consume_default_token_bucket", "rate_limited_as_resource_exhausted", "rate_limits",
        "max_dynamic_descriptors", "request_headers_to_add_when_not_enforced", "status",
    })  # fmt: skip

    token_bucket: Opaque | None = None
    filter_enabled: RuntimeFractionalPercent | None = None
    filter_enforced: RuntimeFractionalPercent | None = None
    descriptors: tuple[msgspec.Raw, ...] = ()


@extension(
    f"{_HTTP}.ratelimit.v3.RateLimit",
    f"{_OLD}.rate_limit.v2.RateLimit",
    name="envoy.filters.http.ratelimit envoy.rate_limit",
)
class RateLimit(Opaque, frozen=True):
    """`envoy.extensions.filters.http.ratelimit.v3.RateLimit`: asks a rate limit service."""


@extension(f"{_HTTP}.ratelimit.v3.RateLimitPerRoute")
class RateLimitPerRoute(Opaque, frozen=True):
    """`envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute`."""


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
