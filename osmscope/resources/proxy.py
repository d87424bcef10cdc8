"""All resources of one sidecar, decoded when asked for and once."""

import functools
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from osmscope.dump.clusters import Clusters, ClusterStatus
from osmscope.dump.endpoints import assignments
from osmscope.dump.sections import Dump, Entry
from osmscope.dump.states import State
from osmscope.resources.cluster import Cluster
from osmscope.resources.endpoint import ClusterLoadAssignment, Locality
from osmscope.resources.http_connection_manager import ScopedRouteConfiguration
from osmscope.resources.listener import Listener
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource, ResourceT, decode
from osmscope.resources.route import RouteConfiguration
from osmscope.resources.transport_socket import Secret


class ClusterManager(Resource, frozen=True):
    """What the bootstrap says of all clusters."""

    local_cluster_name: str = ""


class RuntimeLayer(Resource, frozen=True):
    """One layer of runtime values; a dump holds those of static layers."""

    inert = frozenset({"admin_layer"})

    name: str = ""
    static_layer: dict[str, object] = {}
    disk_layer: object = None
    rtds_layer: object = None


class LayeredRuntime(Resource, frozen=True):
    """Runtime layers, later ones win."""

    layers: tuple[RuntimeLayer, ...] = ()


class OverloadManager(Resource, frozen=True):
    """What Envoy does under load; a dump does not hold the load."""

    inert = frozenset({"refresh_interval", "resource_monitors", "buffer_factory_config"})

    actions: tuple[Opaque, ...] = ()
    loadshed_points: tuple[Opaque, ...] = ()


class Bootstrap(Resource, frozen=True):
    """The parts of a bootstrap that decide something."""

    cluster_manager: ClusterManager = ClusterManager()
    layered_runtime: LayeredRuntime = LayeredRuntime()
    overload_manager: OverloadManager = OverloadManager()


class _Scopes(Resource, frozen=True):
    scopes: tuple[msgspec.Raw, ...] = ()


def _runtime_values(key: str, value: object) -> Iterator[tuple[str, object]]:
    """Flatten a runtime value: keys of nested objects are joined by dots, but for a fraction."""
    if isinstance(value, dict) and value and not {"numerator", "denominator"} & value.keys():
        for inner, part in value.items():
            yield from _runtime_values(f"{key}.{inner}", part)
    else:
        yield key, value


def _eds_name(cluster: Cluster) -> str:
    """The name under which a cluster's endpoints are delivered."""
    eds = cluster.eds_cluster_config
    return (eds and eds.service_name) or cluster.name


def _with_metadata_of_localities(
    dumped: ClusterLoadAssignment, own: ClusterLoadAssignment
) -> ClusterLoadAssignment:
    """Add what Envoy leaves out where it dumps endpoints, of those that its configuration names."""
    known = {(one.priority, one.locality or Locality()): one.metadata for one in own.endpoints}
    groups = tuple(
        msgspec.structs.replace(
            one, metadata=known.get((one.priority, one.locality or Locality()), one.metadata)
        )
        for one in dumped.endpoints
    )
    return msgspec.structs.replace(dumped, endpoints=groups)


def _decode_entry(
    resource_type: type[ResourceT], entry: Entry | None, where: str
) -> ResourceT | None:
    return None if entry is None else decode(resource_type, entry.body, where)


