"""Aggregate clusters: the priorities of several clusters, strung together.

What Envoy does: the members' priorities follow one another in the order of the list; members that
do not exist and priorities without hosts are left out. Loads and panic count over the whole, with
the aggregate's panic threshold; the member then picks among the healthy or degraded hosts of its
own priority, by its own policy and its own panic. A member that hashes chooses its priority anew.
Checked against Envoy 1.40.0. Not modelled: members with subsets or of differing overprovisioning
factors (the first member's counts).
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.load_balancing import LoadBalancer
from osmscope.rules.priority_set import PrioritySet
from osmscope.rules.shares import Shares


class MemberShare(msgspec.Struct, frozen=True):
    """What one priority of a member gets, and how that is spread."""

    cluster: str
    probability: Fraction
    shares: Shares
    """Adds up to 1 within this part."""


def member_shares(
    policy: LbPolicy, members: Sequence[tuple[str, LoadBalancer]], hash_value: int | None = None
) -> tuple[MemberShare, ...]:
    """Spread requests to an aggregate cluster over its members; () if none has hosts (UH).

    Args:
        policy: The aggregate cluster's own, for its panic threshold.
        members: Name and load balancing of the members that exist, in order.
        hash_value: The request's hash.
    """
    linear = []
    places: list[tuple[str, LoadBalancer, int]] = []
    for name, balancer in members:
        for priority in sorted({host.priority for host in balancer.hosts}):
            linear += [
                msgspec.structs.replace(host, priority=len(places))
                for host in balancer.hosts
                if host.priority == priority
            ]
            places.append((name, balancer, priority))
    if not places:
        return ()
    around = members[0][1].surroundings
    parts = []
    for bucket in PrioritySet(policy, linear, around).buckets():
        name, balancer, priority = places[bucket.priority]
        inside = balancer.shares_within(priority, bucket.state, hash_value)
        parts.append(MemberShare(name, bucket.share, inside))
    return tuple(parts)
