"""What the action of a matcher makes of a filter that runs others.

What Envoy does: SkipFilter skips, ExecuteFilterAction runs a filter, or several in order, in the
place of the one that asked, as often as `sample_percent` says; a chain may stand in the action or
be named, and an unknown name runs nothing. A per-route configuration of a single filter's own
stands under the name of the one that asked.
Checked against Envoy 1.40.0. Not modelled: filters that come by ECDS (`dynamic_config`), and
per-route configurations of the filters of a chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.router import (
    Composite,
    CompositePerRoute,
    ExecuteFilterAction,
    ExtensionWithMatcher,
    ExtensionWithMatcherPerRoute,
    FilterChainConfiguration,
    SkipFilter,
)
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.runtime_fraction import probability

RuleOf = Callable[[Resource], HttpFilterRule]
"""Finds the rule of a filter by its configuration."""
Step = Callable[[Request], tuple[FilterResult, ...]]
"""What one filter of a chain makes of a request."""
Chains = Mapping[str, FilterChainConfiguration]

OF_THE_OUTER = (
    Composite,
    CompositePerRoute,
    ExtensionWithMatcher,
    ExtensionWithMatcherPerRoute,
)
"""Configurations that are for the filter that asked, not for the one in its place."""


def follow_action(
    action: Resource, request: Request, context: FilterContext, rule_of: RuleOf, named: Chains
) -> tuple[FilterResult, ...]:
    """Do what an action says.

    Args:
        action: The action, decoded.
        request: The request.
        context: The context of the filter that asked.
        rule_of: Finds the rules of other filters.
        named: The chains that an action may name.
    """
    if isinstance(action, SkipFilter):
        return goes_on(request, "its matcher skips it", "xds_matcher")
    if not isinstance(action, ExecuteFilterAction) or action.dynamic_config is not None:
        return opaque.evaluate(request, context)
    chain = action.filter_chain or named.get(action.filter_chain_name)
    if action.typed_config is None and chain is None:
        if not action.filter_chain_name:
            return opaque.evaluate(request, context)
        reason = f'there is no filter chain "{action.filter_chain_name}"'
        return goes_on(request, reason, "filter_chain_name")
    share = 1.0
    if action.sample_percent is not None:
        share = float(probability(action.sample_percent, request.runtime))
    skipped = goes_on(request, "sample_percent does not draw it", "sample_percent")
    if share == 0:
        return skipped
    if action.typed_config is not None:
        results = run_inner(action.typed_config, request, context, rule_of)
    else:
        filters = chain.typed_config if chain is not None else ()
        steps = [_step(config, context, rule_of) for config in filters]
        results = run_in_order(steps, request)
    if share == 1:
        return results
    return (*(_weighted(one, share) for one in results), _weighted(skipped[0], 1 - share))


def run_inner(
    config: TypedExtensionConfig, request: Request, context: FilterContext, rule_of: RuleOf
) -> tuple[FilterResult, ...]:
    """Run a filter in the place of another, whose per-route configuration may be for it."""
    inner = decode_extension(config)
    per_route = context.config
    if isinstance(per_route, OF_THE_OUTER):
        per_route = inner
    return rule_of(inner)(
        request, msgspec.structs.replace(context, config=per_route, own_config=inner)
    )


def run_in_order(steps: Iterable[Step], request: Request) -> tuple[FilterResult, ...]:
    """Run several filters as one: a reply of one ends it."""
    results: tuple[FilterResult, ...] = (FilterResult(request=request),)
    for step in steps:
        results = tuple(joined for one in results for joined in _after(one, step))
    return results


def _after(one: FilterResult, step: Step) -> tuple[FilterResult, ...]:
    if one.reply is not None:
        return (one,)
    return tuple(
        msgspec.structs.replace(
            further,
            probability=one.probability * further.probability,
            clears_route_cache=one.clears_route_cache or further.clears_route_cache,
            flags=(*one.flags, *further.flags),
            assumptions=(*one.assumptions, *further.assumptions),
            reason="; ".join(filter(None, (one.reason, further.reason))),
            consulted=(*one.consulted, *further.consulted),
        )
        for further in step(one.request)
    )


def _step(config: TypedExtensionConfig, context: FilterContext, rule_of: RuleOf) -> Step:
    inner = decode_extension(config)
    own = msgspec.structs.replace(context, config=inner, own_config=inner, levels=())
    return lambda request: rule_of(inner)(request, own)


def _weighted(result: FilterResult, share: float) -> FilterResult:
    return msgspec.structs.replace(result, probability=result.probability * share)
