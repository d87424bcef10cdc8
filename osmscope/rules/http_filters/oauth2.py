"""OAuth2 sessions.

What Envoy does: a request that fits one of `pass_through_matcher` goes on as it is; every other one
needs a session, or is sent to the authorization server.
Checked against Envoy 1.40.0. Not modelled: sessions; every request is taken to have one.
"""

from __future__ import annotations

from osmscope.resources.http_filters.authentication import OAuth2, OAuth2Config
from osmscope.rules.facts import Request
from osmscope.rules.header import match_header
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on

_has_session = opaque.named("the OAuth2 session")


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the OAuth2 filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    own = context.own_config
    config = own.config if isinstance(own, OAuth2) else None
    for matcher in (config or OAuth2Config()).pass_through_matcher:
        match = match_header(matcher, request.headers)
        if match.is_match:
            return goes_on(request, f"it needs no session: {match.reason}", "pass_through_matcher")
    return _has_session(request, context)
