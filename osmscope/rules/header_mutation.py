"""Header changes of routes, virtual hosts, route tables and weighted clusters.

What Envoy does: the weighted cluster's changes come first, then the route's, the virtual host's and
the table's, so that the most general wins; with `most_specific_header_mutations_wins` the last
three come in reverse. Within one level all removals come first. Then all values are formatted with
the headers as they are now, the headers that overwrite are set, and the others are added, a second
value of a joined header after a comma. An empty value adds nothing unless `keep_empty_value`.
Checked against Envoy 1.40.0. Not modelled: `append_action` together with the old `append`, which
Envoy refuses; `raw_value`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.resources.route import (
    ClusterWeight,
    HeaderValueOption,
    Route,
    RouteConfiguration,
    VirtualHost,
)
from osmscope.rules.facts import Headers
from osmscope.rules.inline_headers import INLINE, INLINE_RESPONSE, joined
from osmscope.rules.substitution_format import FormatContext, format_text

Level = ClusterWeight | Route | VirtualHost | RouteConfiguration
"""What can change headers."""

_OVERWRITING = ("OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS")


class HeaderMutations(msgspec.Struct, frozen=True):
    """The header changes of one level."""

    to_add: tuple[HeaderValueOption, ...] = ()
    to_remove: tuple[str, ...] = ()


class Mutated(msgspec.Struct, frozen=True):
    """Headers after their changes."""

    headers: Headers
    missing: tuple[str, ...] = ()
    """The format commands that cannot be told; they left nothing in the values."""


def request_mutations(level: Level) -> HeaderMutations:
    """Return what a level changes of requests."""
    return HeaderMutations(level.request_headers_to_add, level.request_headers_to_remove)


def response_mutations(level: Level) -> HeaderMutations:
    """Return what a level changes of responses."""
    return HeaderMutations(level.response_headers_to_add, level.response_headers_to_remove)


def in_order(
    route: Route, virtual_host: VirtualHost, route_configuration: RouteConfiguration
) -> tuple[Level, ...]:
    """Return the levels after the weighted cluster's, in the order of their application."""
    if route_configuration.most_specific_header_mutations_wins:
        return (route_configuration, virtual_host, route)
    return (route, virtual_host, route_configuration)


def apply(
    levels: Iterable[HeaderMutations], context: FormatContext, *, response: bool = False
) -> Mutated:
    """Apply the changes of several levels, in this order.

    Args:
        levels: The levels.
        context: The request, and the response if there is one; what format commands read of them
            follows the changes from level to level.
        response: Whether the response's headers change, not the request's.
    """
    missing: list[str] = []
    headers = context.response_headers or Headers() if response else context.request.headers
    for level in levels:
        if not level.to_add and not level.to_remove:
            continue
        headers = headers.remove(*level.to_remove)
        if response:
            context = msgspec.structs.replace(context, response_headers=headers)
        else:
            request = context.request.with_headers(headers)
            context = msgspec.structs.replace(context, request=request)
        values = tuple(_formatted(level.to_add, headers, context, missing))
        headers = _with_values(headers, values, INLINE_RESPONSE if response else INLINE)
    return Mutated(headers, tuple(missing))


def _formatted(
    options: Iterable[HeaderValueOption],
    headers: Headers,
    context: FormatContext,
    missing: list[str],
) -> Iterator[tuple[str, str, bool]]:
    """Yield each change that is to be made: name, value, and whether it overwrites."""
    for option in options:
        formatted = format_text(option.header.value, context)
        missing += formatted.missing
        if not formatted.text and not option.keep_empty_value:
            continue
        name, action = option.header.key, option.append_action
        if option.append is False:
            action = "OVERWRITE_IF_EXISTS_OR_ADD"
        present = name in headers
        if (action == "ADD_IF_ABSENT" and present) or (
            action == "OVERWRITE_IF_EXISTS" and not present
        ):
            continue
        yield name, formatted.text, action in _OVERWRITING


def _with_values(
    headers: Headers, values: Iterable[tuple[str, str, bool]], inline: frozenset[str]
) -> Headers:
    added = []
    for name, value, overwrites in values:
        if overwrites:
            headers = headers.set(name, value)
        else:
            added.append((name, value))
    for name, value in added:
        first = headers.first(name)
        if first is not None and name.lower() in inline:
            headers = headers.set(name, joined((first, value)))
        else:
            headers = headers.add(name, value)
    return headers
