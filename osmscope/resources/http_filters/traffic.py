"""Filters that look at a request and may answer it: CORS, CSRF, faults, health checks, loops."""

from osmscope.resources.extension import extension
from osmscope.resources.load_balancing import Percent
from osmscope.resources.matcher import (
    FractionalPercent,
    HeaderMatcher,
    RuntimeFractionalPercent,
    StringMatcher,
    TypedExtensionConfig,
)
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import CorsPolicyRoute

_HTTP = "envoy.extensions.filters.http"
_OLD = "envoy.config.filter.http"


@extension(f"{_HTTP}.cors.v3.Cors", name="envoy.filters.http.cors envoy.cors")
class Cors(Opaque, frozen=True):
    """`envoy.extensions.filters.http.cors.v3.Cors`: all policies stand at the routes."""


@extension(f"{_HTTP}.cors.v3.CorsPolicy")
class CorsPolicy(CorsPolicyRoute, frozen=True):
    """`envoy.extensions.filters.http.cors.v3.CorsPolicy`."""


class FaultDelay(Resource, frozen=True):
    """How long requests are held up, and how many of them."""

    inert = frozenset({"type"})

    fixed_delay: str | None = None
    header_delay: Opaque | None = None
    percentage: FractionalPercent = FractionalPercent()


class FaultAbort(Resource, frozen=True):
    """What requests are answered with, and how many of them."""

    http_status: int | None = None
    grpc_status: int | None = None
    header_abort: Opaque | None = None
    percentage: FractionalPercent = FractionalPercent()


@extension(
    f"{_HTTP}.fault.v3.HTTPFault",
    f"{_OLD}.fault.v2.HTTPFault",
    name="envoy.filters.http.fault envoy.fault",
)
class HttpFault(Resource, frozen=True):
    """`envoy.extensions.filters.http.fault.v3.HTTPFault`."""

    inert = frozenset({
        "response_rate_limit", "response_rate_limit_percent_runtime", "filter_metadata",
        "disable_downstream_cluster_stats",
    })  # fmt: skip

    delay: FaultDelay | None = None
    abort: FaultAbort | None = None
    upstream_cluster: str = ""
    headers: tuple[HeaderMatcher, ...] = ()
    downstream_nodes: tuple[str, ...] = ()
    max_active_faults: int | None = None
    delay_percent_runtime: str = ""
    abort_percent_runtime: str = ""
    delay_duration_runtime: str = ""
    abort_http_status_runtime: str = ""
    max_active_faults_runtime: str = ""
    abort_grpc_status_runtime: str = ""


@extension(
    f"{_HTTP}.health_check.v3.HealthCheck",
    f"{_OLD}.health_check.v2.HealthCheck",
    name="envoy.filters.http.health_check envoy.health_check",
)
class HealthCheck(Resource, frozen=True):
    """`envoy.extensions.filters.http.health_check.v3.HealthCheck`."""

    pass_through_mode: bool | None = None
    cache_time: str | None = None
    cluster_min_healthy_percentages: dict[str, Percent] = {}
    headers: tuple[HeaderMatcher, ...] = ()


@extension(
    f"{_HTTP}.csrf.v3.CsrfPolicy",
    f"{_OLD}.csrf.v2.CsrfPolicy",
    name="envoy.filters.http.csrf envoy.csrf",
)
class CsrfPolicy(Resource, frozen=True):
    """`envoy.extensions.filters.http.csrf.v3.CsrfPolicy`, of the filter and of routes."""

    inert = frozenset({"shadow_enabled"})

    filter_enabled: RuntimeFractionalPercent | None = None
    additional_origins: tuple[StringMatcher, ...] = ()


@extension(f"{_HTTP}.cdn_loop.v3.CdnLoopConfig", name="envoy.filters.http.cdn_loop")
class CdnLoop(Resource, frozen=True):
    """`envoy.extensions.filters.http.cdn_loop.v3.CdnLoopConfig`."""

    cdn_id: str = ""
    max_allowed_occurrences: int = 0


@extension(
    f"{_HTTP}.buffer.v3.Buffer",
    f"{_OLD}.buffer.v2.Buffer",
    name="envoy.filters.http.buffer envoy.buffer",
)
class Buffer(Resource, frozen=True):
    """`envoy.extensions.filters.http.buffer.v3.Buffer`."""

    max_request_bytes: int | None = None


@extension(f"{_HTTP}.buffer.v3.BufferPerRoute", f"{_OLD}.buffer.v2.BufferPerRoute")
class BufferPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.buffer.v3.BufferPerRoute`."""

    disabled: bool = False
    buffer: Buffer | None = None


class SessionCookie(Resource, frozen=True):
    """The cookie that holds a session."""

    inert = frozenset({"ttl", "attributes"})

    name: str = ""
    path: str = ""


@extension("envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState")
class CookieSession(Resource, frozen=True):
    """`envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState`."""

    cookie: SessionCookie = SessionCookie()


@extension("envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState")
class HeaderSession(Resource, frozen=True):
    """`envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState`."""

    name: str = ""


@extension(
    f"{_HTTP}.stateful_session.v3.StatefulSession", name="envoy.filters.http.stateful_session"
)
class StatefulSession(Resource, frozen=True):
    """`envoy.extensions.filters.http.stateful_session.v3.StatefulSession`."""

    session_state: TypedExtensionConfig | None = None
    strict: bool = False
    stat_prefix: str = ""


@extension(f"{_HTTP}.stateful_session.v3.StatefulSessionPerRoute")
class StatefulSessionPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute`."""

    disabled: bool = False
    stateful_session: StatefulSession | None = None
