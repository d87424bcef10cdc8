"""Aggregate clusters, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.rules.aggregate import member_shares
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.load_balancing import LoadBalancer


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
        [(name, balancer(name, *levels)) for name, levels in members.items()],
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
    (part,) = member_shares(LbPolicy(), [("a", balancer("a", "u", "h"))])
    assert part.shares.endpoints[0].host.priority == 1
    assert part.shares.endpoints[0].probability == Fraction(1)
