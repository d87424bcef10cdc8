"""Local rate limits.

What Envoy does: where the limit is enabled and enforced, both never by default, a request without
a token left is answered with 429. A configuration without a bucket limits nothing.
Checked against Envoy 1.40.0. Not modelled: how many tokens are left; one is assumed.
"""

from __future__ import annotations

from osmscope.resources.http_filters.limits import LocalRateLimit
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on
from osmscope.rules.runtime_fraction import probability


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the local rate limit filter."""
    config = context.config
    if not isinstance(config, LocalRateLimit):
        return goes_on(request)
    if config.token_bucket is None and not config.descriptors:
        return goes_on(request, "the local rate limit has no bucket", "token_bucket")
    for name in ("filter_enabled", "filter_enforced"):
        fraction = getattr(config, name)
        if fraction is None or probability(fraction, request.runtime) == 0:
            return goes_on(request, f"{name} of the local rate limit is 0 %", name)
    return assumed(request, f'the local rate limit "{context.filter_name}" has a token left')
