"""Which configuration an HTTP filter uses for a request, and whether it runs at all.

What Envoy does: the filter's name is looked up on the weighted cluster, the route, the virtual
host and the route configuration; the most specific level that has it decides alone. A
`FilterConfig` switches the filter off, or wraps a configuration; an empty one stands for the
filter's own. A configuration switches a `disabled` filter on. Filters that merge levels get all of
them.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.22, which looked up the filter's
canonical name whatever its instance was called.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.router import FilterConfig
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource
from osmscope.resources.route import PerFilterConfig


class ResolvedFilter(msgspec.Struct, frozen=True):
    """A filter as one request meets it."""

    enabled: bool
    config: Resource
    """The configuration to use."""
    levels: tuple[Resource, ...] = ()
    """All per-route configurations, the most general first."""
    reason: str = ""


_LEVELS = ("weighted cluster", "route", "virtual host", "route configuration")


def resolve(
    http_filter: HttpFilter, own: Resource, levels: Sequence[PerFilterConfig]
) -> ResolvedFilter:
    """Resolve a filter's configuration.

    Args:
        http_filter: The filter.
        own: Its own configuration, decoded.
        levels: `typed_per_filter_config` of the weighted cluster, the route, the virtual host and
            the route configuration, in this order.

    Raises:
        DumpError: A configuration has a field of a type that Envoy never writes.
    """
    found = [
        (place, level[http_filter.name])
        for place, level in zip(_LEVELS, levels, strict=True)
        if http_filter.name in level
    ]
    if not found:
        if http_filter.disabled:
            return ResolvedFilter(False, own, (), "disabled in http_filters")
        return ResolvedFilter(True, own)
    place, body = found[0]
    config = _decoded(http_filter.name, body)
    configs = tuple(
        level
        for _, raw in reversed(found)
        if not isinstance(level := _unwrapped(_decoded(http_filter.name, raw)), FilterConfig)
    )
    if isinstance(config, FilterConfig):
        if config.disabled:
            return ResolvedFilter(False, own, configs, f"disabled by the {place}")
        config = _unwrapped(config)
        if isinstance(config, FilterConfig):
            return ResolvedFilter(True, own, configs, f"enabled by the {place}")
    return ResolvedFilter(True, config, configs, f"configured by the {place}")


def _decoded(name: str, body: msgspec.Raw) -> Resource:
    return decode_extension(TypedExtensionConfig(name=name, typed_config=body))


def _unwrapped(config: Resource) -> Resource:
    """Return what a FilterConfig wraps; the FilterConfig itself where it is empty or disabled."""
    if not isinstance(config, FilterConfig) or config.disabled:
        return config
    inner = _decoded("", config.config) if bytes(config.config) not in (b"", b"{}") else config
    return inner
