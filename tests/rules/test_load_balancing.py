"""From a cluster's hosts to the share of each: named hosts, subsets, and the whole."""

from fractions import Fraction

import msgspec
import pytest

from osmscope.resources.load_balancing import LbSubsetConfig
from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.load_balancing import LoadBalancer, Surroundings, endpoint_shares
from osmscope.rules.shares import Shares


def host(name: str, *flags: str, **fields: object) -> Host:
    known = Host(address=name, flags=frozenset(flags), metadata={"envoy.lb": {"v": name[0]}})
    return msgspec.structs.replace(known, **fields)


def subset(**fields: object) -> LbPolicy:
    settings = {"subset_selectors": [{"keys": ["v"]}], **fields}
    return LbPolicy(subset=msgspec.convert(settings, LbSubsetConfig))


def names(shares: Shares) -> str:
    return " ".join(share.host.address for share in shares.endpoints)


HOSTS = [
    host("a1"),
    host("a2"),
    host("b1", "failed_active_hc"),
    host("b2"),
    host("c1", "unhealthy"),
]


def test_all_hosts_without_subsets() -> None:
    shares = endpoint_shares(LbPolicy(), HOSTS, criteria={"v": "a"}, hash_value=1)
    assert names(shares) == "a1 a2 b2"


@pytest.mark.parametrize(
    ("policy", "criteria", "expected", "reason"),
    [
        (subset(), {"v": "a"}, "a1 a2", 'the subset of v="a"'),
        (subset(), {"v": "b"}, "b2", 'the subset of v="b"'),
        (subset(), {"v": "c"}, "c1", 'the subset of v="c"'),
        (subset(), None, "", "the request asks for no subset, and no fallback (NO_FALLBACK)"),
        (
            subset(
                fallback_policy="DEFAULT_SUBSET", default_subset={"v": "x"}, panic_mode_any=True
            ),
            {},
            "a1 a2 b2",
            "panic_mode_any: any endpoint",
        ),
        (
            subset(subset_selectors=[{"keys": ["v"], "single_host_per_subset": True}]),
            {"v": "c"},
            "c1",
            'the subset of v="c"',
        ),
    ],
)
def test_health_and_panic_count_within_the_subset(
    policy: LbPolicy, criteria: dict[str, object] | None, expected: str, reason: str
) -> None:
    shares = endpoint_shares(policy, HOSTS, criteria=criteria)
    assert names(shares) == expected
    assert shares.reasons[0] == reason
    assert sum(share.probability for share in shares.endpoints) + shares.unavailable == 1


@pytest.mark.parametrize(("aware", "expected"), [(False, Fraction(1, 2)), (True, Fraction(1, 4))])
def test_locality_weights_count_within_subsets_only_if_aware(
    aware: bool, expected: Fraction
) -> None:
    policy = msgspec.structs.replace(subset(locality_weight_aware=aware), locality_weighted=True)
    zones = {"region": "r"}, {"region": "s"}
    hosts = [
        host(
            f"a{index}",
            locality=msgspec.convert(zone, type(HOSTS[0].locality)),
            locality_weight=1 + 2 * index,
        )
        for index, zone in enumerate(zones)
    ]
    shares = endpoint_shares(policy, hosts, criteria={"v": "a"})
    assert shares.endpoints[0].probability == expected


def test_a_balancer_keeps_what_it_was_made_of() -> None:
    policy, around = subset(), Surroundings(overprovisioning_factor=100)
    balancer = LoadBalancer(policy, HOSTS, around)
    assert (balancer.policy, balancer.surroundings) == (policy, around)
    assert balancer.hosts == tuple(HOSTS)
    assert balancer.shares(None, {"v": "a"}) == balancer.shares(None, {"v": "a"})


def test_an_empty_fallback_list_leaves_no_host() -> None:
    policy = subset(metadata_fallback_policy="FALLBACK_LIST")
    shares = endpoint_shares(policy, HOSTS, criteria={"fallback_list": [{"v": "x"}, {"v": "b"}]})
    assert names(shares) == "b2"


@pytest.mark.parametrize(
    ("override", "expected"),
    [(["b1"], "b1"), (["x", "b1", "a1"], "b1"), (["x"], "a1 a2 b2"), ([], "a1 a2 b2")],
)
def test_a_named_host_is_taken_whatever_its_health(override: list[str], expected: str) -> None:
    assert names(LoadBalancer(LbPolicy(), HOSTS).shares(override=override)) == expected


def test_shares_within_a_chosen_priority() -> None:
    hosts = [host("a"), host("b", "degraded", priority=1), host("c", priority=1)]
    balancer = LoadBalancer(LbPolicy(), hosts)
    assert names(balancer.shares_within(1, Health.HEALTHY)) == "c"
    assert names(balancer.shares_within(1, Health.DEGRADED)) == "b"
    hashing = LoadBalancer(LbPolicy(kind=Kind.MAGLEV, table_size=11), hosts)
    assert names(hashing.shares_within(1, Health.HEALTHY, hash_value=5)) == "a"
