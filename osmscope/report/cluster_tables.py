"""The tables of clusters and of endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.dump.host_status import HostStatus
from osmscope.dump.sections import Entry
from osmscope.report.keys import keyed, told_apart
from osmscope.report.table import Row, Table, columns
from osmscope.resources.cluster import Cluster
from osmscope.resources.endpoint import (
    ClusterLoadAssignment,
    LbEndpoint,
    Locality,
    LocalityLbEndpoints,
)
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import secret_names, upstream_sni
from osmscope.resources.resource import decode

_NO_LOCALITY = Locality()
_NO_CLUSTER = "config dump, which has no such cluster"


def cluster_table(proxy: Proxy) -> Table:
    """List the clusters in all their states."""
    entries = keyed(proxy.dump.entries("cluster"))
    return Table(
        columns(
            "cluster", "type", "lb policy", "TLS SNI", "endpoints", "state",
            wide=("secrets", "error", "version", "updated"), spare=("lb policy", "TLS SNI"),
        ),
        tuple(_cluster_row(proxy, key, entry) for key, entry in entries),
    )  # fmt: skip


def endpoint_table(proxy: Proxy) -> Table:
    """List all endpoints: of a cluster the live ones of /clusters, else the dump's."""
    return Table(
        columns(
            "cluster", "address", "health", "weight", "priority", "locality", wide=("source",),
            spare=("locality",),
        ),
        tuple(told_apart(_all_endpoint_rows(proxy))),
    )  # fmt: skip


def _all_endpoint_rows(proxy: Proxy) -> Iterator[Row]:
    for name in proxy.dump.serving("cluster"):
        yield from _endpoint_rows(proxy, name)
    yield from _rows_without_cluster(proxy)


def _cluster_row(proxy: Proxy, key: str, entry: Entry) -> Row:
    error = entry.error.details if entry.error is not None else ""
    if not bytes(entry.body):
        cells = (entry.name, "", "", "", "", entry.state.value, (), error, entry.version_info)
        return Row((*cells, entry.last_updated), (entry.name,), key)
    cluster = decode(Cluster, entry.body, f"cluster {entry.name!r}")
    custom = cluster.cluster_type.name if cluster.cluster_type is not None else ""
    return Row(
        (
            entry.name,
            custom or cluster.type,
            "by policy" if cluster.load_balancing_policy is not None else cluster.lb_policy,
            upstream_sni(cluster.transport_socket),
            _count(_healths(proxy, cluster)) if entry.state.serves else "",
            entry.state.value,
            secret_names(cluster.transport_socket),
            error,
            entry.version_info,
            entry.last_updated,
        ),
        (entry.name,),
        key,
    )


def _count(healths: list[str]) -> str:
    if not healths:
        return "none known"
    healthy = sum(health in ("healthy", "unknown") for health in healths)
    return f"{len(healths)}" if healthy == len(healths) else f"{healthy} of {len(healths)} healthy"


def _healths(proxy: Proxy, cluster: Cluster) -> list[str]:
    status = proxy.status(cluster.name)
    if status is not None:
        return [_live_health(host) for host in status.hosts]
    assignment = proxy.load_assignment(cluster)
    return [endpoint.health_status.lower() for _, endpoint in _assigned(assignment)]


def _endpoint_rows(proxy: Proxy, name: str) -> Iterator[Row]:
    status = proxy.status(name)
    if status is not None:
        for host in status.hosts:
            yield _live(name, host)
        return
    cluster = proxy.cluster(name)
    assignment = proxy.load_assignment(cluster) if cluster is not None else None
    for locality, endpoint in _assigned(assignment):
        yield _configured(name, locality, endpoint)


def _assigned(
    assignment: ClusterLoadAssignment | None,
) -> Iterator[tuple[LocalityLbEndpoints, LbEndpoint]]:
    for locality in assignment.endpoints if assignment is not None else ():
        for endpoint in locality.lb_endpoints:
            yield locality, endpoint


def _rows_without_cluster(proxy: Proxy) -> Iterator[Row]:
    """List the endpoints that no cluster of the dump looks up."""
    clusters = proxy.dump.serving("cluster")
    looked_up = {
        entry.path
        for cluster in map(proxy.cluster, clusters)
        if cluster is not None and (entry := proxy.load_assignment_entry(cluster)) is not None
    }
    for name, entry in proxy.dump.serving("endpoint").items():
        if entry.path not in looked_up:
            assignment = decode(ClusterLoadAssignment, entry.body, f"endpoints of {name!r}")
            for locality, endpoint in _assigned(assignment):
                yield _configured(name, locality, endpoint, source=_NO_CLUSTER)
    for name, status in (proxy.clusters or {}).items():
        if name not in clusters:
            yield from (_live(name, host) for host in status.hosts)


def _live_health(host: HostStatus) -> str:
    return ", ".join(sorted(host.flags)) or "healthy"


def _live(name: str, host: HostStatus) -> Row:
    locality = Locality(region=host.region, zone=host.zone, sub_zone=host.sub_zone).text()
    cells = (
        name, host.address, _live_health(host), host.weight, host.priority, locality, "/clusters",
    )  # fmt: skip
    return Row(cells, (name, host.address), f"{name}@{host.address}", name)


def _configured(
    name: str, locality: LocalityLbEndpoints, endpoint: LbEndpoint, source: str = "config dump"
) -> Row:
    address = endpoint.endpoint.address.text()
    cells = (
        name,
        address,
        endpoint.health_status.lower(),
        1 if endpoint.load_balancing_weight is None else endpoint.load_balancing_weight,
        locality.priority,
        (locality.locality or _NO_LOCALITY).text(),
        source,
    )
    return Row(cells, (name, address), f"{name}@{address}", name)
