"""Sticky sessions.

What Envoy does: a cookie or header that names an endpoint overrides load balancing, as long as
that endpoint is healthy.
Checked against Envoy 1.40.0. Not modelled: the override, which is assumed not to happen where the
request carries a session.
"""

from __future__ import annotations

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.traffic import (
    CookieSession,
    HeaderSession,
    StatefulSession,
    StatefulSessionPerRoute,
)
from osmscope.resources.resource import Resource
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the stateful session filter."""
    config = context.config
    if isinstance(config, StatefulSessionPerRoute):
        if config.disabled or config.stateful_session is None:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        config = config.stateful_session
    if not isinstance(config, StatefulSession) or config.session_state is None:
        return goes_on(request)
    if not _carries(decode_extension(config.session_state), request):
        return goes_on(request, "the request carries no session")
    return assumed(request, "the session of the request names no endpoint that is healthy")


def _carries(state: Resource, request: Request) -> bool:
    if isinstance(state, CookieSession):
        return cookie(request.headers, state.cookie.name) is not None
    return not isinstance(state, HeaderSession) or state.name in request.headers
