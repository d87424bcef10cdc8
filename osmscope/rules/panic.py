"""Panic: when too few hosts are healthy to trust that.

What Envoy does: as long as all priorities together are fully available, nothing panics. Else a
priority panics whose share of healthy and degraded hosts is below the threshold (50 %), and it
then sends its traffic to all of its hosts. If every priority panics, traffic follows the number of
hosts. A threshold of 0 switches panic off. Checked against Envoy 1.40.0.
Not modelled: nothing.
"""

from collections.abc import Sequence

from osmscope.rules.priority import HostCounts


def is_panicking(counts: HostCounts, threshold: int) -> bool:
    """Tell whether too few hosts of one priority are available.

    Args:
        counts: Its hosts.
        threshold: `healthy_panic_threshold`, a percentage.
    """
    available = 100 * (counts.healthy + counts.degraded)
    return available < threshold * counts.total if counts.total else threshold > 0


def panicking_priorities(
    counts: Sequence[HostCounts], availability: int, threshold: int
) -> tuple[bool, ...]:
    """Tell for each priority whether it panics.

    Args:
        counts: Hosts of priority 0, 1, ….
        availability: What `priority_loads` computed.
        threshold: `healthy_panic_threshold`, a percentage.
    """
    if availability == 100:
        return (False,) * len(counts)
    return tuple(is_panicking(count, threshold) for count in counts)


def total_panic_loads(host_numbers: Sequence[int]) -> tuple[int, ...]:
    """Spread 100 % by the number of hosts of each priority, as when all of them panic."""
    total = sum(host_numbers)
    if not total:
        return (100, *(0,) * (len(host_numbers) - 1))
    loads = [100 * number // total for number in host_numbers]
    first = next(index for index, number in enumerate(host_numbers) if number)
    loads[first] += 100 - sum(loads)
    return tuple(loads)
