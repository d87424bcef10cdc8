"""Zone aware routing, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.resources.endpoint import Locality
from osmscope.rules.hosts import Host
from osmscope.rules.zone_aware import ZoneAware, zone_shares


def hosts(zones: str, *, weight: int = 1) -> list[Host]:
    """Make a host per letter; a capital letter is an unhealthy one."""
    return [
        Host(
            address=f"10.0.0.{index}:80",
            locality=Locality(zone=zone.lower()),
            weight=weight,
            flags=frozenset({"failed_active_hc"} if zone.isupper() else ()),
        )
        for index, zone in enumerate(zones)
    ]


def shares(upstream: str, local: str, zone_aware: ZoneAware | None = None) -> dict[str, Fraction]:
    found = zone_shares(
        zone_aware or ZoneAware(), hosts(upstream), hosts(local), Locality(zone="a")
    )
    return {locality.zone: share for locality, share in found or ()}


@pytest.mark.parametrize(
    ("upstream", "local", "expected"),
    [
        ("aaabbb", "ab", {"a": 1, "b": 0}),
        ("aabbbb", "ab", {"a": Fraction(6666, 10000), "b": Fraction(3334, 10000)}),
        ("bbbccc", "ab", {"b": 0, "c": 1}),
        ("bbbccc", "abc", {"b": Fraction(1667, 3334), "c": Fraction(1667, 3334)}),
        ("Abbbccc", "ab", {"a": 0, "b": 0, "c": 1}),
        ("aaaaabb", "aab", {"a": 1, "b": 0}),
        ("abbbcccc", "aab", {"a": Fraction(1250 * 10000 // 6666, 10000)}),
    ],
)
def test_traffic_stays_in_the_own_zone_as_far_as_that_is_fair(
    upstream: str, local: str, expected: dict[str, Fraction]
) -> None:
    found = shares(upstream, local)
    assert sum(found.values()) == 1
    assert {zone: found[zone] for zone in expected} == expected


@pytest.mark.parametrize(
    ("upstream", "local"),
    [
        ("aaaaaa", "ab"),  # one upstream locality
        ("aabbb", "ab"),  # fewer hosts than min_cluster_size
        ("aabbbB", "ab"),  # fewer healthy hosts
        ("aaabbb", "bc"),  # no local host in the own zone
        ("aaabbb", "Ab"),  # no healthy one
        ("aaabbb", "aa"),  # one local locality
        ("aaabbb", ""),
    ],
)
def test_conditions(upstream: str, local: str) -> None:
    assert shares(upstream, local) == {}


def test_min_cluster_size() -> None:
    assert shares("ab", "ab", ZoneAware(min_cluster_size=2)) == {"a": 1, "b": 0}


@pytest.mark.parametrize(("upstream", "own"), [("aabbbb", 1), ("Aabbbbb", Fraction(3332, 10000))])
def test_force_local_zone(upstream: str, own: Fraction) -> None:
    forced = ZoneAware(force_local_zone_min_size=2)
    found = shares(upstream, "ab", forced)
    assert found["a"] == own
    assert shares("aabbbb", "aa", forced) == {"a": 1, "b": 0}


def test_weights_of_hosts_count_where_configured() -> None:
    upstream = [*hosts("aaa", weight=2), *hosts("bbb", weight=4)]
    by_weight = ZoneAware(by_weight=True)
    found = zone_shares(by_weight, upstream, hosts("ab"), Locality(zone="a"))
    assert found is not None
    assert found[0][1] == Fraction(3333 * 10000 // 5000, 10000)


def test_without_any_residual_all_zones_are_equal() -> None:
    found = zone_shares(ZoneAware(min_cluster_size=0), hosts("AB"), hosts("ab"), Locality(zone="a"))
    assert found is not None
    assert [share for _, share in found] == [Fraction(1, 2), Fraction(1, 2)]
