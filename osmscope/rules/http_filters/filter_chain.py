"""The HTTP filter `envoy.filters.http.filter_chain`, which holds other filters.

What Envoy does: it runs the filters of its own chain, then those of the chains that the table, the
virtual host and the route have for it; a filter takes the place of an earlier one of its name, and
runs where it stands itself. Per-route configurations of them stand under their own names, but none
disables them.
Checked against Envoy 1.40.0. Not modelled: per-route configurations that stand at a weighted
cluster; the whole filter is an extension of 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.router import (
    FilterChainConfig,
    FilterChainPerRoute,
    HeldFilters,
)
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
        chains = list(_chains(context))
        if not chains:
            return goes_on(request)
        held: dict[str, TypedExtensionConfig] = {}
        for one in (one for chain in chains for one in chain.filters):
            held.pop(one.name, None)
            held[one.name] = one
        return run_in_order((_step(one, context, rule_of) for one in held.values()), request)

    return rule


def _chains(context: FilterContext) -> Iterator[HeldFilters]:
    own = context.own_config
    if isinstance(own, FilterChainConfig) and own.default_filter_chain is not None:
        yield own.default_filter_chain
    for level in context.levels:
        if isinstance(level, FilterChainPerRoute) and level.filter_chain is not None:
            yield level.filter_chain


def _step(config: TypedExtensionConfig, context: FilterContext, rule_of: RuleOf) -> Step:
    inner = decode_extension(config)
    places = (context.route, context.virtual_host, context.route_configuration)
    # Without a route there is no configuration of its virtual host or table either.
    levels = [
        place.typed_per_filter_config
        for place in places
        if place is not None and context.route is not None
    ]
    resolved = per_filter_config.resolve(HttpFilter(name=config.name), inner, levels)
    own = msgspec.structs.replace(
        context,
        filter_name=config.name,
        config=resolved.config,
        own_config=inner,
        levels=resolved.levels,
    )
    return lambda request: rule_of(inner)(request, own)
