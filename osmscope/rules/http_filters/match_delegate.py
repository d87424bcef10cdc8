"""Filters that a matcher may skip or choose.

What Envoy does: the matcher, that of the route where it has one, is put to the request as it is
then. SkipFilter skips the wrapped filter, ExecuteFilterAction runs another in the place of a
composite one, as often as `sample_percent` says; without an action the wrapped filter runs. A
per-route configuration of the inner filter's own stands under the name of the wrapper.
Checked against Envoy 1.40.0. Not modelled: chosen filters that come by ECDS, chosen chains of
filters, and matchers of before 2021.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.router import (
    ExecuteFilterAction,
    ExtensionWithMatcher,
    ExtensionWithMatcherPerRoute,
    SkipFilter,
)
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource
from osmscope.rules import matcher_tree
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.runtime_fraction import probability

RuleOf = Callable[[Resource], HttpFilterRule]


def delegating(rule_of: RuleOf) -> HttpFilterRule:
    """Make the rule of the wrapper.

    Args:
        rule_of: Finds the rule of the filter inside.
    """

    def rule(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
        own = context.own_config
        if not isinstance(own, ExtensionWithMatcher):
            return goes_on(request)
        per_route = context.config
        matcher = own.xds_matcher
        if isinstance(per_route, ExtensionWithMatcherPerRoute):
            matcher = per_route.xds_matcher or matcher
        if matcher is None:
            if own.matcher is not None:
                return opaque.evaluate(request, context)
            return _run(own.extension_config, request, context, rule_of)
        inputs = MatcherInputs(connection=request.connection, request=request)
        found = matcher_tree.evaluate(matcher, inputs)
        if found.missing:
            words = (
                f'the matcher of "{context.filter_name}" skips nothing ({found.missing} decides)'
            )
            results = _run(own.extension_config, request, context, rule_of)
            return tuple(
                msgspec.structs.replace(one, assumptions=(words, *one.assumptions))
                for one in results
            )
        if found.action is None:
            return _run(own.extension_config, request, context, rule_of)
        return _by_action(decode_extension(found.action), request, context, rule_of)

    return rule


def _by_action(
    action: Resource, request: Request, context: FilterContext, rule_of: RuleOf
) -> tuple[FilterResult, ...]:
    if isinstance(action, SkipFilter):
        return goes_on(request, "its matcher skips it", "xds_matcher")
    if not isinstance(action, ExecuteFilterAction) or action.typed_config is None:
        return opaque.evaluate(request, context)
    share = 1.0
    if action.sample_percent is not None:
        share = float(probability(action.sample_percent, request.runtime))
    skipped = goes_on(request, "sample_percent does not draw it", "sample_percent")
    if share == 0:
        return skipped
    results = _run(action.typed_config, request, context, rule_of)
    if share == 1:
        return results
    return (*(_weighted(one, share) for one in results), _weighted(skipped[0], 1 - share))


def _run(
    config: TypedExtensionConfig, request: Request, context: FilterContext, rule_of: RuleOf
) -> tuple[FilterResult, ...]:
    inner = decode_extension(config)
    per_route = context.config
    if isinstance(per_route, ExtensionWithMatcher | ExtensionWithMatcherPerRoute):
        per_route = inner
    return rule_of(inner)(
        request, msgspec.structs.replace(context, config=per_route, own_config=inner)
    )


def _weighted(result: FilterResult, share: float) -> FilterResult:
    return msgspec.structs.replace(result, probability=result.probability * share)
