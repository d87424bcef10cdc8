"""Filters that a matcher may skip or choose.

What Envoy does: the matcher, that of the route where it has one, is put to the request as it is
then. Its action skips the wrapped filter, or runs another in the place of a composite one; without
an action the wrapped filter runs, as does a composite one that has a matcher of its own.
Checked against Envoy 1.40.0. Not modelled: matchers of before 2021.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.router import (
    Composite,
    ExtensionWithMatcher,
    ExtensionWithMatcherPerRoute,
)
from osmscope.rules import matcher_tree
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.execute_filter import RuleOf, follow_action, run_inner
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.matcher_input import MatcherInputs


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
            return run_inner(own.extension_config, request, context, rule_of)
        inputs = MatcherInputs(connection=request.connection, request=request)
        found = matcher_tree.evaluate(matcher, inputs)
        if found.missing:
            words = (
                f'the matcher of "{context.filter_name}" skips nothing ({found.missing} decides)'
            )
            results = run_inner(own.extension_config, request, context, rule_of)
            return tuple(
                msgspec.structs.replace(one, assumptions=(words, *one.assumptions))
                for one in results
            )
        if found.action is None or _chooses(own):
            return run_inner(own.extension_config, request, context, rule_of)
        inner = decode_extension(own.extension_config)
        named = inner.named_filter_chains if isinstance(inner, Composite) else {}
        action = decode_extension(found.action)
        return follow_action(action, request, context, rule_of, named)

    return rule


def _chooses(own: ExtensionWithMatcher) -> bool:
    inner = decode_extension(own.extension_config)
    return isinstance(inner, Composite) and inner.matcher is not None