class Proxy:
    """One sidecar's resources."""

    def __init__(self, dump: Dump, clusters: Clusters | None = None) -> None:
        self.dump = dump
        self.clusters = clusters
        self._scopes_cache: dict[str, tuple[ScopedRouteConfiguration, ...]] = {}
        self._cluster_cache: dict[str, Cluster | None] = {}
        self._route_cache: dict[str, RouteConfiguration | None] = {}

    @functools.cached_property
    def listener_entries(self) -> tuple[Entry, ...]:
        """The listeners that accept connections, in the dump's order, also nameless ones."""
        return tuple(entry for entry in self.dump.entries("listener") if entry.state.serves)

    @functools.cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners that accept connections, in the order of `listener_entries`.

        Raises:
            DumpError: A listener cannot be read.
        """
        return tuple(
            decode(Listener, entry.body, f"listener {entry.name!r}")
            for entry in self.listener_entries
        )

    def route_configuration(self, name: str) -> RouteConfiguration | None:
        """Return the route table that RDS delivered under a name; None if there is none.

        Raises:
            DumpError: It cannot be read.
        """
        if name not in self._route_cache:
            entry = self.dump.serving("route_config").get(name)
            self._route_cache[name] = _decode_entry(
                RouteConfiguration, entry, f"route configuration {name!r}"
            )
        return self._route_cache[name]

    def scopes(self, name: str) -> tuple[ScopedRouteConfiguration, ...]:
        """Return the scopes that were delivered for the `scoped_routes` of a name.

        Raises:
            DumpError: One cannot be read.
        """
        if name not in self._scopes_cache:
            self._scopes_cache[name] = tuple(self._read_scopes(name))
        return self._scopes_cache[name]

    def _read_scopes(self, name: str) -> Iterator[ScopedRouteConfiguration]:
        where = f"the scopes {name!r}"
        for entry in self.dump.find("scoped_routes", name):
            if entry.state.serves:
                for body in decode(_Scopes, b'{"scopes":%s}' % bytes(entry.body), where).scopes:
                    yield decode(ScopedRouteConfiguration, body, where)

    def cluster(self, name: str) -> Cluster | None:
        """Return a cluster that serves; None if there is none of that name.

        Raises:
            DumpError: It cannot be read.
        """
        if name not in self._cluster_cache:
            entry = self.dump.serving("cluster").get(name)
            self._cluster_cache[name] = _decode_entry(Cluster, entry, f"cluster {name!r}")
        return self._cluster_cache[name]

    def expect_clusters(self, names: Iterable[str]) -> None:
        """Say which clusters will be asked for, so that a live sidecar is asked for all at once.

        Raises:
            DumpError: One cannot be read.
        """
        if not self.dump.is_live:
            return
        names = tuple(dict.fromkeys(filter(None, names)))
        self.dump.expect("cluster", names)
        found = filter(None, map(self.cluster, names))
        self.dump.expect("endpoint", [_eds_name(cluster) for cluster in found])
        if self.clusters is not None:
            self.clusters.expect(names)

    def is_warming(self, kind: str, name: str) -> bool:
        """Whether a resource is there, but only warming."""
        states = {entry.state for entry in self.dump.find(kind, name)}
        return State.WARMING in states and not any(state.serves for state in states)

    def load_assignment(self, cluster: Cluster) -> ClusterLoadAssignment | None:
        """Return a cluster's endpoints as the dump has them; None where it has none.

        Raises:
            DumpError: They cannot be read.
        """
        entry = self.load_assignment_entry(cluster)
        if entry is None:
            return cluster.load_assignment
        where = f"endpoints of cluster {cluster.name!r}"
        dumped = decode(ClusterLoadAssignment, entry.body, where)
        own = cluster.load_assignment
        return dumped if own is None else _with_metadata_of_localities(dumped, own)

    def load_assignment_entry(self, cluster: Cluster) -> Entry | None:
        """Return the dump's entry of a cluster's endpoints; None where they have none."""
        name = _eds_name(cluster)
        return self.dump.serving("endpoint").get(name) or self._nameless.get(name)

    def has_namesakes(self, cluster: Cluster) -> bool:
        """Whether the dump has other endpoints under the name of a cluster's: nothing tells whose.

        Clusters that share a `service_name` have the same endpoints, but each its own health.
        """
        entries = self.dump.find("endpoint", _eds_name(cluster))
        return len({bytes(entry.body) for entry in entries if entry.state.serves}) > 1

    @functools.cached_property
    def _nameless(self) -> Mapping[str, Entry]:
        """Endpoints that an older Envoy gave without the name of their cluster, by that name."""
        if not self.dump.has_nameless("endpoint"):
            return {}
        assigned = assignments(self.dump, self.clusters)
        return {name: entries[-1] for name, entries in assigned.items()}

    def has_endpoints(self, cluster: Cluster) -> bool:
        """Whether the dump or /clusters shows a cluster's endpoints.

        With `include_eds` Envoy lists each cluster that serves, also one without any endpoint.
        """
        known = self.clusters is not None and cluster.name in self.clusters
        return known or self.load_assignment(cluster) is not None

    def status(self, cluster_name: str) -> ClusterStatus | None:
        """Return what /clusters says of a cluster; None where it was not given or lacks it."""
        return self.clusters.get(cluster_name) if self.clusters is not None else None

    def secret(self, name: str) -> Secret | None:
        """Return a secret that is delivered.

        Raises:
            DumpError: It cannot be read.
        """
        entry = self.dump.serving("secret").get(name)
        return _decode_entry(Secret, entry, f"secret {name!r}")

    def discovered_filter(self, name: str) -> TypedExtensionConfig | None:
        """Return a filter's configuration that ECDS delivered.

        Raises:
            DumpError: It cannot be read.
        """
        entry = self.dump.serving("ecds_filter").get(name)
        return _decode_entry(TypedExtensionConfig, entry, f"filter {name!r}")

    @functools.cached_property
    def runtime(self) -> dict[str, object]:
        """The runtime values of the bootstrap's static layers."""
        values: dict[str, object] = {}
        for layer in self._bootstrap.layered_runtime.layers:
            for key, value in layer.static_layer.items():
                values.update(_runtime_values(key, value))
        return values

    @functools.cached_property
    def undumped_runtime_layers(self) -> tuple[str, ...]:
        """The runtime layers whose values a dump does not hold: discovered ones, and files."""
        layers = self._bootstrap.layered_runtime.layers
        return tuple(one.name for one in layers if one.disk_layer or one.rtds_layer)

    @property
    def sheds_load(self) -> bool:
        """Whether the overload manager would refuse requests or connections under load."""
        manager = self._bootstrap.overload_manager
        return bool(manager.actions or manager.loadshed_points)

    @functools.cached_property
    def local_cluster_name(self) -> str:
        """The cluster of this Envoy's peers, for zone aware routing; "" where none is named."""
        return self._bootstrap.cluster_manager.local_cluster_name

    @functools.cached_property
    def locality(self) -> Locality | None:
        """Where this Envoy stands."""
        body = self.dump.node().locality
        return None if body is None else decode(Locality, body, "the node's locality")

    @functools.cached_property
    def _bootstrap(self) -> Bootstrap:
        body = self.dump.bootstrap
        return Bootstrap() if body is None else decode(Bootstrap, body, "the bootstrap")
