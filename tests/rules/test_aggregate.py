"""Aggregate clusters, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.resources.load_balancing import LbSubsetConfig, LbSubsetSelector
from osmscope.rules.aggregate import Member, member_shares
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.load_balancing import LoadBalancer, Surroundings


def balancer(name: str, *levels: str) -> LoadBalancer:
    """Make a host per letter of each priority: h is healthy, u is unhealthy, d is degraded."""
    flags = {"h": (), "u": ("failed_active_hc",), "d": ("degraded",)}
    return LoadBalancer(
        LbPolicy(),
        [
            Host(address=f"{name}{priority}{index}", priority=priority, flags=frozenset(flags[h]))
            for priority, level in enumerate(levels)
            for index, h in enumerate(level)
        ],
    )


def spread(**members: tuple[str, ...]) -> list[tuple[str, int, str]]:
    found = member_shares(
        LbPolicy(kind=Kind.CLUSTER_PROVIDED),
        [
            Member(cluster=name, balancer=balancer(name, *levels))
            for name, levels in members.items()
        ],
    )
    return [
        (
            part.cluster,
            int(part.probability * 100),
            " ".join(share.host.address for share in part.shares.endpoints),
        )
        for part in found
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a": ("hh",), "b": ("hh",)}, [("a", 100, "a00 a01")]),
        ({"a": ("uu",), "b": ("h",)}, [("b", 100, "b00")]),
        ({"a": ("hu",), "b": ("h",)}, [("a", 70, "a00"), ("b", 30, "b00")]),
        ({"a": ("u", "h"), "b": ("h",)}, [("a", 100, "a10")]),
        ({"a": ("", "h"), "b": ("h",)}, [("a", 100, "a10")]),
        ({"a": (), "b": ("h",)}, [("b", 100, "b00")]),
        ({"a": ("uu",), "b": ("u",)}, [("a", 67, "a00 a01"), ("b", 33, "b00")]),
        ({"a": ("d",), "b": ("h",)}, [("b", 100, "b00")]),
        ({"a": ("d",)}, [("a", 100, "a00")]),
        ({"a": ()}, []),
        ({}, []),
    ],
)
def test_priorities_of_members_follow_one_another(
    members: dict[str, tuple[str, ...]], expected: list[tuple[str, int, str]]
) -> None:
    assert spread(**members) == expected


def test_priorities_of_the_member_are_its_own() -> None:
    (part,) = member_shares(LbPolicy(), [Member(cluster="a", balancer=balancer("a", "u", "h"))])
    assert part.shares.endpoints[0].host.priority == 1
    assert part.shares.endpoints[0].probability == Fraction(1)


def test_a_member_hashes_by_its_own_policy() -> None:
    hosts = [Host(address=f"10.0.0.{number}:80") for number in range(5)]
    picked = set()
    for hash_value in range(0, 2**64, 2**59):
        hashing = LoadBalancer(LbPolicy(kind=Kind.RING_HASH), hosts)
        member = Member(cluster="a", balancer=hashing, hash_value=hash_value)
        (part,) = member_shares(LbPolicy(), [member])
        (share,) = part.shares.endpoints
        assert share == hashing.shares(hash_value).endpoints[0]
        picked.add(share.host.address)
    assert len(picked) > 1


@pytest.mark.parametrize(("priorities", "assumed"), [((0, 0), False), ((0, 1), True)])
def test_a_member_may_have_subsets(priorities: tuple[int, int], assumed: bool) -> None:
    hosts = [
        Host(address=version, priority=priority, metadata={"envoy.lb": {"v": version}})
        for version, priority in zip(("1", "2"), priorities, strict=True)
    ]
    config = LbSubsetConfig(subset_selectors=(LbSubsetSelector(keys=("v",)),))
    member = Member(cluster="a", balancer=LoadBalancer(LbPolicy(subset=config), hosts))
    (part,) = member_shares(LbPolicy(), [member], {"v": "2"})
    assert [share.host.address for share in part.shares.endpoints] == ["2"]
    assert bool(part.shares.assumptions) is assumed


def test_each_member_is_counted_by_its_own_policy() -> None:
    waiting = frozenset({"failed_active_hc", "pending_active_hc"})
    listed = [Host(address="a0"), Host(address="a1", flags=waiting)]
    counted = {
        "plain": LoadBalancer(LbPolicy(), listed),
        "more": LoadBalancer(LbPolicy(), listed, Surroundings(overprovisioning_factor=200)),
        "ignoring": LoadBalancer(LbPolicy(ignore_new_hosts=True), listed),
    }
    rest = Member(cluster="rest", balancer=LoadBalancer(LbPolicy(), [Host(address="b")]))
    for name, percent in (("plain", 70), ("more", 100), ("ignoring", 100)):
        first = Member(cluster=name, balancer=counted[name])
        found = member_shares(LbPolicy(), [first, rest])
        assert int(found[0].probability * 100) == percent
