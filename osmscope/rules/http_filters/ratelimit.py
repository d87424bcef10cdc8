"""Global rate limits.

What Envoy does: it asks the service about the request's descriptors; without any, without a route,
or for the other kind of request where `request_type` names internal or external ones, it does not
ask. What is over the limit is answered with 429.
Checked against Envoy 1.40.0. Not modelled: what the service says; it is taken to allow the request.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.limits import RateLimit, RateLimitPerRoute
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on
from osmscope.rules.rate_limit_descriptors import descriptors_of, policies_of, text_of


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the rate limit filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    own = context.own_config
    if not isinstance(own, RateLimit):
        return goes_on(request)
    if context.route is None:
        return goes_on(request, "without a route the rate limit service is not asked")
    kind = "internal" if request.internal else "external"
    if own.request_type not in ("", "both", kind):
        words = f"the rate limit is for {own.request_type} requests only"
        return goes_on(request, words, "request_type")
    per_route = context.config
    per_route = per_route if isinstance(per_route, RateLimitPerRoute) else RateLimitPerRoute()
    policies = policies_of(
        per_route.rate_limits or own.rate_limits, per_route.vh_rate_limits, context
    )
    found = descriptors_of(policies, own.stage, request, context)
    if not found.listed and not found.missing:
        return goes_on(
            request, "the request has no descriptor: the rate limit service is not asked"
        )
    named = [text_of(descriptor) for descriptor in found.listed]
    named += [f"a descriptor with {noun}, which is not known" for noun in found.missing]
    words = (
        f'the rate limit service of "{context.filter_name}" allows {" and ".join(named)}'
        " (else: 429 RL)"
    )
    marked = (*request.opaque_filters, context.filter_name)
    return assumed(msgspec.structs.replace(request, opaque_filters=marked), words)
