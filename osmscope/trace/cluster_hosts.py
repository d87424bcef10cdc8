"""A cluster made ready for many requests: its hosts, and the load balancing over them."""

from collections.abc import Iterator

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.endpoint import ClusterLoadAssignment, LoadAssignmentPolicy
from osmscope.resources.proxy import Proxy
from osmscope.rules.absent_load_assignment import taken_for_granted
from osmscope.rules.cluster_type import ClusterKind, kind_of, members_of
from osmscope.rules.host_health import Health, health
from osmscope.rules.hosts import Host, hosts_of, legacy_load_assignment
from osmscope.rules.lb_policy import policy_of
from osmscope.rules.load_balancing import LoadBalancer
from osmscope.rules.priority_set import Surroundings


class ClusterHosts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a cluster's endpoints."""

    kind: ClusterKind
    balancer: LoadBalancer
    assignment_policy: LoadAssignmentPolicy
    members: tuple[str, ...] = ()
    """The clusters that an aggregate or composite cluster consists of."""
    missing: str = ""
    """Why the endpoints are not known, as a noun."""
    assumptions: tuple[str, ...] = ()
    """What is taken for granted of them, where only /clusters or `include_eds` would tell."""
    is_unassigned: bool = False
    """Whether /clusters shows them, and the dump nothing of their load assignment."""

    def health_counts(self) -> tuple[int, int]:
        """Return how many endpoints are healthy, and how many there are."""
        hosts = self.balancer.hosts
        return sum(health(host) is Health.HEALTHY for host in hosts), len(hosts)


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no cluster of a name."""

    missing: str = ""
    """What the dump would have to hold to tell, as a noun."""
    reason: str = ""
    """Why Envoy has none, as a clause; "" where it never heard of it."""


def why_absent(proxy: Proxy, name: str) -> Absence:
    """Say why a cluster that a request should go to does not serve.

    Args:
        proxy: The sidecar's resources.
        name: A name that `proxy.cluster` does not find; "" where none was given.
    """
    if name and not proxy.dump.has("cluster"):
        return Absence(missing=f'the cluster "{name}" (the dump has no clusters section)')
    if proxy.is_warming("cluster", name):
        return Absence(reason=f'the cluster "{name}" is still warming')
    rejected = next((e.error for e in proxy.dump.find("cluster", name) if e.error), None)
    if name and rejected is not None:
        return Absence(reason=f'the cluster "{name}" was rejected: {rejected.details}')
    return Absence()


def cluster_hosts(proxy: Proxy, cluster: Cluster) -> ClusterHosts:
    """Gather a cluster's endpoints, from the dump and from /clusters.

    Raises:
        DumpError: A resource cannot be read.
    """
    kind = kind_of(cluster)
    delivered = proxy.load_assignment(cluster)
    assignment = delivered or legacy_load_assignment(cluster)
    status = proxy.status(cluster.name)
    policy, hosts = policy_of(cluster, proxy.runtime), _hosts(proxy, cluster)
    is_unassigned = status is not None and kind is ClusterKind.EDS and delivered is None
    granted = taken_for_granted(policy, hosts, whole=is_unassigned)
    local = proxy.cluster(proxy.local_cluster_name) if proxy.local_cluster_name else None
    surroundings = Surroundings(
        overprovisioning_factor=assignment.policy.overprovisioning_factor or 140,
        weighted_priority_health=_weighs_health(cluster, assignment),
        node_locality=proxy.locality,
        local_hosts=() if local is None else _hosts(proxy, local),
    )
    return ClusterHosts(
        kind=kind,
        balancer=LoadBalancer(policy, hosts, surroundings),
        assignment_policy=assignment.policy,
        members=members_of(cluster),
        missing=_missing(proxy, cluster, kind) if status is None else "",
        assumptions=(
            tuple(_unknown_health(proxy, cluster))
            if status is None
            else tuple(of_load_assignment(cluster.name, predicate) for predicate in granted)
        ),
        is_unassigned=is_unassigned,
    )


def of_load_assignment(cluster: str, predicate: str) -> str:
    """Say what is taken for granted of a cluster's load assignment."""
    return (
        f'the load assignment of cluster "{cluster}" {predicate}'
        " (the dump was taken without include_eds)"
    )


def _hosts(proxy: Proxy, cluster: Cluster) -> tuple[Host, ...]:
    assignment = proxy.load_assignment(cluster) or legacy_load_assignment(cluster)
    status = proxy.status(cluster.name)
    hosts = hosts_of(assignment, None if status is None else status.hosts)
    known = cluster.load_assignment is not None or any(one.locality_metadata for one in hosts)
    if known or not cluster.transport_socket_matches:
        return hosts
    return tuple(msgspec.structs.replace(host, locality_metadata=None) for host in hosts)


def _weighs_health(cluster: Cluster, assignment: ClusterLoadAssignment) -> bool | None:
    """Tell what only the cluster's own configuration does: Envoy leaves it out of its dump."""
    if cluster.load_assignment is not None:
        return cluster.load_assignment.policy.weighted_priority_health
    return assignment.policy.weighted_priority_health or None


def _unknown_health(proxy: Proxy, cluster: Cluster) -> Iterator[str]:
    """Name what changes health while Envoy runs: a configuration holds only how it began."""
    options = http_protocol_options(cluster)
    detects = cluster.outlier_detection or (options and options.outlier_detection)
    if proxy.has_namesakes(cluster):
        words = "is that of the last endpoints of that name in the dump"
        yield f'the health of the endpoints of cluster "{cluster.name}" {words}'
    dumped = proxy.load_assignment_entry(cluster) is not None
    if not dumped and (cluster.health_checks or detects):
        words = "health checks and outlier detection find what is configured"
        yield f'of cluster "{cluster.name}", {words} (/clusters was not given)'
    elif cluster.health_checks and cluster.common_lb_config.ignore_new_hosts_until_first_hc:
        yield f'of cluster "{cluster.name}", no endpoint waits for its first health check'


def _missing(proxy: Proxy, cluster: Cluster, kind: ClusterKind) -> str:
    """Absence of data is not absence of endpoints: say what would tell."""
    if kind is not ClusterKind.EDS or proxy.has_endpoints(cluster):
        return ""
    of_dump = "was taken without include_eds"
    if proxy.dump.has("endpoint"):
        of_dump = "lists endpoints, but none of it"
    return (
        f'which endpoints cluster "{cluster.name}" has (the dump {of_dump},'
        " and /clusters was not given)"
    )
