"""The hosts of a cluster: what its load assignment says of them, and what /clusters says of each.

What Envoy does: a host is known by its priority, its locality and its address; a locality without
the field `locality` loses its weight, and of entries with the same priority and locality the last
weight counts. A DNS cluster's load assignment has names only: each resolved address is a host that
has the weight, locality and metadata of its name. Where /clusters is given, it decides membership,
order and health; metadata and locality weights are only in the load assignment. Checked against
Envoy 1.40.0. Not modelled: LEDS, and `additional_addresses` (the first address is the host).
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from osmscope.dump.host_status import HostStatus
from osmscope.resources.address import host_port
from osmscope.resources.cluster import Cluster
from osmscope.resources.endpoint import (
    ClusterLoadAssignment,
    LbEndpoint,
    Locality,
    LocalityLbEndpoints,
    Metadata,
)

_FLAGS_OF_STATUS: Mapping[str, frozenset[str]] = {
    # A dump's UNHEALTHY and DEGRADED join all causes, so they name none.
    "UNHEALTHY": frozenset({"unhealthy"}),
    "DEGRADED": frozenset({"degraded"}),
    "TIMEOUT": frozenset({"failed_eds_health"}),
    "DRAINING": frozenset({"eds_status_draining"}),
}


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One upstream host."""

    address: str
    """`ip:port`, or as /clusters prints other kinds of address."""
    hostname: str = ""
    weight: int = 1
    priority: int = 0
    locality: Locality = Locality()
    locality_weight: int = 0
    """0 where none is given: no traffic under locality weighted load balancing."""
    metadata: Metadata = {}
    locality_metadata: Metadata | None = {}
    """None where it is not known: Envoy does not dump what EDS says of localities."""
    is_assigned: bool = True
    """Whether its metadata and its locality's weight are known; /clusters alone tells neither."""
    flags: frozenset[str] = frozenset()
    """Health flags named as in the text of /clusters; `unhealthy` and `degraded` where a dump
    tells no cause."""


def hosts_of(
    load_assignment: ClusterLoadAssignment | None, statuses: Sequence[HostStatus] | None = None
) -> tuple[Host, ...]:
    """List a cluster's hosts.

    Args:
        load_assignment: From the EndpointsConfigDump, else the cluster's own; None without either.
        statuses: The cluster's hosts in /clusters; None where /clusters is not known.
    """
    configured = tuple(_configured(load_assignment or ClusterLoadAssignment()))
    if statuses is None:
        return configured
    by_place = {_place(host): host for host in configured}
    by_name = {_place_of_name(host): host for host in configured}
    hosts = []
    for status in statuses:
        host = _of_status(status)
        known = by_place.get(_place(host)) or by_name.get(_place_of_name(host))
        hosts.append(_merged(host, known) if known else host)
    return tuple(hosts)


def legacy_load_assignment(cluster: Cluster) -> ClusterLoadAssignment:
    """Return a cluster's own load assignment, made of `hosts` where that older field is used."""
    if cluster.load_assignment is not None or not cluster.hosts:
        return cluster.load_assignment or ClusterLoadAssignment()
    endpoints = tuple(
        msgspec.convert({"endpoint": {"address": msgspec.to_builtins(address)}}, LbEndpoint)
        for address in cluster.hosts
    )
    group = LocalityLbEndpoints(lb_endpoints=endpoints)
    return ClusterLoadAssignment(cluster_name=cluster.name, endpoints=(group,))


def _configured(load_assignment: ClusterLoadAssignment) -> Iterator[Host]:
    weights = {
        (group.priority, group.locality): group.load_balancing_weight
        for group in load_assignment.endpoints
        if group.locality is not None and group.load_balancing_weight
    }
    for group in sorted(load_assignment.endpoints, key=lambda group: group.priority):
        locality = group.locality or Locality()
        weight = weights.get((group.priority, locality), 0) if group.locality else 0
        for endpoint in group.lb_endpoints:
            yield Host(
                address=endpoint.endpoint.address.text(),
                hostname=endpoint.endpoint.hostname,
                weight=endpoint.load_balancing_weight or 1,
                priority=group.priority,
                locality=locality,
                locality_weight=weight,
                metadata=endpoint.metadata.filter_metadata,
                locality_metadata=group.metadata.filter_metadata,
                flags=_FLAGS_OF_STATUS.get(endpoint.health_status, frozenset()),
            )


def _of_status(status: HostStatus) -> Host:
    return Host(
        address=status.address,
        hostname=status.hostname,
        weight=status.weight,
        priority=status.priority,
        locality=Locality(region=status.region, zone=status.zone, sub_zone=status.sub_zone),
        flags=status.flags,
        is_assigned=False,
    )


def _merged(host: Host, known: Host) -> Host:
    return msgspec.structs.replace(
        host,
        hostname=host.hostname or known.hostname,
        locality_weight=known.locality_weight,
        metadata=known.metadata,
        locality_metadata=known.locality_metadata,
        is_assigned=True,
    )


def _place(host: Host) -> tuple[int, Locality, str]:
    return host.priority, host.locality, host.address


def _place_of_name(host: Host) -> tuple[int, Locality, str]:
    # A resolved host carries its endpoint's hostname, or else the name that was resolved.
    name, _, port = host.address.rpartition(":")
    text = host_port(host.hostname or name, int(port)) if port.isdigit() else host.address
    return host.priority, host.locality, text
