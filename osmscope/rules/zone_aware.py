"""Zone aware routing: traffic of priority 0 stays in the own zone, as far as that is fair.

What Envoy does: it needs a local cluster (the cluster of this Envoy's own peers) with hosts in this
node's locality and in at least one other, at least two upstream localities, and
`min_cluster_size` (6) healthy upstream hosts; it then works without being configured. Healthy hosts
of both are compared per locality in 1/100 %: if the own locality has at least its fair share
upstream, everything stays there; else the part that fits, and the rest goes to other localities by
what they have above their share. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.resources.endpoint import Locality
from osmscope.rules.host_health import Health, health
from osmscope.rules.hosts import Host
from osmscope.rules.locality import in_order


class ZoneAware(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of zone aware routing, with Envoy's defaults."""

    routing_enabled: int = 100
    """A percentage of requests."""
    min_cluster_size: int = 6
    fail_traffic_on_panic: bool = False
    force_local_zone_min_size: int | None = None
    """Everything stays in the own zone if it has as many healthy hosts; None switches it off."""
    by_weight: bool = False
    """Compares weights of hosts instead of their number."""


def zone_shares(
    zone_aware: ZoneAware,
    hosts: Sequence[Host],
    local_hosts: Sequence[Host],
    own: Locality,
) -> tuple[tuple[Locality, Fraction], ...] | None:
    """Return each locality's share; None where Envoy does not route by zone.

    Args:
        zone_aware: The parameters.
        hosts: The upstream hosts of priority 0.
        local_hosts: The hosts of the local cluster's priority 0.
        own: The locality of this Envoy's node.
    """
    localities = in_order((host.locality for host in hosts), own)
    healthy = [host for host in hosts if health(host) is Health.HEALTHY]
    local = [host for host in local_hosts if health(host) is Health.HEALTHY]
    if len(localities) < 2 or len(healthy) < zone_aware.min_cluster_size:
        return None
    if not any(host.locality == own for host in local):
        return None
    forced = zone_aware.force_local_zone_min_size
    if len({host.locality for host in local_hosts}) < 2 and forced is None:
        return None
    upstream_percent = _percentages(zone_aware, healthy, localities)
    local_percent = _percentages(zone_aware, local, localities)
    in_own = sum(1 for host in healthy if host.locality == own)
    if localities[0] != own:
        stays = Fraction(0)
    elif 0 < upstream_percent[0] >= local_percent[0] or (forced is not None and in_own >= forced):
        stays = Fraction(1)
    else:
        stays = Fraction(upstream_percent[0] * 10000 // max(1, local_percent[0]), 10000)
    return tuple(zip(localities, _spread(stays, upstream_percent, local_percent), strict=True))


def _percentages(
    zone_aware: ZoneAware, hosts: Sequence[Host], localities: Sequence[Locality]
) -> list[int]:
    amounts = dict.fromkeys(localities, 0)
    total = 0
    for host in hosts:
        amount = host.weight if zone_aware.by_weight else 1
        total += amount
        if host.locality in amounts:
            amounts[host.locality] += amount
    return [10000 * amounts[locality] // max(1, total) for locality in localities]


def _spread(stays: Fraction, upstream: Sequence[int], local: Sequence[int]) -> list[Fraction]:
    leaves = 1 - stays
    # The own locality has nothing left here: otherwise everything would stay.
    residual = [max(0, up - here) for up, here in zip(upstream, local, strict=True)]
    total = sum(residual)
    if total:
        shares = [leaves * amount / total for amount in residual]
    else:
        shares = [leaves / len(upstream)] * len(upstream)
    shares[0] += stays
    return shares
