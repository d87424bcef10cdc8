"""Which hosts a ring or a Maglev table speaks of, and by what key."""

import pytest

from osmscope.resources.endpoint import Locality
from osmscope.rules.hash_tables import HashTables, hash_key
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.maglev import Maglev
from osmscope.rules.priority_set import PrioritySet, Surroundings
from osmscope.rules.ring_hash import Ring


def host(name: str, zone: str = "", locality_weight: int = 0, *flags: str) -> Host:
    return Host(
        address=name,
        locality=Locality(zone=zone),
        locality_weight=locality_weight,
        flags=frozenset(flags),
    )


def tables(policy: LbPolicy, *hosts: Host) -> HashTables:
    return HashTables(policy, PrioritySet(policy, hosts, Surroundings()))


UNHEALTHY = "failed_active_hc"


@pytest.mark.parametrize(
    ("flags", "indices"),
    [
        (("", "", ""), (0, 1, 2)),
        (("", UNHEALTHY, ""), (0, 2)),
        (("", "degraded_eds_health", "degraded_eds_health"), (0,)),
        ((UNHEALTHY, UNHEALTHY, ""), (0, 1, 2)),  # panic
    ],
)
def test_healthy_hosts_only_but_all_in_panic(
    flags: tuple[str, ...], indices: tuple[int, ...]
) -> None:
    hosts = [host(str(index), "", 0, *filter(None, [flag])) for index, flag in enumerate(flags)]
    found = tables(LbPolicy(kind=Kind.RING_HASH), *hosts).of(0)
    assert found is not None
    assert found[1] == indices


def test_only_degraded_hosts_cannot_be_hashed_to() -> None:
    assert tables(LbPolicy(kind=Kind.MAGLEV), host("a", "", 0, "degraded")).of(0) is None


def test_kind_decides_and_a_table_is_made_once() -> None:
    ring = tables(LbPolicy(kind=Kind.RING_HASH), host("a"))
    maglev = tables(LbPolicy(kind=Kind.MAGLEV), host("a"))
    assert isinstance((ring.of(0) or (None,))[0], Ring)
    assert isinstance((maglev.of(0) or (None,))[0], Maglev)
    assert ring.of(0) is ring.of(0)


@pytest.mark.parametrize(
    ("names", "repeat"), [(("a", "b"), False), (("a", "b", "a"), True), ((), False)]
)
def test_hosts_that_share_a_key(names: tuple[str, ...], repeat: bool) -> None:
    found = tables(LbPolicy(kind=Kind.RING_HASH), *(host(name) for name in names))
    assert found.repeat_keys is repeat


def test_locality_weights() -> None:
    policy = LbPolicy(kind=Kind.MAGLEV, locality_weighted=True)
    found = tables(policy, host("b", "b", 3), host("c", "c"), host("a", "a", 1)).of(0)
    assert found is not None
    table, indices = found
    assert indices == (2, 0)  # without locality c, whose weight is 0
    assert [round(float(share), 2) for share in table.shares()] == [0.25, 0.75]


@pytest.mark.parametrize(
    ("metadata", "hostname", "use_hostname", "key"),
    [
        ({}, "", False, "10.0.0.1:80"),
        ({}, "name", False, "10.0.0.1:80"),
        ({}, "name", True, "name"),
        ({}, "", True, "10.0.0.1:80"),
        ({"envoy.lb": {"hash_key": "k"}}, "name", True, "k"),
        ({"envoy.lb": {"hash_key": ""}}, "name", True, "name"),
        ({"envoy.lb": {"hash_key": 1}}, "", False, "10.0.0.1:80"),
    ],
)
def test_hash_key(
    metadata: dict[str, dict[str, object]], hostname: str, use_hostname: bool, key: str
) -> None:
    known = Host(address="10.0.0.1:80", hostname=hostname, metadata=metadata)
    assert hash_key(known, use_hostname=use_hostname) == key
