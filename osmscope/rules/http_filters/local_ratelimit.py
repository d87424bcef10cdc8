"""Local rate limits.

What Envoy does: where the limit is enabled and enforced, both never by default, a request takes a
token from the bucket of each of its descriptors that the configuration names, the one without a
value standing for all others, and from the filter's own bucket unless a descriptor fits and
`always_consume_default_token_bucket` is off. Without a token the answer is 429.
Checked against Envoy 1.40.0. Not modelled: how many tokens are left; one is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.resources.http_filters.limits import (
    LocalRateLimit,
    LocalRateLimitDescriptor,
    TokenBucket,
)
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on
from osmscope.rules.rate_limit_descriptors import (
    Descriptor,
    Descriptors,
    descriptors_of,
    policies_of,
    text_of,
)
from osmscope.rules.runtime_fraction import probability


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the local rate limit filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    config = context.config
    if not isinstance(config, LocalRateLimit):
        return goes_on(request)
    if config.token_bucket is None and not config.descriptors:
        return goes_on(request, "the local rate limit has no bucket", "token_bucket")
    for name in ("filter_enabled", "filter_enforced"):
        fraction = getattr(config, name)
        if fraction is None or probability(fraction, request.runtime) == 0:
            return goes_on(request, f"{name} of the local rate limit is 0 %", name)
    policies = policies_of(config.rate_limits, config.vh_rate_limits, context)
    stage = None if config.rate_limits else config.stage
    found = descriptors_of(policies, stage, request, context)
    buckets = list(_buckets(config, found))
    if not buckets:
        return goes_on(request, "none of the request's descriptors has a bucket", "descriptors")
    unknown = "".join(f", {noun} is not known" for noun in found.missing)
    words = (
        f'the local rate limit "{context.filter_name}" has a token left in '
        f"{' and in '.join(buckets)}{unknown} (else: 429 RL)"
    )
    return assumed(request, words)


def _buckets(config: LocalRateLimit, found: Descriptors) -> Iterator[str]:
    fitting = [_bucket_of(config, descriptor) for descriptor in found.listed]
    buckets = [bucket for bucket in fitting if bucket]
    yield from buckets
    if found.missing:
        yield "the bucket of a descriptor"
    if config.token_bucket is not None and (
        config.always_consume_default_token_bucket or not buckets
    ):
        yield f"its own bucket ({_text(config.token_bucket)})"


def _bucket_of(config: LocalRateLimit, descriptor: Descriptor) -> str:
    exact = any_value = None
    for one in config.descriptors:
        if _names(one) == descriptor:
            exact = exact or one
        elif _fits(one, descriptor):
            any_value = any_value or one
    chosen = exact or any_value
    if chosen is None:
        return ""
    return f"the bucket of {text_of(descriptor)} ({_text(chosen.token_bucket)})"


def _names(config: LocalRateLimitDescriptor) -> Descriptor:
    return tuple((entry.key, entry.value) for entry in config.entries)


def _fits(config: LocalRateLimitDescriptor, descriptor: Descriptor) -> bool:
    if len(config.entries) != len(descriptor):
        return False
    return all(
        entry.key == key and entry.value in ("", value)
        for entry, (key, value) in zip(config.entries, descriptor, strict=True)
    )


def _text(bucket: TokenBucket) -> str:
    return f"{bucket.max_tokens} tokens, {bucket.tokens_per_fill} more every {bucket.fill_interval}"
