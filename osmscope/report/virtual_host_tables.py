"""The tables of route configurations and of their virtual hosts."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.dump.sections import Entry
from osmscope.report.keys import keyed
from osmscope.report.table import Row, Table, columns
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import decode
from osmscope.resources.route import RouteConfiguration, VirtualHost


def route_configuration_table(proxy: Proxy) -> Table:
    """List the route configurations in all their states."""
    return Table(
        columns(
            "route table", "virtual hosts", "routes", "state", "error", wide=("version", "updated")
        ),
        tuple(_row(key, entry) for key, entry in keyed(proxy.dump.entries("route_config"))),
    )


def virtual_host_table(proxy: Proxy) -> Table:
    """List the virtual hosts of all route configurations."""
    return Table(
        columns("virtual host", "domains", "routes", "table", wide=("state",), spare=("table",)),
        tuple(_virtual_host_rows(proxy)),
    )


def _row(key: str, entry: Entry) -> Row:
    error = entry.error.details if entry.error is not None else ""
    hosts = routes = None
    if bytes(entry.body):
        found = _read(entry).virtual_hosts
        hosts, routes = len(found), sum(len(virtual_host.routes) for virtual_host in found)
    cells = (entry.name, hosts, routes, entry.state.value, error, entry.version_info)
    return Row((*cells, entry.last_updated), (entry.name,), key)


def _virtual_host_rows(proxy: Proxy) -> Iterator[Row]:
    for key, entry in keyed(proxy.dump.entries("route_config")):
        if bytes(entry.body):
            for virtual_host in _read(entry).virtual_hosts:
                yield _virtual_host_row(key, entry, virtual_host)


def _virtual_host_row(key: str, entry: Entry, virtual_host: VirtualHost) -> Row:
    cells = (
        virtual_host.name,
        virtual_host.domains,
        len(virtual_host.routes) if virtual_host.matcher is None else "by a matcher tree",
        entry.name,
        entry.state.value,
    )
    names = (virtual_host.name, entry.name, *virtual_host.domains)
    return Row(cells, names, f"{key}/{virtual_host.name}", key)


def _read(entry: Entry) -> RouteConfiguration:
    return decode(RouteConfiguration, entry.body, f"route configuration {entry.name!r}")
