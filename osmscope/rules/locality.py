"""Localities: their order, and what each gets by its weight.

What Envoy does: the own locality comes first, the others in the order of region, zone and sub
zone. Under locality weighted load balancing a locality's weight is scaled by its availability
(share of eligible hosts times the overprovisioning factor, at most 1); a locality without a weight
has weight 0 and gets nothing. If no locality has any weight, localities are not looked at. Ring
hash and Maglev take the weights as they are. Checked against Envoy 1.40.0.
Not modelled: nothing.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

from osmscope.resources.endpoint import Locality


class LocalityCounts(msgspec.Struct, frozen=True):
    """The weight of a locality and how many of its hosts are in which state."""

    weight: int
    eligible: int
    """Those that may be picked."""
    total: int
    """All but the excluded ones."""


def in_order(localities: Iterable[Locality], own: Locality | None) -> tuple[Locality, ...]:
    """List localities as Envoy orders them, each once.

    Args:
        localities: Those of one priority's hosts.
        own: The locality of this Envoy's node.
    """
    return tuple(sorted(set(localities), key=lambda a: (a != own, a.region, a.zone, a.sub_zone)))


def locality_shares(
    localities: Sequence[LocalityCounts], overprovisioning_factor: int = 140
) -> tuple[Fraction, ...] | None:
    """Return each locality's share by its effective weight; None if no locality has any.

    Args:
        localities: All localities of one priority.
        overprovisioning_factor: From the load assignment's policy.
    """
    weights = [_effective_weight(locality, overprovisioning_factor) for locality in localities]
    total = sum(weights)
    return tuple(weight / total for weight in weights) if total else None


def _effective_weight(locality: LocalityCounts, overprovisioning_factor: int) -> Fraction:
    if not locality.total:
        return Fraction(0)
    available = Fraction(overprovisioning_factor * locality.eligible, 100 * locality.total)
    return locality.weight * min(Fraction(1), available)


def normalized_weights(groups: Sequence[tuple[int, Sequence[int]]]) -> list[list[float]]:
    """Return the share of each host of the whole, for a ring or a table.

    The shares are the very floating point numbers that Envoy computes: the size of a ring depends
    on their last digit.

    Args:
        groups: For each locality its weight and the weights of its hosts; a single one of weight 1
            where localities do not count.
    """
    total = sum(weight for weight, _ in groups)
    shares = []
    for weight, hosts in groups:
        share = weight / total if total else 0.0
        hosts_total = sum(hosts)
        shares.append([host * share / hosts_total for host in hosts])
    return shares
