"""Cross-site request forgery.

What Envoy does: POST, PUT, DELETE and PATCH have to come from the host they go to: the host and
port of `origin`, else of `referer`, have to equal the authority's or fit `additional_origins`; if
not, the answer is 403.
Checked against Envoy 1.40.0. Not modelled: the shadow mode, which only counts.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.traffic import CsrfPolicy
from osmscope.rules.absolute_url import host_and_port
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_fraction import probability
from osmscope.rules.string_matcher import match_string

_MODIFYING = frozenset({"POST", "PUT", "DELETE", "PATCH"})


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the CSRF filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    policy = context.config
    if request.method not in _MODIFYING or not isinstance(policy, CsrfPolicy):
        return goes_on(request)
    enabled = policy.filter_enabled
    share = float(probability(enabled, request.runtime)) if enabled is not None else 0.0
    if share == 0:
        return goes_on(request, "the CSRF policy is switched off", "filter_enabled")
    reason = _violation(policy, request)
    if not reason:
        return goes_on(request, "the origin is one of the target's own", "additional_origins")
    reply = LocalReply(code=403, details="csrf_origin_mismatch", reason=reason)
    denied = answered(request, reply, "additional_origins")
    if share == 1:
        return denied
    off = FilterResult(request=request, probability=1 - share, reason="CSRF is not drawn")
    return (msgspec.structs.replace(denied[0], probability=share), off)


def _violation(policy: CsrfPolicy, request: Request) -> str:
    headers = request.headers
    origin = headers.first("origin")
    # A browser that hides the origin says "null", which is none.
    origin = None if origin == "null" else origin
    source = host_and_port(origin or headers.first("referer") or "")
    if not source:
        return "the request names neither origin nor referer"
    target = host_and_port(f"{headers.first(':scheme')}://{request.host}")
    if source == target:
        return ""
    for matcher in policy.additional_origins:
        if match_string(matcher, source, "origin").is_match:
            return ""
    return f'the origin "{source}" is not "{target}" nor one of additional_origins'
