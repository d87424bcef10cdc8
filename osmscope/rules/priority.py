"""The load of each priority.

What Envoy does: a priority's availability is its share of healthy hosts times the
overprovisioning factor (140), at most 100; the same for degraded hosts. Healthy hosts of all
priorities are filled in order, then degraded hosts of all priorities. If everything together is
below 100, the shares are scaled up. All arithmetic is in integers and truncates; what rounding
leaves goes to the first priority that has any. Checked against Envoy 1.40.0.
Not modelled: retry priorities.
"""

from collections.abc import Sequence

import msgspec


class HostCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many hosts of one priority are in which state."""

    healthy: int = 0
    degraded: int = 0
    total: int = 0
    """All hosts but the excluded ones."""
    overprovisioning_factor: int = 140
    """From the load assignment's policy."""


class PriorityLoads(msgspec.Struct, frozen=True):
    """The percentages of traffic that each priority's healthy and degraded hosts get."""

    healthy: tuple[int, ...]
    degraded: tuple[int, ...]
    availability: int
    """All availability together, at most 100."""


def priority_loads(counts: Sequence[HostCounts]) -> PriorityLoads:
    """Spread 100 % over priorities; all zero where no host is available.

    Args:
        counts: Hosts of priority 0, 1, …; weights instead of numbers under
            `weighted_priority_health`.
    """
    healthy = [_availability(c.healthy, c) for c in counts]
    degraded = [_availability(c.degraded, c) for c in counts]
    availability = min(100, sum(healthy) + sum(degraded))
    if not availability:
        return PriorityLoads((0,) * len(counts), (0,) * len(counts), 0)
    rest = 100
    loads = []
    for available in (*healthy, *degraded):
        load = min(rest, available * 100 // availability)
        rest -= load
        loads.append(load)
    first = next(index for index, available in enumerate((*healthy, *degraded)) if available)
    loads[first] += rest
    return PriorityLoads(tuple(loads[: len(counts)]), tuple(loads[len(counts) :]), availability)


def _availability(hosts: int, of: HostCounts) -> int:
    return min(100, of.overprovisioning_factor * hosts // of.total) if of.total else 0
