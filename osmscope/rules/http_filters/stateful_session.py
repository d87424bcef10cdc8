"""Sticky sessions.

What Envoy does: a cookie or header that names an endpoint overrides load balancing, as long as
that endpoint is healthy.
Checked against Envoy 1.40.0. Not modelled: the override, which is assumed not to happen where the
request carries a session.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.traffic import StatefulSession, StatefulSessionPerRoute
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on


class _Cookie(msgspec.Struct, frozen=True):
    name: str = ""


class _State(msgspec.Struct, frozen=True):
    """The typed configuration of either kind of session state."""

    cookie: _Cookie = _Cookie()
    name: str = ""


class _SessionState(msgspec.Struct, frozen=True):
    typed_config: _State = _State()


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the stateful session filter."""
    config = context.config
    if isinstance(config, StatefulSessionPerRoute):
        if config.disabled or config.stateful_session is None:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        config = config.stateful_session
    if not isinstance(config, StatefulSession) or config.session_state is None:
        return goes_on(request)
    state = msgspec.json.decode(config.session_state, type=_SessionState).typed_config
    by_cookie = bool(state.cookie.name) and cookie(request.headers, state.cookie.name) is not None
    if by_cookie or (state.name and state.name in request.headers):
        return assumed(request, "the session of the request names no endpoint that is healthy")
    return goes_on(request, "the request carries no session")
