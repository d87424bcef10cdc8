"""CORS: preflight requests.

What Envoy does: where the route forwards, the policies of the route and the virtual host are
asked, the most specific first: the first that says something of a matter decides it. A preflight
(OPTIONS with `origin` and `access-control-request-method`) from an allowed origin is answered with
200; from another it goes on, unless `forward_not_matching_preflights` is false. Other requests go
on. Policies in `typed_per_filter_config` come before the `cors` fields of before 2022.
Checked against Envoy 1.40.0. Not modelled: the headers added to responses.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from osmscope.resources.http_filters.traffic import CorsPolicy
from osmscope.resources.matcher import StringMatcher
from osmscope.resources.route import CorsPolicyRoute
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_fraction import probability
from osmscope.rules.string_matcher import match_string

_WILDCARD = "*"


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the CORS filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    if not _is_preflight(request):
        return goes_on(request)
    policies = _policies(context)
    if not policies:
        return goes_on(request, "no CORS policy on the route")
    enabled = policies[0].filter_enabled
    share = float(probability(enabled, request.runtime)) if enabled is not None else 1.0
    if share == 0:
        return goes_on(request, "the CORS policy is switched off", "filter_enabled")
    results = _on_preflight(request, policies)
    if share == 1 or results[0].reply is None:
        return results
    off = FilterResult(request=request, probability=1 - share, reason="CORS is not drawn")
    return (msgspec.structs.replace(results[0], probability=share), off)


def _is_preflight(request: Request) -> bool:
    headers = request.headers
    return bool(
        request.method == "OPTIONS"
        and headers.first("origin")
        and headers.first("access-control-request-method")
    )


def _policies(context: FilterContext) -> Sequence[CorsPolicyRoute]:
    """List the policies that count, the most specific first."""
    if context.route is None or context.route.route is None:
        return ()
    typed = [level for level in reversed(context.levels) if isinstance(level, CorsPolicy)]
    if typed:
        return typed
    host = context.virtual_host
    legacy = (context.route.route.cors, host.cors if host is not None else None)
    return [policy for policy in legacy if policy is not None]


def _on_preflight(
    request: Request, policies: Sequence[CorsPolicyRoute]
) -> tuple[FilterResult, ...]:
    origin = request.headers.first("origin") or ""
    if _is_allowed(origin, policies):
        words = f'a preflight of the allowed origin "{origin}" is answered'
        return answered(request, _reply(words), "allow_origin_string_match")
    words = f'the origin "{origin}" is not allowed'
    forwards = next(
        (
            policy.forward_not_matching_preflights
            for policy in policies
            if policy.forward_not_matching_preflights is not None
        ),
        True,
    )
    if forwards:
        return goes_on(request, f"{words}: the preflight is forwarded")
    return answered(request, _reply(words), "forward_not_matching_preflights")


def _is_allowed(origin: str, policies: Sequence[CorsPolicyRoute]) -> bool:
    for policy in policies:
        matchers = policy.allow_origin_string_match + tuple(
            StringMatcher(exact=name) for name in policy.allow_origin
        )
        if matchers:
            # A matcher that fits a literal "*" allows every origin.
            return any(
                match_string(matcher, text, "origin").is_match
                for matcher in matchers
                for text in (_WILDCARD, origin)
            )
    return False


def _reply(reason: str) -> LocalReply:
    return LocalReply(code=200, details="cors_response", reason=reason)
