"""The table of filters, in the order in which Envoy runs them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.dump.sections import Entry
from osmscope.report.keys import keyed
from osmscope.report.table import Row, Table, columns
from osmscope.resources import http_filters as _registered  # noqa: F401  (it registers types)
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.rbac import HttpRbac, NetworkRbac
from osmscope.resources.references import route_table_name, tcp_clusters
from osmscope.resources.resource import Resource, decode


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A filter and where it stands."""

    config: TypedExtensionConfig
    layer: str
    """listener, network or HTTP."""
    entry: Entry
    """Its listener."""
    chain: FilterChain | None
    key: str
    parent: str
    """The key of its chain, or of its listener."""


def filter_table(proxy: Proxy) -> Table:
    """List listener filters, network filters and HTTP filters."""
    return Table(
        columns("filter", "layer", "chain", "what it does", wide=("listener", "type", "state")),
        tuple(_filter_row(placed) for placed in placed_filters(proxy)),
    )


def placed_filters(proxy: Proxy) -> Iterator[Placed]:
    """Go through all filters, in the order in which they run."""
    for key, entry in keyed(proxy.dump.entries("listener")):
        if not bytes(entry.body):
            continue
        listener = decode(Listener, entry.body, f"listener {entry.name!r}")
        for index, config in enumerate(listener.listener_filters):
            yield Placed(
                config=config, layer="listener", entry=entry, chain=None,
                key=f"{key}/listener_filters[{index}]", parent=key,
            )  # fmt: skip
        for index, chain in enumerate(listener.filter_chains):
            yield from _of_chain(entry, chain, f"{key}#{index}")
        if listener.default_filter_chain is not None:
            yield from _of_chain(entry, listener.default_filter_chain, f"{key}#default")


def _of_chain(entry: Entry, chain: FilterChain, parent: str) -> Iterator[Placed]:
    for index, config in enumerate(chain.filters):
        key = f"{parent}/filters[{index}]"
        yield Placed(
            config=config, layer="network", entry=entry, chain=chain, key=key, parent=parent
        )
        manager = decode_extension(config)
        if isinstance(manager, HttpConnectionManager):
            for position, inner in enumerate(manager.http_filters):
                yield Placed(
                    config=inner, layer="HTTP", entry=entry, chain=chain,
                    key=f"{key}/http_filters[{position}]", parent=parent,
                )  # fmt: skip


def _filter_row(placed: Placed) -> Row:
    name, chain = placed.config.name, placed.chain
    config = decode_extension(placed.config)
    cells = (
        name or "(unnamed)",
        placed.layer,
        "" if chain is None else chain.name or "(unnamed)",
        _what(config),
        placed.entry.name,
        config.type_name if isinstance(config, Unsupported) else type(config).__name__,
        placed.entry.state.value,
    )
    names = (name, chain.name if chain is not None else "", placed.entry.name)
    return Row(cells, names, placed.key, placed.parent)


def _what(config: Resource) -> str:
    if isinstance(config, HttpConnectionManager):
        return f"HTTP, routes {route_table_name(config)}"
    if isinstance(config, TcpProxy):
        return ", ".join(f"TCP to {cluster.name}" for cluster in tcp_clusters(config))
    if isinstance(config, HttpRbac | NetworkRbac):
        return _rbac_words(config)
    return "not modelled" if isinstance(config, Unsupported) else ""


def _rbac_words(config: HttpRbac | NetworkRbac) -> str:
    if config.rules is None:
        return "by a matcher tree" if config.matcher is not None else "no rules of its own"
    count = len(config.rules.policies)
    return f"{config.rules.action} by {count} {'policy' if count == 1 else 'policies'}"
