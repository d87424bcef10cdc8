"""Aggregate clusters: the priorities of several clusters, strung together.

What Envoy does: the members' priorities follow one another in the order of the list; members that
do not exist and priorities without hosts are left out. Loads and panic count over the whole, with
the aggregate's panic threshold; the member then picks among the healthy or degraded hosts of its
own priority, by its own policy, panic and subsets. A member that hashes, by the request's hash,
chooses its priority anew. A member's priorities are counted by its own overprovisioning factor.
Checked against Envoy 1.40.0. Not modelled: members with subsets and several priorities.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.load_balancing import LoadBalancer
from osmscope.rules.priority_set import Bucket, HealthCounting, PrioritySet, Surroundings
from osmscope.rules.shares import Shares
from osmscope.rules.subset import Criteria


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster of an aggregate."""

    cluster: str
    balancer: LoadBalancer
    hash_value: int | None = None
    """The request's hash, as this member's policy makes it."""


class MemberShare(msgspec.Struct, frozen=True):
    """What one priority of a member gets, and how that is spread."""

    cluster: str
    probability: Fraction
    shares: Shares
    """Adds up to 1 within this part."""


def member_shares(
    policy: LbPolicy, members: Sequence[Member], criteria: Criteria | None = None
) -> tuple[MemberShare, ...]:
    """Spread requests to an aggregate cluster over its members; () if none has hosts (UH).

    Args:
        policy: The aggregate cluster's own, for its panic threshold.
        members: The members that exist, in order.
        criteria: What the request asks of subsets.
    """
    linear = []
    places: list[tuple[Member, int]] = []
    for member in members:
        hosts = member.balancer.hosts
        for priority in sorted({host.priority for host in hosts}):
            linear += [
                msgspec.structs.replace(host, priority=len(places))
                for host in hosts
                if host.priority == priority
            ]
            places.append((member, priority))
    if not places:
        return ()
    around = Surroundings(of_priorities=tuple(_counting(member) for member, _ in places))
    parts = []
    for bucket in PrioritySet(policy, linear, around).buckets():
        member, priority = places[bucket.priority]
        inside = _inside(member, Bucket(priority, bucket.state, Fraction(1)), criteria)
        parts.append(MemberShare(member.cluster, bucket.share, inside))
    return tuple(parts)


def _counting(member: Member) -> HealthCounting:
    around = member.balancer.surroundings
    return HealthCounting(
        overprovisioning_factor=around.overprovisioning_factor,
        weighted_priority_health=around.weighted_priority_health,
        ignore_new_hosts=member.balancer.policy.ignore_new_hosts,
    )


def _inside(member: Member, bucket: Bucket, criteria: Criteria | None) -> Shares:
    balancer = member.balancer
    if balancer.policy.subset is None:
        return balancer.shares_within(bucket.priority, bucket.state, member.hash_value)
    shares = balancer.shares(member.hash_value, criteria)
    if len({host.priority for host in balancer.hosts}) == 1:
        return shares
    words = f'the subsets of cluster "{member.cluster}" are the same in each of its priorities'
    return msgspec.structs.replace(shares, assumptions=(*shares.assumptions, words))
