"""Which hosts each filter chain of a sidecar serves, and at which addresses.

Decision: only what the dump's own references say decides (a chain's route table, its virtual hosts'
domains, its server names, the TLS name of the cluster it proxies to). A chain's name, where it is
one of a mesh's, only tells which of several is meant.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Self

import msgspec

from osmscope.mesh import osm
from osmscope.resources.address import CidrRange
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import chain_destinations, tcp_clusters, upstream_sni
from osmscope.resources.route import RouteConfiguration
from osmscope.rules.ip_range import network_of
from osmscope.rules.virtual_host import domain_kind

_DOCUMENTATION_NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
"""Addresses that no network has (RFC 5737): they stand for one that nobody named."""


class Domains(msgspec.Struct, frozen=True):
    """The hosts of a route table; what fits every host tells nothing and is left out."""

    exact: AbstractSet[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, domains: Iterable[str]) -> Self:
        """Sort domains by their kind; the case does not count."""
        exact, suffixes, prefixes = set(), [], []
        for domain in domains:
            # There are ten thousands of them: the text as configured is kept where it serves.
            name = domain if domain.islower() else domain.lower()
            match domain_kind(name):
                case "exact":
                    exact.add(name)
                case "suffix wildcard":
                    suffixes.append(name[1:])
                case "prefix wildcard":
                    prefixes.append(name[:-1])
        return cls(exact, tuple(suffixes), tuple(prefixes))

    def hold(self, name: str) -> bool:
        """Whether one of them fits a host."""
        return name in self.exact or name.endswith(self.suffixes) or name.startswith(self.prefixes)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one filter chain asks for, and whom it serves."""

    listener: str
    chain: str
    port: int | None = None
    ranges: tuple[CidrRange, ...] = ()
    domains: Domains = Domains()
    service: str = ""
    """`service.namespace`, where the chain's name tells it."""
    server_names: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    transport_protocol: str = ""
    leads_to: str = ""

    @property
    def address(self) -> str:
        """The first address of its first range."""
        return str(network_of(self.ranges[0]).network_address)

    @property
    def is_single_address(self) -> bool:
        """Whether its first range holds one address."""
        return network_of(self.ranges[0]).num_addresses == 1

    def serves(self, host: str, port: int | None) -> bool:
        """Whether its route table, or its server names, hold the host."""
        port = self.port if port is None else port
        names = (host,) if port is None else (host, f"{host}:{port}")
        return any(map(self.domains.hold, names))

    def is_named(self, host: str) -> bool:
        """Whether its name is that of the service that the host names."""
        if not self.service:
            return False
        labels = host.split(".")
        own = self.service.split(".")
        return labels[:2] == own[: len(labels[:2])] and labels[2:3] in ([], ["svc"])

    def describe(self) -> str:
        """Name the chain in words."""
        if self.chain:
            return f"filter chain {self.chain}"
        return f"an unnamed filter chain of listener {self.listener or '(unnamed)'}"


def claims(proxy: Proxy, *, inbound: bool = False) -> Iterator[Claim]:
    """List what a sidecar's filter chains serve, in the dump's order.

    Args:
        proxy: The sidecar.
        inbound: Whether to look at its inbound listeners instead of the others.
    """
    reader = _Reader(proxy)
    chains = [
        (listener, chain)
        for listener in proxy.listeners
        if (listener.traffic_direction == "INBOUND") is inbound
        for chain in (*listener.filter_chains, listener.default_filter_chain)
        if chain is not None
    ]
    if proxy.dump.is_live:
        _expect(proxy, (chain for _, chain in chains))
    for listener, chain in chains:
        yield reader.claim(listener, chain)


def _expect(proxy: Proxy, chains: Iterable[FilterChain]) -> None:
    """Say which route tables and clusters chains lead to, so that they are asked for at once."""
    tables: list[str] = []
    clusters: list[str] = []
    for chain in chains:
        for entry in chain.filters:
            config = decode_extension(entry)
            if isinstance(config, HttpConnectionManager) and config.rds is not None:
                tables.append(config.rds.route_config_name)
            elif isinstance(config, TcpProxy):
                clusters += [target.name for target in tcp_clusters(config)]
    proxy.dump.expect("route_config", tables)
    proxy.dump.expect("cluster", clusters)


def unclaimed_address(proxy: Proxy) -> str:
    """Return an address that no filter chain and no listener of a sidecar names."""
    taken = [
        network_of(entry)
        for listener in proxy.listeners
        for ranges in (
            _listener_range(listener),
            *(chain.filter_chain_match.prefix_ranges for chain in listener.filter_chains),
        )
        for entry in ranges
        if entry.prefix_len
    ]
    for network in _DOCUMENTATION_NETWORKS:
        for address in ipaddress.ip_network(network).hosts():
            if not any(address in claimed for claimed in taken):
                return str(address)
    return "240.0.0.1"


class _Reader:
    """Reads chains; a route table that many chains share is read once."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._tables: dict[str, Domains] = {}

    def claim(self, listener: Listener, chain: FilterChain) -> Claim:
        match = chain.filter_chain_match
        named = osm.parse_chain_name(chain.name)
        leads_to = ", ".join(chain_destinations(chain)) or f"filter chain {chain.name}"
        return Claim(
            listener=listener.name,
            chain=chain.name,
            port=match.destination_port or _listener_port(listener),
            ranges=match.prefix_ranges or _listener_range(listener),
            domains=self._domains(chain),
            service=f"{named.service}.{named.namespace}" if named and named.service else "",
            server_names=match.server_names,
            protocols=match.application_protocols,
            transport_protocol=match.transport_protocol,
            leads_to=leads_to,
        )

    def _domains(self, chain: FilterChain) -> Domains:
        for entry in chain.filters:
            config = decode_extension(entry)
            if isinstance(config, HttpConnectionManager):
                return self._table(config)
            if isinstance(config, TcpProxy):
                names = [name for name in self._tls_names(config) if name]
                return Domains.of(names or chain.filter_chain_match.server_names)
        return Domains.of(chain.filter_chain_match.server_names)

    def _table(self, config: HttpConnectionManager) -> Domains:
        if config.rds is None:
            return _domains_of(config.route_config)
        name = config.rds.route_config_name
        if name not in self._tables:
            self._tables[name] = _domains_of(self.proxy.route_configuration(name))
        return self._tables[name]

    def _tls_names(self, config: TcpProxy) -> Iterator[str]:
        """The server names of the clusters behind a chain: a service's own name, in a mesh."""
        for target in tcp_clusters(config):
            cluster = self.proxy.cluster(target.name)
            if cluster is not None:
                yield upstream_sni(cluster.transport_socket)


def _domains_of(table: RouteConfiguration | None) -> Domains:
    virtual_hosts = table.virtual_hosts if table is not None else ()
    return Domains.of(domain for host in virtual_hosts for domain in host.domains)


def _listener_port(listener: Listener) -> int | None:
    """A listener that does not take over redirected connections stands for its own address."""
    if _takes_redirected(listener) or listener.address.socket_address is None:
        return None
    return listener.address.socket_address.port_value


def _listener_range(listener: Listener) -> tuple[CidrRange, ...]:
    socket = listener.address.socket_address
    if _takes_redirected(listener) or socket is None:
        return ()
    try:
        address = ipaddress.ip_address(socket.address)
    except ValueError:
        return ()
    if address.is_unspecified:
        return ()
    return (CidrRange(address_prefix=socket.address, prefix_len=address.max_prefixlen),)


def _takes_redirected(listener: Listener) -> bool:
    if listener.use_original_dst:
        return True
    return any("original_dst" in entry.name for entry in listener.listener_filters)
