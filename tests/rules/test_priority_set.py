"""Hosts by priority: health, panic and load together."""

from fractions import Fraction

import pytest

from osmscope.resources.endpoint import Locality
from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.priority import HostCounts
from osmscope.rules.priority_set import Bucket, PrioritySet, Surroundings

FLAGS = {"h": (), "d": ("degraded_eds_health",), "u": ("failed_eds_health",)}


def hosts(*levels: str, weights: str = "") -> list[Host]:
    """Make a host per letter: healthy, degraded, unhealthy; one text per priority."""
    letters = [(priority, letter) for priority, level in enumerate(levels) for letter in level]
    return [
        Host(
            address=f"10.0.0.{index}:80",
            priority=priority,
            flags=frozenset(FLAGS[letter]),
            weight=int(weights[index]) if weights else 1,
        )
        for index, (priority, letter) in enumerate(letters)
    ]


def of(*levels: str, policy: LbPolicy | None = None, **around: int) -> PrioritySet:
    return PrioritySet(policy or LbPolicy(), hosts(*levels), Surroundings(**around))


@pytest.mark.parametrize(
    ("levels", "healthy", "degraded", "panic"),
    [
        (("hhhhhuuuuu", "hh"), (70, 30), (0, 0), (False, False)),
        (("hhuuuuuuuu", "hhuuuuuuuu"), (50, 50), (0, 0), (True, True)),
        (("hhddddduuu", "hu"), (28, 70), (2, 0), (False, False)),
        (("uuuuuuuuuu", "uuuuu"), (67, 33), (0, 0), (True, True)),
        (("", "hh"), (0, 100), (0, 0), (False, False)),
        (("", ""), (100,), (0,), (True,)),
    ],
)
def test_loads_and_panic(
    levels: tuple[str, ...],
    healthy: tuple[int, ...],
    degraded: tuple[int, ...],
    panic: tuple[bool, ...],
) -> None:
    found = of(*levels)
    assert found.loads.healthy == healthy
    assert found.loads.degraded == degraded
    assert found.panic == panic


def test_without_panic_and_without_hosts_everything_goes_to_priority_0() -> None:
    found = of("u", "u", policy=LbPolicy(panic_threshold=0))
    assert found.buckets() == (Bucket(0, Health.HEALTHY, Fraction(1)),)
    assert found.panic == (False, False)


def test_weighted_priority_health() -> None:
    uneven = hosts("hu", "hh", weights="9111")
    unweighted = PrioritySet(LbPolicy(), uneven, Surroundings())
    weighted = PrioritySet(LbPolicy(), uneven, Surroundings(weighted_priority_health=True))
    assert (unweighted.loads.healthy, unweighted.weights_would_matter) == ((70, 30), True)
    assert (weighted.loads.healthy, weighted.weights_would_matter) == ((100, 0), False)
    known = PrioritySet(LbPolicy(), uneven, Surroundings(weighted_priority_health=False))
    assert (known.loads.healthy, known.weights_would_matter) == ((70, 30), False)


def test_weights_that_are_known_are_no_question() -> None:
    uneven = hosts("hu", "hh", weights="9111")
    known = PrioritySet(LbPolicy(), uneven, Surroundings(weighted_priority_health=False))
    assert (known.loads.healthy, known.weights_would_matter) == ((70, 30), False)


def test_weights_may_matter_for_panic_alone() -> None:
    found = PrioritySet(
        LbPolicy(), hosts("uuh", weights="991"), Surroundings(overprovisioning_factor=1000)
    )
    assert (found.loads.healthy, found.panic, found.weights_would_matter) == (
        (100,),
        (False,),
        True,
    )


def test_excluded_hosts_do_not_count() -> None:
    new = Host(address="a", flags=frozenset({"failed_active_hc", "pending_active_hc"}))
    members = [new, *hosts("hhh")]
    counted = PrioritySet(LbPolicy(), members, Surroundings())
    ignored = PrioritySet(LbPolicy(ignore_new_hosts=True), members, Surroundings())
    assert counted.counts() == [HostCounts(healthy=3, total=4)]
    assert ignored.counts() == [HostCounts(healthy=3, total=3)]
    assert ignored.number([0, 1, 2]) == 2


@pytest.mark.parametrize(
    ("hash_value", "priority"), [(0, 0), (69, 0), (70, 1), (99, 1), (100, 0), (170, 1)]
)
def test_a_hash_chooses_the_priority(hash_value: int, priority: int) -> None:
    assert of("hhhhhuuuuu", "hh").priority_of(hash_value) == priority


@pytest.mark.parametrize(("hash_value", "priority"), [(83, 1), (84, 0), (99, 0)])
def test_degraded_hosts_come_after_the_healthy_of_all_priorities(
    hash_value: int, priority: int
) -> None:
    assert of("duuuuuuuuu", "hhhhhuuuuu").priority_of(hash_value) == priority


def test_localities_in_order() -> None:
    members = [Host(address=zone, locality=Locality(zone=zone)) for zone in "baab"]
    found = PrioritySet(LbPolicy(), members, Surroundings(node_locality=Locality(zone="b")))
    assert [(locality.zone, inside) for locality, inside in found.localities(0)] == [
        ("b", [0, 3]),
        ("a", [1, 2]),
    ]


def test_loads_always_add_up() -> None:
    broken = of("h")
    broken.loads = type(broken.loads)((0,), (0,), 0)
    with pytest.raises(AssertionError, match="add up to 100"):
        broken.priority_of(0)
