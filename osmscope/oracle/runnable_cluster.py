"""A cluster's copy: static, in plaintext, every endpoint at a loopback address of its own.

Decision: only the fields that choose an endpoint are copied; where an endpoint really is, how it is
found, checked and spoken to are what a copy on one machine cannot have. Health is copied as it was
when the dump was taken. Hashing goes by the real address: the copy carries it as `hash_key`.
"""

from __future__ import annotations

import msgspec

from osmscope.oracle.json_tree import Json, message, messages, only, text, typed, without
from osmscope.oracle.runnable_http import needs_another
from osmscope.resources.cluster import Cluster
from osmscope.resources.proxy import Proxy
from osmscope.rules.cluster_type import ClusterKind, kind_of
from osmscope.rules.host_health import health, is_excluded
from osmscope.rules.hosts import Host, hosts_of, legacy_load_assignment

_COPIED = frozenset({
    "name", "connect_timeout", "lb_policy", "load_balancing_policy", "lb_subset_config",
    "ring_hash_lb_config", "maglev_lb_config", "least_request_lb_config",
    "round_robin_lb_config", "common_lb_config", "circuit_breakers", "metadata",
    "connection_pool_per_downstream_connection", "alt_stat_name",
})  # fmt: skip
_NAMED = {
    "transport_socket": "TLS to endpoints",
    "transport_socket_matches": "TLS to endpoints",
    "tls_context": "TLS to endpoints",
    "health_checks": "active health checks (each endpoint keeps the health it had)",
    "outlier_detection": "outlier detection",
}
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_LISTED = frozenset({
    ClusterKind.STATIC, ClusterKind.STRICT_DNS, ClusterKind.LOGICAL_DNS, ClusterKind.EDS,
})  # fmt: skip
"""The kinds of cluster whose endpoints a dump can list."""


class Endpoints:
    """Gives each endpoint of the copy a number, which the stand-in makes an address of."""

    def __init__(self) -> None:
        self.real: list[str] = []
        """The real address of each; "" where the dump does not tell it."""

    def number(self, address: str) -> int:
        """Take the next number for an endpoint."""
        self.real.append(address)
        return len(self.real) - 1


