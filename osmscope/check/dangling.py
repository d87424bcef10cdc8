"""References to what is not there: requests that come this way get no cluster, table or TLS.

Decision: a name is dangling only where the dump would show what it names; a section that was not
dumped proves nothing. What only waits (warming) is told as that.
"""

from collections.abc import Iterator

from osmscope.check.finding import Finding
from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import route_clusters, secret_names, tcp_clusters
from osmscope.resources.resource import decode
from osmscope.resources.route import RouteConfiguration
from osmscope.resources.transport_socket import TransportSocket

_WORDS = {"cluster": "cluster", "route_config": "route configuration", "secret": "secret"}


def dangling(proxy: Proxy) -> Iterator[Finding]:
    """Find what serves and names something that does not.

    Raises:
        DumpError: A resource cannot be read.
    """
    seen: set[tuple[str, str, str, str]] = set()
    for finding in _all(proxy):
        key = (finding.kind, finding.name, finding.words, finding.path)
        if key not in seen:
            seen.add(key)
            yield finding


def _all(proxy: Proxy) -> Iterator[Finding]:
    for entry, listener in zip(proxy.listener_entries, proxy.listeners, strict=True):
        for chain in _chains(listener):
            yield from _of_chain(proxy, chain, entry.name, entry.path)
    for name, entry in proxy.dump.serving("route_config").items():
        table = decode(RouteConfiguration, entry.body, f"route configuration {name!r}")
        yield from _of_table(proxy, table, "route_config", name, entry.path)
    for name, entry in proxy.dump.serving("cluster").items():
        cluster = decode(Cluster, entry.body, f"cluster {name!r}")
        where = ("cluster", name, entry.path)
        yield from _of_socket(proxy, cluster.transport_socket, where, "TLS to its endpoints")


def _chains(listener: Listener) -> Iterator[FilterChain]:
    yield from listener.filter_chains
    if listener.default_filter_chain is not None:
        yield listener.default_filter_chain


def _of_chain(proxy: Proxy, chain: FilterChain, listener: str, path: str) -> Iterator[Finding]:
    where = ("filter_chain", chain.name or f"(unnamed) of {listener}", path)
    yield from _of_socket(proxy, chain.transport_socket, where, "TLS of its clients")
    for entry in chain.filters:
        config = decode_extension(entry)
        if isinstance(config, TcpProxy):
            for target in tcp_clusters(config):
                yield from _missing(proxy, "cluster", target.name, where, "its tcp_proxy")
        elif isinstance(config, HttpConnectionManager) and config.rds is not None:
            table = config.rds.route_config_name
            yield from _missing(proxy, "route_config", table, where, "its connection manager")
        elif isinstance(config, HttpConnectionManager) and config.route_config is not None:
            yield from _of_table(proxy, config.route_config, *where)


def _of_table(
    proxy: Proxy, table: RouteConfiguration, kind: str, name: str, path: str
) -> Iterator[Finding]:
    for host in table.virtual_hosts:
        for index, route in enumerate(host.routes):
            said = f"route {route.name or f'#{index}'} of virtual host {host.name}"
            for target in route_clusters(route):
                yield from _missing(proxy, "cluster", target.name, (kind, name, path), said)


def _of_socket(
    proxy: Proxy, socket: TransportSocket | None, where: tuple[str, str, str], said: str
) -> Iterator[Finding]:
    for name in secret_names(socket):
        yield from _missing(proxy, "secret", name, where, said)


def _missing(
    proxy: Proxy, kind: str, name: str, where: tuple[str, str, str], said: str
) -> Iterator[Finding]:
    """Yield a finding where a name leads nowhere; `where` is kind, name and path of who says it."""
    if not proxy.dump.has(kind) or name in proxy.dump.serving(kind):
        return
    state = "only warming" if proxy.is_warming(kind, name) else "not there"
    words = f"{said} names the {_WORDS[kind]} {name}, which is {state}"
    yield Finding(
        check="dangling", severity="error", kind=where[0], name=where[1], words=words, path=where[2]
    )
