"""The HTTP filter `envoy.filters.http.filter_chain`, which holds other filters.

What Envoy does: it runs the filters of the route's chain where that has one, else those of its own
chain, in order; per-route configurations of those filters stand under their own names.
Checked against Envoy 1.40.0. Not modelled: per-route configurations that stand at a weighted
cluster; the whole filter is an extension of 2026.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.router import FilterChainConfig, FilterChainPerRoute
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.rules import per_filter_config
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.execute_filter import RuleOf, Step, run_in_order
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import goes_on


def running(rule_of: RuleOf) -> HttpFilterRule:
    """Make the rule of the filter.

    Args:
        rule_of: Finds the rules of the filters that it holds.
    """

    def rule(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
        own, per_route = context.own_config, context.config
        chain = own.default_filter_chain if isinstance(own, FilterChainConfig) else None
        if isinstance(per_route, FilterChainPerRoute):
            chain = per_route.filter_chain
        if chain is None:
            return goes_on(request)
        return run_in_order((_step(one, context, rule_of) for one in chain.filters), request)

    return rule


def _step(config: TypedExtensionConfig, context: FilterContext, rule_of: RuleOf) -> Step:
    inner = decode_extension(config)
    places = (context.route, context.virtual_host, context.route_configuration)
    levels = [place.typed_per_filter_config for place in places if place is not None]
    resolved = per_filter_config.resolve(HttpFilter(name=config.name), inner, levels)
    if not resolved.enabled:
        return goes_on
    own = msgspec.structs.replace(
        context,
        filter_name=config.name,
        config=resolved.config,
        own_config=inner,
        levels=resolved.levels,
    )
    return lambda request: rule_of(inner)(request, own)
