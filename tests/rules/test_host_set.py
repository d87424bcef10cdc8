"""The shares of a set of hosts, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import msgspec
import pytest

from osmscope.resources.endpoint import Locality
from osmscope.rules.host_set import HostSet
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.priority_set import Surroundings
from osmscope.rules.shares import Shares
from osmscope.rules.zone_aware import ZoneAware

FLAGS = {"h": (), "d": ("degraded",), "u": ("failed_eds_health",)}
THIRD = Fraction(1, 3)


def host(name: str, state: str = "h", **fields: object) -> Host:
    return msgspec.structs.replace(Host(address=name, flags=frozenset(FLAGS[state])), **fields)


def zoned(text: str, weights: dict[str, int] | None = None) -> list[Host]:
    """Make hosts of zone and state: "ah bu"."""
    return [
        host(
            f"{zone}{index}",
            state,
            locality=Locality(zone=zone),
            locality_weight=(weights or {}).get(zone, 0),
        )
        for index, (zone, state) in enumerate(text.split())
    ]


def shares(hosts: list[Host], policy: LbPolicy | None = None, **around: object) -> Shares:
    surroundings = msgspec.convert(around, Surroundings)
    return HostSet(policy or LbPolicy(), hosts, surroundings).shares()


def by_name(answer: Shares) -> dict[str, Fraction]:
    assert sum(share.probability for share in answer.endpoints) + answer.unavailable == 1
    return {share.host.address: share.probability for share in answer.endpoints}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.ROUND_ROBIN, {"a": Fraction(1, 10), "b": Fraction(1, 10), "c": Fraction(8, 10)}),
        (Kind.LEAST_REQUEST, {"a": Fraction(1, 10), "b": Fraction(1, 10), "c": Fraction(8, 10)}),
        (Kind.RANDOM, {"a": THIRD, "b": THIRD, "c": THIRD}),
        (Kind.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN, {"a": THIRD, "b": THIRD, "c": THIRD}),
    ],
)
def test_weights_of_endpoints(kind: Kind, expected: dict[str, Fraction]) -> None:
    hosts = [host("a"), host("b"), host("c", weight=8)]
    assert by_name(shares(hosts, LbPolicy(kind=kind))) == expected


@pytest.mark.parametrize(
    ("policy", "assumption"),
    [
        (LbPolicy(), None),
        (LbPolicy(kind=Kind.RANDOM), None),
        (LbPolicy(kind=Kind.LEAST_REQUEST), "LEAST_REQUEST shares assume equal load"),
        (LbPolicy(slow_start=True), "no endpoint is within its slow start window"),
        (
            LbPolicy(passed_over=("a.B",)),
            "Envoy does not know the load balancing policy a.B, and passes it over",
        ),
        (
            LbPolicy(kind=Kind.UNSUPPORTED, type_name="X"),
            "load balancing by X is not modelled: all endpoints are taken as equally likely",
        ),
        (
            LbPolicy(kind=Kind.MAGLEV, table_size=11, hash_balance_factor=120),
            "hash_balance_factor: no endpoint is assumed to be overloaded",
        ),
    ],
)
def test_assumptions_only_where_there_is_a_choice(policy: LbPolicy, assumption: str | None) -> None:
    assert shares([host("a"), host("b")], policy).assumptions == ((assumption,) * bool(assumption))
    assert shares([host("a")], policy).assumptions == ()


def test_weighted_priority_health_is_assumed_to_be_off_where_it_matters() -> None:
    answer = shares([host("a", weight=9), host("b", "u"), host("c", "d")])
    assert answer.assumptions == (
        "weighted_priority_health, which a dump does not hold, is taken as off",
    )


def test_no_endpoints() -> None:
    answer = shares([])
    assert (answer.endpoints, answer.unavailable) == ((), 1)
    assert answer.reasons == ("there are no endpoints",)


def test_degraded_hosts_get_what_healthy_ones_do_not_cover() -> None:
    hosts = [host(f"h{n}") for n in range(5)] + [host(f"d{n}", "d") for n in range(5)]
    answer = shares(hosts)
    assert by_name(answer)["h0"] == Fraction(70, 500)
    assert by_name(answer)["d0"] == Fraction(30, 500)
    assert answer.reasons == (
        "70 % to healthy endpoints of priority 0",
        "30 % to degraded endpoints of priority 0",
    )


def test_hosts_that_get_nothing_and_why() -> None:
    hosts = [host("a"), host("b", "d"), host("c", "u"), host("d", priority=1)]
    answer = shares([*hosts, *(host(f"h{n}") for n in range(8))])
    assert {lost.address: why for lost, why in answer.lost} == {
        "b": "degraded, and only others of its priority are picked from",
        "c": "unhealthy (failed_eds_health)",
        "d": "priority 1 gets no requests",
    }


def test_panic_takes_all_hosts() -> None:
    answer = shares([host("a"), host("b", "u"), host("c", "u")])
    assert by_name(answer) == {"a": THIRD, "b": THIRD, "c": THIRD}
    assert answer.panic
    assert answer.reasons == ("100 % to all endpoints of priority 0 (panic)",)


def test_fail_traffic_on_panic() -> None:
    policy = LbPolicy(zone_aware=ZoneAware(fail_traffic_on_panic=True))
    answer = shares([host("a"), host("b", "u"), host("c", "u")], policy)
    assert answer.unavailable == 1
    assert answer.lost[0][1] == "priority 0 panics, which fails requests (fail_traffic_on_panic)"


def test_only_unhealthy_hosts_and_no_panic() -> None:
    assert shares([host("a", "u")], LbPolicy(panic_threshold=0)).unavailable == 1


@pytest.mark.parametrize(
    ("hosts", "weights", "expected"),
    [
        ("ah ah bh bh", {"a": 1, "b": 3}, {"a0": Fraction(1, 8), "b2": Fraction(3, 8)}),
        ("ah au bh bh", {"a": 1, "b": 1}, {"a0": Fraction(7, 17), "b2": Fraction(5, 17)}),
        ("ah ah bh bh", {"a": 1}, {"a0": Fraction(1, 2)}),
        ("ah ah bh bh", {}, {"a0": Fraction(1, 4), "b2": Fraction(1, 4)}),
        ("ah au au au bh bu bu bu", {"a": 1, "b": 3}, {"a0": Fraction(1, 8)}),
    ],
)
def test_locality_weighted(
    hosts: str, weights: dict[str, int], expected: dict[str, Fraction]
) -> None:
    found = by_name(shares(zoned(hosts, weights), LbPolicy(locality_weighted=True)))
    assert {name: found[name] for name in expected} == expected


def test_a_locality_without_weight_is_said() -> None:
    answer = shares(zoned("ah bh", {"a": 1}), LbPolicy(locality_weighted=True))
    assert answer.lost[0][1] == "locality /b gets no requests"


def test_locality_weights_are_ignored_by_default() -> None:
    answer = shares(zoned("ah ah bh bh", {"a": 1, "b": 3}))
    assert set(by_name(answer).values()) == {Fraction(1, 4)}


UPSTREAM = zoned("ah ah bh bh bh bh")


def zone_aware(local: str, **fields: object) -> dict[str, Fraction]:
    policy = LbPolicy(zone_aware=msgspec.convert(fields, ZoneAware))
    surroundings = Surroundings(node_locality=Locality(zone="a"), local_hosts=tuple(zoned(local)))
    return by_name(HostSet(policy, UPSTREAM, surroundings).shares())


def test_zone_aware() -> None:
    assert zone_aware("ah bh")["a0"] == Fraction(3333, 10000)
    assert zone_aware("ah bh", routing_enabled=0)["a0"] == Fraction(1, 6)
    half = (Fraction(3333, 10000) + Fraction(1, 6)) / 2
    assert zone_aware("ah bh", routing_enabled=50)["a0"] == half
    assert zone_aware("ah")["a0"] == Fraction(1, 6)


def test_zone_aware_needs_a_local_cluster_that_does_not_panic() -> None:
    assert zone_aware("")["a0"] == Fraction(1, 6)
    assert zone_aware("ah bu bu")["a0"] == Fraction(1, 6)
    assert zone_aware("ah bu bu", fail_traffic_on_panic=True) == {}


RING = LbPolicy(kind=Kind.RING_HASH)
HOSTS = [host(f"127.1.0.{n}:22900") for n in (1, 2, 3)]


def test_a_hash_leads_to_one_host() -> None:
    answer = HostSet(RING, [*HOSTS, host("x", "u")], Surroundings()).shares(8332761332120969289)
    assert by_name(answer) == {"127.1.0.1:22900": 1}
    assert answer.lost == ((host("x", "u"), "unhealthy (failed_eds_health)"),)
    (reason,) = answer.reasons
    assert reason.startswith("hash 8332761332120969289: point ")
    assert reason.endswith(" of 1026 on the ring is 127.1.0.1:22900")


def test_what_a_hash_passes_over_is_found_once() -> None:
    hosts = HostSet(RING, HOSTS, Surroundings())
    assert hosts.shares(1).lost is hosts.shares(2).lost
    assert hosts.shares() is hosts.shares()


def test_without_a_hash_the_pick_is_random() -> None:
    assert [round(float(share), 1) for share in by_name(shares(HOSTS, RING)).values()] == [0.3] * 3


def test_hashing_finds_no_degraded_host() -> None:
    degraded = [host("d", "d")]
    assert shares(degraded, RING).unavailable == 1
    answer = HostSet(RING, degraded, Surroundings()).shares(7)
    assert answer.unavailable == 1
    assert answer.reasons == ("hash 7: priority 0 has no endpoint to hash to",)


def test_a_hash_means_nothing_to_other_policies() -> None:
    assert len(HostSet(LbPolicy(), HOSTS, Surroundings()).shares(7).endpoints) == 3


@pytest.mark.parametrize(
    ("kind", "keys", "said"),
    [
        (Kind.RING_HASH, "xx", True),
        (Kind.RING_HASH, "xy", False),
        (Kind.MAGLEV, "xx", False),
    ],
)
def test_which_of_equal_keys_is_on_a_ring_is_assumed(kind: Kind, keys: str, said: bool) -> None:
    hosts = [
        host(name, metadata={"envoy.lb": {"hash_key": key}})
        for name, key in zip("ab", keys, strict=True)
    ]
    answer = HostSet(LbPolicy(kind=kind), hosts, Surroundings()).shares(7)
    assert any("same hash key" in text for text in answer.assumptions) is said
