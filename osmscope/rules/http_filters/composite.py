"""The HTTP filter `envoy.filters.http.composite`.

What Envoy does: its matcher, that of the route where it has one, is put to the request; the action
runs another filter, or several, in its place. Without a matcher or an action it does nothing. The
matcher of a wrapper around it is not its own: see `match_delegate`.
Checked against Envoy 1.40.0. Not modelled: what `execute_filter` does not.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_filters.router import Composite, CompositePerRoute
from osmscope.rules import matcher_tree
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.execute_filter import RuleOf, follow_action
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.matcher_input import MatcherInputs


def choosing(rule_of: RuleOf) -> HttpFilterRule:
    """Make the rule of the filter.

    Args:
        rule_of: Finds the rules of the filters that it runs.
    """

    def rule(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
        own, per_route = context.own_config, context.config
        if not isinstance(own, Composite):
            return goes_on(request)
        matcher = per_route.matcher if isinstance(per_route, CompositePerRoute) else own.matcher
        if matcher is None:
            return goes_on(request)
        inputs = MatcherInputs(connection=request.connection, request=request)
        found = matcher_tree.evaluate(matcher, inputs)
        if found.missing:
            words = f"{found.missing} decides what runs"
            return tuple(
                msgspec.structs.replace(one, assumptions=(*one.assumptions, words))
                for one in opaque.evaluate(request, context)
            )
        if found.action is None:
            return goes_on(request, "its matcher chooses no filter", "matcher")
        action = decode_extension(found.action)
        return follow_action(action, request, context, rule_of, own.named_filter_chains)

    return rule
