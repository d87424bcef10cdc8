"""Sticky sessions.

What Envoy does: a cookie or header that names an endpoint overrides load balancing, as long as
that endpoint may be taken; if it may not, a strict session fails and any other is balanced. Of
several such filters the last one whose session the request has counts.
Checked against Envoy 1.40.0. Not modelled: envelopes, and the session that the response begins.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.traffic import StatefulSession, StatefulSessionPerRoute
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.session_address import session_address


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the stateful session filter."""
    config = context.config
    if isinstance(config, StatefulSessionPerRoute):
        if config.disabled or config.stateful_session is None:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        config = config.stateful_session
    if not isinstance(config, StatefulSession) or config.session_state is None:
        return goes_on(request)
    found = session_address(decode_extension(config.session_state), request)
    if found.address:
        request = msgspec.structs.replace(
            request, session_host=found.address, session_is_strict=config.strict
        )
        reason = f"{found.reason} asks for {found.address}"
    else:
        reason = found.reason or "the request has no session"
    assumptions = (found.assumption,) if found.assumption else ()
    return (FilterResult(request=request, reason=reason, assumptions=assumptions),)
