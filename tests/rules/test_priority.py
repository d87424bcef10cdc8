"""The load of each priority, as a table of what Envoy 1.40.0 was observed to do."""

import pytest

from osmscope.rules.priority import HostCounts, priority_loads


def counts(*levels: tuple[int, int, int]) -> list[HostCounts]:
    return [HostCounts(healthy=h, degraded=d, total=n) for h, d, n in levels]


@pytest.mark.parametrize(
    ("levels", "healthy", "degraded", "availability"),
    [
        ([(10, 0, 10), (10, 0, 10)], (100, 0), (0, 0), 100),
        ([(8, 0, 10), (10, 0, 10)], (100, 0), (0, 0), 100),
        ([(7, 0, 10), (10, 0, 10)], (98, 2), (0, 0), 100),
        ([(5, 0, 10), (10, 0, 10)], (70, 30), (0, 0), 100),
        ([(1, 0, 10), (10, 0, 10)], (14, 86), (0, 0), 100),
        ([(0, 0, 10), (10, 0, 10)], (0, 100), (0, 0), 100),
        ([(5, 0, 10), (1, 0, 10)], (84, 16), (0, 0), 84),
        ([(2, 0, 10), (2, 0, 10)], (50, 50), (0, 0), 56),
        ([(3, 0, 10), (9, 0, 10)], (42, 58), (0, 0), 100),
        ([(1, 0, 10), (1, 0, 10), (1, 0, 10)], (34, 33, 33), (0, 0, 0), 42),
        ([(0, 0, 10), (0, 0, 5)], (0, 0), (0, 0), 0),
        ([(5, 5, 10)], (70,), (30,), 100),
        ([(2, 8, 10)], (28,), (72,), 100),
        ([(2, 8, 10), (10, 0, 10)], (28, 72), (0, 0), 100),
        ([(2, 4, 10), (2, 0, 10)], (28, 28), (44, 0), 100),
        ([(0, 10, 10)], (0,), (100,), 100),
        ([(0, 1, 10), (0, 1, 10), (0, 1, 10)], (0, 0, 0), (34, 33, 33), 42),
        ([(0, 0, 0), (3, 0, 3)], (0, 100), (0, 0), 100),
        ([(0, 0, 0)], (0,), (0,), 0),
    ],
)
def test_priority_loads(
    levels: list[tuple[int, int, int]],
    healthy: tuple[int, ...],
    degraded: tuple[int, ...],
    availability: int,
) -> None:
    loads = priority_loads(counts(*levels))
    assert (loads.healthy, loads.degraded) == (healthy, degraded)
    assert loads.availability == availability


def test_overprovisioning_factor() -> None:
    half = HostCounts(healthy=5, total=10, overprovisioning_factor=100)
    third = HostCounts(healthy=3, total=10, overprovisioning_factor=300)
    assert priority_loads([half, *counts((10, 0, 10))]).healthy == (50, 50)
    assert priority_loads([half, third, *counts((10, 0, 10))]).healthy == (50, 50, 0)
