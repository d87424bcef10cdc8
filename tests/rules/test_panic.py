"""Panic, as a table of what Envoy 1.40.0 was observed to do."""

import pytest

from osmscope.rules.panic import is_panicking, panicking_priorities, total_panic_loads
from osmscope.rules.priority import HostCounts


@pytest.mark.parametrize(
    ("healthy", "degraded", "total", "threshold", "panics"),
    [
        (4, 0, 10, 50, True),
        (5, 0, 10, 50, False),
        (4, 1, 10, 50, False),
        (4, 0, 10, 40, False),
        (0, 0, 10, 0, False),
        (0, 0, 0, 50, True),
        (0, 0, 0, 0, False),
        (1, 0, 3, 10, False),
    ],
)
def test_panic_threshold(
    healthy: int, degraded: int, total: int, threshold: int, panics: bool
) -> None:
    counts = HostCounts(healthy=healthy, degraded=degraded, total=total)
    assert is_panicking(counts, threshold) is panics


@pytest.mark.parametrize(("availability", "panic"), [(100, (False, False)), (99, (True, False))])
def test_nothing_panics_while_priorities_together_are_available(
    availability: int, panic: tuple[bool, ...]
) -> None:
    counts = [HostCounts(healthy=1, total=10), HostCounts(healthy=10, total=10)]
    assert panicking_priorities(counts, availability, 50) == panic


@pytest.mark.parametrize(
    ("numbers", "loads"),
    [
        ((10, 10), (50, 50)),
        ((10, 5), (67, 33)),
        ((10, 10, 10), (34, 33, 33)),
        ((0, 3), (0, 100)),
        ((0,), (100,)),
        ((0, 0), (100, 0)),
    ],
)
def test_total_panic_follows_the_number_of_hosts(
    numbers: tuple[int, ...], loads: tuple[int, ...]
) -> None:
    assert total_panic_loads(numbers) == loads
