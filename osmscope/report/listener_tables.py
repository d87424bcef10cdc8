"""The tables of listeners and of filter chains."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.dump.sections import Entry
from osmscope.report.criteria import chain_criteria
from osmscope.report.keys import keyed
from osmscope.report.table import Row, Table, columns
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import chain_destinations, secret_names
from osmscope.resources.resource import decode


def listener_table(proxy: Proxy) -> Table:
    """List the listeners in all their states, each for what it is."""
    return Table(
        columns(
            "listener", "address", "direction", "state", "chains", "error",
            wide=("listener filters", "version", "updated"), spare=("direction",),
        ),
        tuple(_listener_row(key, entry) for key, entry in keyed(proxy.dump.entries("listener"))),
    )  # fmt: skip


def chain_table(proxy: Proxy) -> Table:
    """List the filter chains with every criterion, in the dump's order."""
    return Table(
        columns("chain", "listener", "match", "leads to", wide=("state", "filters", "secrets")),
        tuple(_chain_rows(proxy)),
    )


def _listener_row(key: str, entry: Entry) -> Row:
    error = entry.error.details if entry.error is not None else ""
    if not bytes(entry.body):
        cells = (entry.name, "", "", entry.state.value, None, error, (), entry.version_info)
        return Row((*cells, entry.last_updated), (entry.name,), key)
    listener = _listener(entry)
    address = (listener.address.text(), *(a.address.text() for a in listener.additional_addresses))
    return Row(
        (
            entry.name or listener.name,
            address,
            listener.traffic_direction.lower(),
            entry.state.value,
            len(listener.filter_chains) + (listener.default_filter_chain is not None),
            error,
            tuple(listener_filter.name for listener_filter in listener.listener_filters),
            entry.version_info,
            entry.last_updated,
        ),
        (entry.name,),
        key,
    )


def _chain_rows(proxy: Proxy) -> Iterator[Row]:
    for key, entry in keyed(proxy.dump.entries("listener")):
        if not bytes(entry.body):
            continue
        listener = _listener(entry)
        uses_matcher = listener.filter_chain_matcher is not None
        for index, chain in enumerate(listener.filter_chains):
            match = chain_criteria(chain.filter_chain_match)
            if uses_matcher:
                match = ("by the listener's filter_chain_matcher",)
            yield _chain_row(entry, chain, match, (f"{key}#{index}", key))
        if listener.default_filter_chain is not None:
            match = ("default: where no other chain fits",)
            chain = listener.default_filter_chain
            yield _chain_row(entry, chain, match, (f"{key}#default", key))


def _chain_row(
    entry: Entry, chain: FilterChain, match: tuple[str, ...], keys: tuple[str, str]
) -> Row:
    return Row(
        (
            chain.name or "(unnamed)",
            entry.name,
            match,
            chain_destinations(chain),
            entry.state.value,
            tuple(network_filter.name for network_filter in chain.filters),
            secret_names(chain.transport_socket),
        ),
        (chain.name, entry.name),
        *keys,
    )


def _listener(entry: Entry) -> Listener:
    return decode(Listener, entry.body, f"listener {entry.name!r}")
