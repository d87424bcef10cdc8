"""The HTTP filter `envoy.filters.http.set_filter_state`.

What Envoy does: it makes objects of format strings, those of its own configuration first, then
those of the per-route configurations, the most general first; a later one of the same key takes
the earlier one's place. What is absent is `-` in the text; with `skip_if_empty` an empty text
leaves no object. With `clear_route_cache` the route is looked up again.
Checked against Envoy 1.40.0. Not modelled: objects of factories other than text, which are
unknown to the rules that read them.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.gateway import FilterStateValue, SetFilterState
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.substitution_format import FormatContext, format_text

_TEXT = frozenset({"envoy.string", "envoy.hashable_string", "envoy.tcp_proxy.cluster"})


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the filter."""
    own = context.own_config
    if not isinstance(own, SetFilterState):
        return goes_on(request)
    configs = [own, *(level for level in context.levels if isinstance(level, SetFilterState))]
    state = dict(request.filter_state)
    unread: list[str] = []
    for config in configs:
        for value in config.on_request_headers:
            text = _text(value, request, context)
            if text is None:
                state.pop(value.object_key, None)
                unread.append(value.object_key)
            elif text or not value.skip_if_empty:
                state[value.object_key] = text
    opaque_filters = request.opaque_filters
    if unread:
        opaque_filters = (*opaque_filters, context.filter_name)
    changed = msgspec.structs.replace(request, filter_state=state, opaque_filters=opaque_filters)
    names = ", ".join(f'"{key}"' for key in dict.fromkeys((*state, *unread)))
    return (
        FilterResult(
            request=changed,
            clears_route_cache=any(config.clear_route_cache for config in configs),
            assumptions=tuple(
                f'no rule reads the filter state "{key}", which is not text' for key in unread
            ),
            reason=f"the filter state holds {names}" if names else "",
        ),
    )


def _text(value: FilterStateValue, request: Request, context: FilterContext) -> str | None:
    """Return the text of an object; None where it is not known or the object is no text."""
    template = value.format_string.template
    if template is None or (value.factory_key or value.object_key) not in _TEXT:
        return None
    route_name = context.route.name if context.route is not None else ""
    facts = FormatContext(request=request, route_name=route_name, cluster=context.cluster or "")
    formatted = format_text(template, facts, absent="-")
    return formatted.text if formatted.complete else None
