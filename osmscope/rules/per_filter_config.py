"""Which configuration an HTTP filter uses for a request, and whether it runs at all.

What Envoy does: the filter's name is looked up on the weighted cluster, the route, the virtual host
and the route configuration; the most specific level that has it decides alone. A `FilterConfig`
switches the filter off, or wraps a configuration; an empty one switches it on, and leaves the
configuration to the next level that has one, or to the filter's own. A configuration switches a
`disabled` filter on. Filters that merge levels get all of them.
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
    """The configuration to use, also where the filter is held by one that nothing disables."""
    levels: tuple[Resource, ...] = ()
    """All per-route configurations, the most general first."""
    reason: str = ""


def resolve(
    http_filter: HttpFilter, own: Resource, levels: Sequence[PerFilterConfig]
) -> ResolvedFilter:
    """Resolve a filter's configuration.

    Args:
        http_filter: The filter.
        own: Its own configuration, decoded.
        levels: `typed_per_filter_config` of the weighted cluster, the route, the virtual host and
            the route configuration, in this order, as far as the request has them.

    Raises:
        DumpError: A configuration has a field of a type that Envoy never writes.
    """
    name = http_filter.name
    found = [_decoded(name, level[name]) for level in levels if name in level]
    if not found:
        reason = "disabled in http_filters" if http_filter.disabled else ""
        return ResolvedFilter(not http_filter.disabled, own, (), reason)
    configs = [_unwrapped(config) for config in found]
    merged = tuple(c for c in reversed(configs) if not isinstance(c, FilterConfig))
    nearest, used = configs[0], (own, *merged)[-1]  # the last is the most specific one
    if not isinstance(nearest, FilterConfig):
        return ResolvedFilter(True, used, merged, "configured for this route")
    if nearest.disabled:
        return ResolvedFilter(False, used, merged, "disabled for this route")
    return ResolvedFilter(True, used, merged, "enabled for this route")


def _decoded(name: str, body: msgspec.Raw) -> Resource:
    return decode_extension(TypedExtensionConfig(name=name, typed_config=body))


def _unwrapped(config: Resource) -> Resource:
    """Return what a FilterConfig wraps; the FilterConfig itself where it is empty or disabled."""
    if not isinstance(config, FilterConfig) or config.disabled:
        return config
    if bytes(config.config) in (b"", b"{}"):
        return config
    return _decoded("", config.config)
