"""External authorization.

What Envoy does: it asks a service about every request that has a route, unless the filter is off
for it, not drawn by `filter_enabled`, or not wanted by `filter_enabled_metadata`; then, with
`deny_at_disable`, the request is denied unasked. A service without a cluster or an endpoint is an
error: 403, or `status_on_error`, unless `failure_mode_allow`.
Checked against Envoy 1.40.0. Not modelled: what the service says; it is taken to allow the request.
"""

from __future__ import annotations

import http

import msgspec

from osmscope.resources.http_filters.authentication import (
    AuthorizationGrpcService,
    AuthorizationHttpService,
    ExtAuthz,
    ExtAuthzCheckSettings,
    ExtAuthzPerRoute,
)
from osmscope.resources.http_filters.limits import HttpStatus
from osmscope.resources.matcher import RuntimeFeatureFlag
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, assumed, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.metadata import match_metadata
from osmscope.rules.runtime_fraction import probability

_FORBIDDEN = 403
_ALLOWED = "x-envoy-auth-failure-mode-allowed"
_NAMES = {status.name.replace("_", "").lower(): status.value for status in http.HTTPStatus}


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the external authorization filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    own = context.own_config
    if not isinstance(own, ExtAuthz):
        return goes_on(request)
    per_route = context.config if isinstance(context.config, ExtAuthzPerRoute) else None
    if per_route is not None and per_route.disabled:
        return goes_on(request, "disabled by its per-route configuration", "disabled")
    if context.route is None:
        return goes_on(request, "without a route the authorization service is not asked")
    metadata = own.filter_enabled_metadata
    if metadata is not None:
        match = match_metadata(metadata, request.metadata, request.opaque_filters)
        if match.is_unknown:
            words = (
                f"{_service(context)} lets the request go on unchanged ({match.missing} decides)"
            )
            return assumed(_marked(request, context), words)
        if not match.is_match:
            return _unasked(own, request, f"it is not wanted: {match.reason}")
    share = 1.0
    if own.filter_enabled is not None:
        share = float(probability(own.filter_enabled, request.runtime))
    if share == 0:
        return _unasked(own, request, "filter_enabled is 0 %")
    asked = _asked(own, per_route, request, context)
    if share == 1:
        return asked
    off = _unasked(own, request, "filter_enabled does not draw it")
    return (_weighted(asked[0], share), _weighted(off[0], 1 - share))


def _weighted(result: FilterResult, share: float) -> FilterResult:
    return msgspec.structs.replace(result, probability=share)


def _unasked(own: ExtAuthz, request: Request, reason: str) -> tuple[FilterResult, ...]:
    if not _is_on(own.deny_at_disable, request):
        return goes_on(request, f"the authorization service is not asked: {reason}")
    words = f"denied without being asked (deny_at_disable): {reason}"
    return answered(request, _error(own, words), "deny_at_disable")


def _is_on(flag: RuntimeFeatureFlag | None, request: Request) -> bool:
    if flag is None:
        return False
    value = request.runtime.get(flag.runtime_key, flag.default_value)
    return value in (True, "true", 1)


def _asked(
    own: ExtAuthz, per_route: ExtAuthzPerRoute | None, request: Request, context: FilterContext
) -> tuple[FilterResult, ...]:
    settings = per_route.check_settings if per_route is not None else None
    cluster = _cluster(own, settings or ExtAuthzCheckSettings())
    health = context.cluster_health(cluster) if cluster else (1, 1)
    if health is None or health[1] == 0:
        missing = "does not exist" if health is None else "has no endpoints"
        words = f'the authorization service\'s cluster "{cluster}" {missing}'
        if not own.failure_mode_allow:
            return answered(request, _error(own, words), "failure_mode_allow")
        if own.failure_mode_allow_header_add:
            request = request.with_headers(request.headers.set(_ALLOWED, "true"))
        return goes_on(request, f"{words}, which failure_mode_allow allows", "failure_mode_allow")
    words = f"{_service(context)} lets the request go on unchanged"
    return assumed(_marked(request, context), words)


def _service(context: FilterContext) -> str:
    return f'the external authorization service of "{context.filter_name}"'


def _cluster(own: ExtAuthz, settings: ExtAuthzCheckSettings) -> str:
    """Return the cluster of the service; "" where it is reached without one."""
    service: AuthorizationGrpcService | AuthorizationHttpService | None
    service = settings.grpc_service or settings.http_service
    service = service or own.grpc_service or own.http_service
    if isinstance(service, AuthorizationHttpService):
        return service.server_uri.cluster
    return service.envoy_grpc.cluster_name if service is not None and service.envoy_grpc else ""


def _error(own: ExtAuthz, reason: str) -> LocalReply:
    code = _code(own.status_on_error) if own.status_on_error is not None else _FORBIDDEN
    return LocalReply(code=code, flags=("UAEX",), details="ext_authz_error", reason=reason)


def _code(status: HttpStatus) -> int:
    if isinstance(status.code, int):
        return status.code or _FORBIDDEN
    return _NAMES.get(status.code.lower(), _FORBIDDEN)


def _marked(request: Request, context: FilterContext) -> Request:
    marked = (*request.opaque_filters, context.filter_name)
    return msgspec.structs.replace(request, opaque_filters=marked)
