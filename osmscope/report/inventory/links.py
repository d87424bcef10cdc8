"""What a resource refers to: the parts it has, and what it names.

Decision: only what decides where a request goes, and secrets. A name is looked up among what
serves; what is not there is a link all the same, marked as missing: a reader looks for that.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.report.inventory.bodies import Bodies
from osmscope.report.inventory.document import Link, Ref, Target
from osmscope.report.keys import keyed
from osmscope.resources.cluster import AggregateClusterConfig, Cluster
from osmscope.resources.extension import decode_any, decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import WeightedName, route_clusters, secret_names, tcp_clusters
from osmscope.resources.resource import decode
from osmscope.resources.route import Route


class Links:
    """Finds what the resources of one sidecar refer to by name."""

    def __init__(self, proxy: Proxy, bodies: Bodies) -> None:
        self._proxy = proxy
        self._bodies = bodies

    def of(self, ref: Ref) -> tuple[Link, ...]:
        """List what a resource names.

        Raises:
            DumpError: It cannot be read.
        """
        body = self._bodies.body(ref)
        find = {
            "filter_chain": self._of_chain,
            "filter": self._of_filter,
            "route": self._of_route,
            "cluster": self._of_cluster,
        }.get(ref.kind)
        return tuple(find(body)) if find is not None and body not in (b"", b"null") else ()

    def _of_chain(self, body: bytes) -> Iterator[Link]:
        yield from self.of_chain(decode(FilterChain, body, "a filter chain"))

    def of_chain(self, chain: FilterChain) -> Iterator[Link]:
        """List what a filter chain names."""
        for config in chain.filters:
            yield from self._of_config(config)
        yield from self._secrets(secret_names(chain.transport_socket))

    def _of_filter(self, body: bytes) -> Iterator[Link]:
        yield from self._of_config(decode(TypedExtensionConfig, body, "a filter"))

    def _of_config(self, config: TypedExtensionConfig) -> Iterator[Link]:
        found = decode_extension(config)
        if isinstance(found, HttpConnectionManager):
            yield from self._tables(found)
        elif isinstance(found, TcpProxy):
            yield from self._clusters(tcp_clusters(found))

    def _tables(self, config: HttpConnectionManager) -> Iterator[Link]:
        if config.rds is not None:
            yield self._named("route_config", config.rds.route_config_name, "routes")
        elif config.route_config is not None:
            yield self._inline(config.route_config.name)

    def _inline(self, name: str) -> Link:
        """Refer to a table that stands in its chain: the dump lists it among the static ones."""
        for key, entry in keyed(self._proxy.dump.entries("route_config")):
            if entry.name == name and entry.state.value == "static":
                ref = Ref("route_config", key)
                return Link(words=f"routes {name or '(unnamed)'}", target=Target(ref=ref))
        return Link(
            words=f"routes {name or '(inline)'}",
            target=Target(ref=Ref("route_config", name)),
            missing=True,
        )

    def _of_route(self, body: bytes) -> Iterator[Link]:
        yield from self.of_route(decode(Route, body, "a route"))

    def of_route(self, route: Route) -> Iterator[Link]:
        """List what a route names."""
        yield from self._clusters(route_clusters(route))
        for mirror in route.route.request_mirror_policies if route.route is not None else ():
            if mirror.cluster:
                link = self._named("cluster", mirror.cluster, "cluster")
                yield msgspec.structs.replace(link, note="mirror", is_main=False)

    def _of_cluster(self, body: bytes) -> Iterator[Link]:
        yield from self.of_cluster(decode(Cluster, body, "a cluster"))

    def of_cluster(self, cluster: Cluster) -> Iterator[Link]:
        """List what a cluster names."""
        custom = cluster.cluster_type
        if custom is not None and bytes(custom.typed_config):
            config = decode_any(custom.typed_config)
            if isinstance(config, AggregateClusterConfig):
                for name in config.clusters:
                    yield self._named("cluster", name, "cluster")
        sockets = [match.transport_socket for match in cluster.transport_socket_matches]
        names = [name for s in (cluster.transport_socket, *sockets) for name in secret_names(s)]
        yield from self._secrets(tuple(dict.fromkeys(names)))

    def _clusters(self, clusters: tuple[WeightedName, ...]) -> Iterator[Link]:
        for cluster in clusters:
            link = self._named("cluster", cluster.name, "cluster")
            note = "" if cluster.weight is None else f"weight {cluster.weight}"
            yield msgspec.structs.replace(link, note=note)

    def _secrets(self, names: tuple[str, ...]) -> Iterator[Link]:
        for name in names:
            link = self._named("secret", name, "secret")
            yield msgspec.structs.replace(link, is_main=False)

    def _named(self, kind: str, name: str, words: str) -> Link:
        missing = name not in self._proxy.dump.serving(kind)
        note = ""
        if missing and self._proxy.is_warming(kind, name):
            note = "only warming"
        return Link(
            words=f"{words} {name or '(unnamed)'}",
            target=Target(ref=Ref(kind, name)),
            note=note,
            missing=missing,
        )
