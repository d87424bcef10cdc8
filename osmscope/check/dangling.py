"""References to what is not there: requests that come this way get no cluster, table or TLS.

Decision: a name is dangling only where the dump would show what it names; a section that was not
dumped proves nothing. What only waits (warming) is told as that.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.check.finding import Finding
from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import route_clusters, secret_names, tcp_clusters
from osmscope.resources.resource import decode
from osmscope.resources.route import Route, RouteConfiguration
from osmscope.resources.transport_socket import TransportSocket

_WORDS = {"cluster": "cluster", "route_config": "route configuration", "secret": "secret"}


class _Who(msgspec.Struct, frozen=True):
    """Who names something."""

    kind: str
    name: str
    path: str
    part: str = ""


def dangling(proxy: Proxy) -> Iterator[Finding]:
    """Find what serves and names something that does not.

    Raises:
        DumpError: A resource cannot be read.
    """
    yield from dict.fromkeys(_all(proxy))


def _all(proxy: Proxy) -> Iterator[Finding]:
    for entry, listener in zip(proxy.listener_entries, proxy.listeners, strict=True):
        for part, chain in _chains(listener):
            name = chain.name or f"(unnamed) of {entry.name}"
            yield from _of_chain(proxy, chain, _Who("filter_chain", name, entry.path, part))
    for name, entry in proxy.dump.serving("route_config").items():
        table = decode(RouteConfiguration, entry.body, f"route configuration {name!r}")
        for host, index, route in _routes(table):
            words = f"{host} {route.name or f'#{index}'}"
            who = _Who("route", words, entry.path, f"/{host}#{index}")
            yield from _of_route(proxy, route, who, "it")
    for name, entry in proxy.dump.serving("cluster").items():
        cluster = decode(Cluster, entry.body, f"cluster {name!r}")
        who = _Who("cluster", name, entry.path)
        yield from _of_socket(proxy, cluster.transport_socket, who, "TLS to its endpoints")


def _chains(listener: Listener) -> Iterator[tuple[str, FilterChain]]:
    for index, chain in enumerate(listener.filter_chains):
        yield f"#{index}", chain
    if listener.default_filter_chain is not None:
        yield "#default", listener.default_filter_chain


def _routes(table: RouteConfiguration) -> Iterator[tuple[str, int, Route]]:
    for host in table.virtual_hosts:
        for index, route in enumerate(host.routes):
            yield host.name, index, route


def _of_chain(proxy: Proxy, chain: FilterChain, who: _Who) -> Iterator[Finding]:
    yield from _of_socket(proxy, chain.transport_socket, who, "TLS of its clients")
    for entry in chain.filters:
        config = decode_extension(entry)
        if isinstance(config, TcpProxy):
            for target in tcp_clusters(config):
                yield from _missing(proxy, "cluster", target.name, who, "its tcp_proxy")
        elif isinstance(config, HttpConnectionManager) and config.rds is not None:
            table = config.rds.route_config_name
            yield from _missing(proxy, "route_config", table, who, "its connection manager")
        elif isinstance(config, HttpConnectionManager) and config.route_config is not None:
            for host, index, route in _routes(config.route_config):
                said = f"route {route.name or f'#{index}'} of virtual host {host}"
                yield from _of_route(proxy, route, who, said)


def _of_route(proxy: Proxy, route: Route, who: _Who, said: str) -> Iterator[Finding]:
    for target in route_clusters(route):
        yield from _missing(proxy, "cluster", target.name, who, said)


def _of_socket(
    proxy: Proxy, socket: TransportSocket | None, who: _Who, said: str
) -> Iterator[Finding]:
    for name in secret_names(socket):
        yield from _missing(proxy, "secret", name, who, said)


def _missing(proxy: Proxy, kind: str, name: str, who: _Who, said: str) -> Iterator[Finding]:
    """Yield a finding where a name leads nowhere."""
    if not proxy.dump.has(kind) or name in proxy.dump.serving(kind):
        return
    state = "only warming" if proxy.is_warming(kind, name) else "not there"
    yield Finding(
        check="dangling",
        severity="error",
        kind=who.kind,
        name=who.name,
        words=f"{said} names the {_WORDS[kind]} {name}, which is {state}",
        path=who.path,
        part=who.part,
    )