class ClusterCopies:
    """Copies the clusters of one sidecar."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self.endpoints = Endpoints()
        self.taken_out: dict[str, int] = {}
        """What was taken out → of how many clusters."""

    def copies(self) -> list[Json]:
        """Copy every cluster that serves; an endpoint's address is its number for now.

        Raises:
            DumpError: A cluster cannot be read.
        """
        return [
            self._copy(message(msgspec.json.decode(entry.body)), name)
            for name, entry in self._proxy.dump.serving("cluster").items()
        ]

    def _copy(self, body: Json, name: str) -> Json:
        for what in {named for field, named in _NAMED.items() if field in body}:
            self._note(what)
        cluster = self._proxy.cluster(name)
        assert cluster is not None
        copy = only(body, _COPIED)
        kind = kind_of(cluster)
        if options := self._options(body):
            copy["typed_extension_protocol_options"] = options
        if kind in (ClusterKind.AGGREGATE, ClusterKind.COMPOSITE):
            return {**copy, "cluster_type": body["cluster_type"], "lb_policy": "CLUSTER_PROVIDED"}
        if text(copy, "lb_policy") in ("CLUSTER_PROVIDED", "ORIGINAL_DST_LB"):
            del copy["lb_policy"]
        copy["type"] = "STATIC"
        copy["load_assignment"] = self._load_assignment(cluster, kind, _hashes(body))
        return copy

    def _options(self, body: Json) -> Json:
        """Copy what a cluster's HTTP options say of hashing, retries, mirrors and filters."""
        given = message(body, "typed_extension_protocol_options", _HTTP_OPTIONS)
        kept = only(given, ("hash_policy", "retry_policy", "request_mirror_policies"))
        filters = []
        for one in messages(given, "http_filters"):
            name = text(one, "name")
            if needs_another(message(one, "typed_config"), name):
                self._note(f"upstream HTTP filter {name}")
            else:
                filters.append(one)
        if filters:
            kept["http_filters"] = filters
        if not kept:
            return {}
        plain: Json = {"http_protocol_options": {}}
        return {_HTTP_OPTIONS: typed(_HTTP_OPTIONS, explicit_http_config=plain, **kept)}

    def _load_assignment(self, cluster: Cluster, kind: ClusterKind, hashes: bool) -> Json:
        delivered = self._proxy.load_assignment(cluster)
        assignment = delivered or legacy_load_assignment(cluster)
        status = self._proxy.status(cluster.name)
        hosts = hosts_of(assignment, None if status is None else status.hosts)
        ignores_new = cluster.common_lb_config.ignore_new_hosts_until_first_hc
        groups: list[Json]
        if kind not in _LISTED or not (hosts or self._is_known_empty(cluster, kind)):
            self._note("endpoints that the dump does not tell (one stands for all)")
            groups = [{"lb_endpoints": [self._endpoint(Host(address=""), "", hashes)]}]
        else:
            groups = [
                self._group(host, _health_status(host, ignores_new=ignores_new), hashes)
                for host in hosts
            ]
        policy = without(msgspec.to_builtins(assignment.policy), ("endpoint_stale_after",))
        return {"cluster_name": cluster.name, "endpoints": groups, "policy": _set(policy)}

    def _is_known_empty(self, cluster: Cluster, kind: ClusterKind) -> bool:
        return kind is not ClusterKind.EDS or self._proxy.has_endpoints(cluster)

    def _group(self, host: Host, health_status: str, hashes: bool) -> Json:
        group: Json = {
            "priority": host.priority,
            "lb_endpoints": [self._endpoint(host, health_status, hashes)],
        }
        if locality := _set(msgspec.to_builtins(host.locality)):
            group["locality"] = locality
        if host.locality_weight:
            group["load_balancing_weight"] = host.locality_weight
        if host.locality_metadata:
            group["metadata"] = {"filter_metadata": host.locality_metadata}
        return group

    def _endpoint(self, host: Host, health_status: str, hashes: bool) -> Json:
        metadata = dict(host.metadata)
        if hashes and host.address:
            metadata["envoy.lb"] = {"hash_key": host.address, **metadata.get("envoy.lb", {})}
        number = self.endpoints.number(host.address)
        endpoint: Json = {"address": number, "hostname": host.hostname}
        return {
            "endpoint": endpoint,
            "health_status": health_status or "UNKNOWN",
            "load_balancing_weight": host.weight,
            "metadata": {"filter_metadata": metadata},
        }

    def _note(self, what: str) -> None:
        self.taken_out[what] = self.taken_out.get(what, 0) + 1


def put_addresses(clusters: list[Json], addresses: tuple[str, ...]) -> None:
    """Replace the numbers of endpoints by the addresses at which the stand-in answers."""
    for cluster in clusters:
        groups = message(cluster, "load_assignment").get("endpoints", [])
        assert isinstance(groups, list)
        for group in groups:
            for one in group["lb_endpoints"]:
                ip, _, port = addresses[one["endpoint"]["address"]].rpartition(":")
                socket = {"address": ip, "port_value": int(port)}
                one["endpoint"]["address"] = {"socket_address": socket}


def _health_status(host: Host, *, ignores_new: bool) -> str:
    """Return the one state that stands for a host's flags: only a draining host does not count."""
    if is_excluded(host, ignore_new_hosts=ignores_new):
        return "DRAINING"
    return health(host).value


def _hashes(body: Json) -> bool:
    """Whether a cluster picks endpoints by a hash of their addresses."""
    words = str(only(body, ("lb_policy", "load_balancing_policy"))).lower()
    by_name = "use_hostname_for_hashing" in str(body)
    return ("ring_hash" in words or "maglev" in words) and not by_name


def _set(policy: Json) -> Json:
    """Leave out what is not set."""
    return {name: value for name, value in policy.items() if value}
