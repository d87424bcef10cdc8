"""Which ways lead to a resource: chains to route tables, routes and chains to clusters."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import SniCluster, TcpProxy
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route, RouteConfiguration, RouteList, VirtualHost
from osmscope.rules.route_table import RouteChoice
from osmscope.trace.claims import unclaimed_address
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.witness.matcher_ways import held_actions


class Entrance(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A filter chain and where its connections go on."""

    listener: Listener
    chain: FilterChain
    index: int | None = None
    """Its place; None for the default chain."""
    filters: tuple[Resource, ...] = ()
    manager: HttpConnectionManager | None = None
    table: RouteConfiguration | None = None
    tcp: TcpProxy | None = None

    @property
    def is_opaque(self) -> bool:
        """Whether it may lead to what cannot be told from here."""
        if any(isinstance(one, Unsupported | SniCluster) for one in self.filters):
            return True
        discovered = any(one.config_discovery is not None for one in self.chain.filters)
        scoped = self.manager is not None and self.manager.scoped_routes is not None
        return discovered or scoped or (self.tcp is not None and not self.clusters)

    @property
    def clusters(self) -> tuple[tuple[str, int], ...]:
        """The clusters that its `tcp_proxy` names, with their weights; 1 for the only one."""
        if self.tcp is None:
            return ()
        if self.tcp.weighted_clusters is not None:
            return tuple((one.name, one.weight) for one in self.tcp.weighted_clusters.clusters)
        return ((self.tcp.cluster, 1),) if self.tcp.cluster else ()


def routes_of(action: TypedExtensionConfig) -> tuple[Route, ...]:
    """List the routes that an action of a virtual host's matcher leads to.

    Raises:
        DumpError: It cannot be read.
    """
    config = decode_extension(action)
    if isinstance(config, RouteList):
        return config.routes
    return (config,) if isinstance(config, Route) else ()


class RoutePlace(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A route within its table."""

    table: RouteConfiguration
    virtual_host: VirtualHost
    index: int
    """Its place in the list in which it is tried."""
    route: Route
    action: TypedExtensionConfig | None = None
    """What the virtual host's matcher leads to for it; None for one of the host's own list."""

    def words(self) -> str:
        """Name it."""
        name = f" {self.route.name}" if self.route.name else ""
        host = f'virtual host "{self.virtual_host.name}"'
        if self.action is not None:
            return f"route #{self.index}{name} of an action of the matcher of {host}"
        return f"route #{self.index}{name} of {host}"

    @property
    def listed(self) -> tuple[Route, ...]:
        """The list in which it is tried."""
        return self.virtual_host.routes if self.action is None else routes_of(self.action)

    def is_chosen(self, choice: RouteChoice) -> bool:
        """Whether it is what a request takes."""
        if self.action is None:
            return choice.index == self.index
        return choice.route == self.route

    @property
    def clusters(self) -> tuple[tuple[str, int], ...]:
        """The clusters that it names, with their weights; 1 for the only one."""
        action = self.route.route
        if action is None:
            return ()
        if action.weighted_clusters is not None:
            return tuple((one.name, one.weight) for one in action.weighted_clusters.clusters)
        return ((action.cluster, 1),) if action.cluster else ()

    @property
    def takes_any_cluster(self) -> bool:
        """Whether a header or an extension names its cluster."""
        action = self.route.route
        if action is None:
            return False
        weighted = action.weighted_clusters
        return (
            bool(action.cluster_header or action.cluster_specifier_plugin)
            or action.inline_cluster_specifier_plugin is not None
            or (weighted is not None and any(one.cluster_header for one in weighted.clusters))
        )


def _lists_of(
    host: VirtualHost,
) -> Iterator[tuple[TypedExtensionConfig | None, tuple[Route, ...]]]:
    """Yield the lists of routes that a virtual host has."""
    yield None, host.routes
    if host.matcher is not None:
        yield from ((action, routes_of(action)) for action in held_actions(host.matcher))


class Places:
    """The ways within one sidecar; found once, when first needed."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.sidecar = sidecar

    @functools.cached_property
    def unclaimed_address(self) -> str:
        """An address that no filter chain and no listener names."""
        return unclaimed_address(self.sidecar.proxy)

    @functools.cached_property
    def entrances(self) -> tuple[Entrance, ...]:
        """All filter chains of the listeners that serve.

        Raises:
            DumpError: A resource cannot be read.
        """
        return tuple(self._entrances())

    def _entrances(self) -> Iterator[Entrance]:
        for listener in self.sidecar.listeners:
            for index, chain in enumerate(listener.filter_chains):
                yield self._entrance(listener, chain, index)
            if listener.default_filter_chain is not None:
                yield self._entrance(listener, listener.default_filter_chain, None)

    def _entrance(self, listener: Listener, chain: FilterChain, index: int | None) -> Entrance:
        filters = tuple(map(decode_extension, chain.filters))
        last = filters[-1] if filters else None
        manager = last if isinstance(last, HttpConnectionManager) else None
        table = manager.route_config if manager is not None else None
        if manager is not None and manager.rds is not None:
            table = self.sidecar.proxy.route_configuration(manager.rds.route_config_name)
        return Entrance(
            listener=listener,
            chain=chain,
            index=index,
            filters=filters,
            manager=manager,
            table=table,
            tcp=last if isinstance(last, TcpProxy) else None,
        )

    @functools.cached_property
    def tables(self) -> tuple[RouteConfiguration, ...]:
        """All route tables: those delivered, then those written into a chain."""
        proxy = self.sidecar.proxy
        delivered = map(proxy.route_configuration, proxy.dump.serving("route_config"))
        found = {id(one): one for one in delivered if one is not None}
        found |= {id(one.table): one.table for one in self.entrances if one.table is not None}
        return tuple(found.values())

    @functools.cached_property
    def _by_table(self) -> dict[int, list[Entrance]]:
        found = defaultdict(list)
        for entrance in self.entrances:
            if entrance.table is not None:
                found[id(entrance.table)].append(entrance)
        return found

    def entrances_of(self, table: RouteConfiguration) -> list[Entrance]:
        """List the chains that lead to a route table."""
        return self._by_table.get(id(table), [])

    @functools.cached_property
    def routes(self) -> tuple[RoutePlace, ...]:
        """All routes of all tables."""
        return tuple(
            RoutePlace(table=table, virtual_host=host, index=index, route=route, action=action)
            for table in self.tables
            for host in table.virtual_hosts
            for action, listed in _lists_of(host)
            for index, route in enumerate(listed)
        )

    @functools.cached_property
    def _routes_to(self) -> dict[str, list[RoutePlace]]:
        found = defaultdict(list)
        for place in self.routes:
            for name, _ in place.clusters:
                found[name].append(place)
        return found

    def routes_to(self, cluster: str) -> list[RoutePlace]:
        """List the routes that name a cluster."""
        return self._routes_to.get(cluster, [])

    @functools.cached_property
    def open_routes(self) -> tuple[RoutePlace, ...]:
        """The routes whose cluster a header or an extension names."""
        return tuple(place for place in self.routes if place.takes_any_cluster)

    @functools.cached_property
    def _chains_to(self) -> dict[str, list[Entrance]]:
        found = defaultdict(list)
        for entrance in self.entrances:
            for name, _ in entrance.clusters:
                found[name].append(entrance)
        return found

    def chains_to(self, cluster: str) -> list[Entrance]:
        """List the chains whose `tcp_proxy` names a cluster."""
        return self._chains_to.get(cluster, [])
