"""One sidecar made ready for many requests: decoded configurations and indexes, built once."""

import functools
from collections.abc import Callable, Iterable, Mapping

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.router import Router
from osmscope.resources.listener import Listener
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import Resource
from osmscope.resources.route import RouteConfiguration
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.filter_chain import FilterChainIndex
from osmscope.rules.headers_read import headers_read
from osmscope.rules.listener_selection import ListenerIndex
from osmscope.rules.per_filter_config import ResolvedFilter
from osmscope.rules.virtual_host import VirtualHostIndex
from osmscope.trace.cluster_hosts import ClusterHosts, cluster_hosts
from osmscope.trace.discovery import discovered


class HttpStage(msgspec.Struct, frozen=True):
    """One HTTP filter with its decoded configuration."""

    filter: HttpFilter
    config: Resource
    undelivered: bool = False
    """Whether its configuration is to be delivered and was not."""


class RouteTable:
    """A route configuration and the index of its virtual hosts."""

    def __init__(self, configuration: RouteConfiguration) -> None:
        self.configuration = configuration
        self.index = VirtualHostIndex(configuration)

    @functools.cached_property
    def headers_read(self) -> frozenset[str] | None:
        """The headers that decide about a route; None where it may be any."""
        return headers_read(self.configuration)


class Sidecar:
    """Caches by the identity of resources: the proxy keeps each of them alive."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._chain_indexes: dict[int, FilterChainIndex] = {}
        self._http_stages: dict[int, tuple[tuple[HttpFilter, ...], tuple[HttpStage, ...]]] = {}
        self._upstream_stages: dict[tuple[int, int], tuple[HttpStage, ...]] = {}
        self._tables: dict[int, RouteTable] = {}
        self.filter_configs: dict[tuple[int, ...], ResolvedFilter] = {}
        """What filters use for a route, by the identities of both: see `http_filters`."""
        self._cluster_hosts: dict[str, ClusterHosts] = {}
        self._remembered: dict[tuple[str, int], tuple[str, ...]] = {}
        self._parts: dict[tuple[str, int], tuple[msgspec.Raw, ...]] = {}

    @functools.cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners that accept connections."""
        return self.proxy.listeners

    @functools.cached_property
    def listener_index(self) -> ListenerIndex:
        """The listeners, filed by address."""
        return ListenerIndex(self.listeners)

    def remembered(
        self, key: tuple[str, int], find: Callable[[], Iterable[str]]
    ) -> tuple[str, ...]:
        """Return what `find` yields for a resource; it is asked once."""
        found = self._remembered.get(key)
        if found is None:
            found = self._remembered[key] = tuple(find())
        return found

    def parts(
        self, key: tuple[str, int], split: Callable[[], tuple[msgspec.Raw, ...]]
    ) -> tuple[msgspec.Raw, ...]:
        """Return the bodies of a resource's parts; it is split once."""
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = split()
        return found

    def runtime(self, asked: Mapping[str, object] | None) -> Mapping[str, object]:
        """Return the runtime values of the dump, under those that a request sets."""
        return self.proxy.runtime if not asked else {**self.proxy.runtime, **asked}

    def chain_index(self, listener: Listener) -> FilterChainIndex:
        """Return the index of a listener's filter chains."""
        index = self._chain_indexes.get(id(listener))
        if index is None:
            index = self._chain_indexes[id(listener)] = FilterChainIndex(listener)
        return index

    def http_stages(self, filters: tuple[HttpFilter, ...]) -> tuple[HttpStage, ...]:
        """Return HTTP filters, decoded; those of ECDS with what was delivered.

        Raises:
            DumpError: A configuration cannot be read.
        """
        # The filters are kept too: decoded configurations may be forgotten, and identities reused.
        kept = self._http_stages.get(id(filters))
        if kept is None:
            kept = self._http_stages[id(filters)] = filters, tuple(map(self._http_stage, filters))
        return kept[1]

    def upstream_stages(self, router: Router, cluster: Cluster) -> tuple[HttpStage, ...]:
        """Return the upstream filters of a cluster, else those of the router.

        Raises:
            DumpError: A configuration cannot be read.
        """
        key = id(router), id(cluster)
        stages = self._upstream_stages.get(key)
        if stages is None:
            options = http_protocol_options(cluster)
            own = options.http_filters if options is not None else ()
            filters = own or router.upstream_http_filters
            stages = self._upstream_stages[key] = tuple(map(self._http_stage, filters))
        return stages

    def _http_stage(self, http_filter: HttpFilter) -> HttpStage:
        if http_filter.config_discovery is None:
            return HttpStage(http_filter, decode_extension(http_filter))
        found = discovered(self.proxy, http_filter)
        if found is None:
            return HttpStage(http_filter, Resource(), undelivered=True)
        return HttpStage(http_filter, decode_extension(found))

    def cluster_hosts(self, cluster: Cluster) -> ClusterHosts:
        """Return a cluster's endpoints and the load balancing over them.

        Raises:
            DumpError: A resource cannot be read.
        """
        hosts = self._cluster_hosts.get(cluster.name)
        if hosts is None:
            hosts = self._cluster_hosts[cluster.name] = cluster_hosts(self.proxy, cluster)
        return hosts

    def connecting(self, cluster: Cluster) -> tuple[Cluster, ...]:
        """List the clusters whose endpoints are connected to: itself, or its members instead.

        Raises:
            DumpError: A resource cannot be read.
        """
        if not self.cluster_hosts(cluster).members:
            return (cluster,)
        found: dict[str, Cluster] = {}
        seen: set[str] = set()
        waiting = [cluster]
        while waiting:
            one = waiting.pop()
            if one.name in seen:
                continue
            seen.add(one.name)
            members = self.cluster_hosts(one).members
            if not members:
                found[one.name] = one
            waiting.extend(filter(None, map(self.proxy.cluster, members)))
        return tuple(found.values())

    def cluster_health(self, name: str) -> tuple[int, int] | None:
        """Return how many endpoints of a cluster are healthy, and how many there are.

        Returns:
            Both counts; None for an unknown cluster.

        Raises:
            DumpError: A resource cannot be read.
        """
        cluster = self.proxy.cluster(name)
        return None if cluster is None else self.cluster_hosts(cluster).health_counts()

    def cluster_kind(self, name: str) -> ClusterKind | None:
        """Return where a cluster's hosts come from; None for an unknown cluster.

        Raises:
            DumpError: A resource cannot be read.
        """
        cluster = self.proxy.cluster(name)
        return None if cluster is None else self.cluster_hosts(cluster).kind

    def table_of(self, configuration: RouteConfiguration) -> RouteTable:
        """Return the indexed form of a route configuration."""
        table = self._tables.get(id(configuration))
        if table is None:
            table = RouteTable(configuration)
            self._tables[id(configuration)] = table
        return table

    def table(self, name: str) -> RouteTable | None:
        """Return the route table delivered under a name; None where there is none.

        Raises:
            DumpError: It cannot be read.
        """
        configuration = self.proxy.route_configuration(name)
        return None if configuration is None else self.table_of(configuration)
