"""The hosts of a cluster, as a table of what Envoy 1.40.0 makes of its sources."""

import msgspec
import pytest

from osmscope.dump.host_status import HostStatus
from osmscope.resources.cluster import Cluster
from osmscope.resources.endpoint import ClusterLoadAssignment, Locality
from osmscope.rules.hosts import Host, hosts_of, legacy_load_assignment


def endpoint(address: str, **fields: object) -> dict[str, object]:
    host, _, port = address.rpartition(":")
    socket = {"address": host, "port_value": int(port)}
    return {"endpoint": {"address": {"socket_address": socket}}, **fields}


def assignment(*endpoints: dict[str, object]) -> ClusterLoadAssignment:
    return msgspec.convert({"endpoints": endpoints}, ClusterLoadAssignment)


def only(load_assignment: ClusterLoadAssignment) -> Host:
    (host,) = hosts_of(load_assignment)
    return host


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("UNKNOWN", set()),
        ("HEALTHY", set()),
        ("UNHEALTHY", {"unhealthy"}),
        ("DEGRADED", {"degraded"}),
        ("TIMEOUT", {"failed_eds_health"}),
        ("DRAINING", {"eds_status_draining"}),
    ],
)
def test_health_status_without_clusters(status: str, flags: set[str]) -> None:
    host = only(assignment({"lb_endpoints": [endpoint("10.0.0.1:80", health_status=status)]}))
    assert host.flags == flags


def test_weight_is_one_where_none_is_given() -> None:
    group = {"lb_endpoints": [endpoint("10.0.0.1:80"), endpoint("b:1", load_balancing_weight=7)]}
    assert [(host.address, host.weight) for host in hosts_of(assignment(group))] == [
        ("10.0.0.1:80", 1),
        ("b:1", 7),
    ]


def test_hosts_are_listed_by_priority() -> None:
    groups = [{"priority": p, "lb_endpoints": [endpoint(f"10.0.0.{p}:80")]} for p in (2, 0)]
    assert [host.priority for host in hosts_of(assignment(*groups))] == [0, 2]


def test_a_locality_that_is_absent_loses_its_weight() -> None:
    group = {"lb_endpoints": [endpoint("10.0.0.1:80")], "load_balancing_weight": 3}
    assert only(assignment(group)).locality_weight == 0
    assert only(assignment({**group, "locality": {}})).locality_weight == 3


def test_the_last_weight_of_a_locality_counts() -> None:
    groups = [
        {"locality": {"zone": "z"}, "lb_endpoints": [endpoint("10.0.0.1:80")], **weight}
        for weight in ({"load_balancing_weight": 1}, {"load_balancing_weight": 5}, {})
    ]
    assert [host.locality_weight for host in hosts_of(assignment(*groups))] == [5, 5, 5]


METADATA = {"filter_metadata": {"envoy.lb": {"v": "1"}}}
GROUP = {
    "locality": {"zone": "z"},
    "load_balancing_weight": 4,
    "metadata": {"filter_metadata": {"l": {}}},
    "lb_endpoints": [endpoint("10.0.0.1:80", metadata=METADATA, health_status="UNHEALTHY")],
}


def test_clusters_decide_membership_health_and_weight() -> None:
    statuses = [
        HostStatus(address="10.0.0.2:80", zone="z"),
        HostStatus(
            address="10.0.0.1:80", zone="z", weight=9, flags=frozenset({"degraded_eds_health"})
        ),
    ]
    other, host = hosts_of(assignment(GROUP), statuses)
    assert (other.address, other.metadata, other.locality_weight) == ("10.0.0.2:80", {}, 0)
    assert host == Host(
        address="10.0.0.1:80",
        weight=9,
        locality=Locality(zone="z"),
        locality_weight=4,
        metadata={"envoy.lb": {"v": "1"}},
        locality_metadata={"l": {}},
        flags=frozenset({"degraded_eds_health"}),
    )


@pytest.mark.parametrize("place", [{"priority": 1}, {"zone": "y"}])
def test_hosts_are_joined_by_priority_and_locality_too(place: dict[str, object]) -> None:
    status = msgspec.convert({"address": "10.0.0.1:80", "zone": "z", **place}, HostStatus)
    (host,) = hosts_of(assignment(GROUP), [status])
    assert host.metadata == {}


@pytest.mark.parametrize(
    ("hostname", "configured"),
    [("a.example", "a.example:80"), ("given", "a.example:80")],
)
def test_each_resolved_address_has_what_its_name_has(hostname: str, configured: str) -> None:
    named = endpoint(configured, metadata=METADATA)
    named["endpoint"] = {**named["endpoint"], "hostname": hostname}  # type: ignore[dict-item]
    statuses = [HostStatus(address=f"10.0.0.{n}:80", hostname=hostname) for n in (1, 2)]
    hosts = hosts_of(assignment({"locality": {}, "lb_endpoints": [named]}), statuses)
    assert [(host.address, host.hostname) for host in hosts] == [
        ("10.0.0.1:80", hostname),
        ("10.0.0.2:80", hostname),
    ]
    assert all(host.metadata == {"envoy.lb": {"v": "1"}} for host in hosts)
    assert all(host.is_assigned for host in hosts)


def test_addresses_without_a_port() -> None:
    pipe = {"endpoint": {"address": {"pipe": {"path": "/a"}}}, "metadata": METADATA}
    (host,) = hosts_of(assignment({"lb_endpoints": [pipe]}), [HostStatus(address="/a")])
    assert host.metadata == {"envoy.lb": {"v": "1"}}


def test_clusters_alone_are_enough() -> None:
    (host,) = hosts_of(None, [HostStatus(address="a:1")])
    assert (host.address, host.is_assigned) == ("a:1", False)
    assert hosts_of(None) == ()


def test_the_hosts_field_of_before_2020() -> None:
    hosts = [{"socket_address": {"address": "10.0.0.1", "port_value": 80}}]
    legacy = msgspec.convert({"name": "a", "hosts": hosts}, Cluster)
    assert [host.address for host in hosts_of(legacy_load_assignment(legacy))] == ["10.0.0.1:80"]
    assert legacy_load_assignment(Cluster()) == ClusterLoadAssignment()
    modern = Cluster(load_assignment=assignment(GROUP))
    assert legacy_load_assignment(modern) == modern.load_assignment
