"""The HTTP filter `envoy.filters.http.set_filter_state`.

What Envoy does: it makes the objects of its own configuration first, then those of the per-route
configurations, the most general first. With `clear_route_cache` the route is looked up again.
Checked against Envoy 1.40.0. Not modelled: what `filter_state_value` does not.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.gateway import SetFilterState
from osmscope.rules.facts import Request
from osmscope.rules.filter_state_value import set_objects
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.substitution_format import FormatContext


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the filter."""
    own = context.own_config
    if not isinstance(own, SetFilterState):
        return goes_on(request)
    configs = [own, *(level for level in context.levels if isinstance(level, SetFilterState))]
    route_name = context.route.name if context.route is not None else ""
    facts = FormatContext(request=request, route_name=route_name, cluster=context.cluster or "")
    change = set_objects((one for config in configs for one in config.on_request_headers), facts)
    names = ", ".join(f'"{key}"' for key in change.state)
    return (
        FilterResult(
            request=msgspec.structs.replace(request, filter_state=change.state),
            clears_route_cache=any(config.clear_route_cache for config in configs),
            assumptions=change.assumptions,
            reason=f"the filter state holds {names}" if names else "",
        ),
    )
