"""The shares of one set of hosts: a cluster's, or those of a subset.

What Envoy does: first it chooses the priority, and whether its healthy or its degraded hosts are
meant; then panic may open all of its hosts; then the locality is chosen; at last the policy picks
among the hosts that are left. Hashing policies choose the priority by the same hash and look at
nothing else but their table. Checked against Envoy 1.40.0. Not modelled: slow start, and the load
that LEAST_REQUEST and `hash_balance_factor` look at; answers that rest on them say so.
"""

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction

from osmscope.rules.hash_tables import HashTables
from osmscope.rules.host_health import Health, describe_health
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.locality import LocalityCounts, locality_shares
from osmscope.rules.panic import is_panicking
from osmscope.rules.priority_set import Bucket, PrioritySet, Surroundings
from osmscope.rules.shares import EndpointShare, Shares
from osmscope.rules.zone_aware import zone_shares

_ASSUMPTIONS: Mapping[Kind, str] = {
    Kind.LEAST_REQUEST: "LEAST_REQUEST shares assume equal load",
    Kind.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN: "shares assume that no endpoint reports its load",
    Kind.CLUSTER_PROVIDED: "the cluster's type picks the endpoint: all are taken as equally likely",
}
_WEIGHTED = frozenset({Kind.ROUND_ROBIN, Kind.LEAST_REQUEST})
"""Policies that honor the weights of endpoints."""

_Parts = dict[int, Fraction]
"""Index of a host → its share."""


class HostSet:
    """A set of hosts, ready for many requests."""

    def __init__(self, policy: LbPolicy, hosts: Sequence[Host], around: Surroundings) -> None:
        self._policy = policy
        self._around = around
        self._set = PrioritySet(policy, hosts, around)
        self._tables = HashTables(policy, self._set)
        self._spread: Shares | None = None
        self._unhashed: tuple[tuple[Host, str], ...] | None = None

    def shares(self, hash_value: int | None = None) -> Shares:
        """Return each host's share of requests with this hash; without one, of all requests."""
        if self._policy.is_hashing and hash_value is not None:
            return self._hashed(hash_value)
        if self._spread is None:
            self._spread = self.shares_of(self._set.buckets())
        return self._spread

    def shares_of(self, buckets: Sequence[Bucket]) -> Shares:
        """Return each host's share if requests are spread over priorities like this."""
        total: _Parts = {}
        reasons = []
        for bucket in buckets:
            parts, where = self._parts(bucket)
            reasons.append(f"{float(100 * bucket.share):g} % to {where}")
            for index, part in parts.items():
                total[index] = total.get(index, Fraction(0)) + bucket.share * part
        hosts = self._set.hosts
        chosen = {index: share for index, share in sorted(total.items()) if share}
        return Shares(
            endpoints=tuple(
                EndpointShare(hosts[index], share, self._set.states[index])
                for index, share in chosen.items()
            ),
            unavailable=1 - sum(chosen.values(), Fraction(0)),
            assumptions=self._assumptions() if len(chosen) > 1 else (),
            reasons=tuple(reasons) if hosts else ("there are no endpoints",),
            lost=self._lost(chosen, buckets),
            panic=any(self._set.panic[bucket.priority] for bucket in buckets),
        )

    def _hashed(self, hash_value: int) -> Shares:
        priority = self._set.priority_of(hash_value)
        panic = self._set.panic[priority]
        found = self._tables.of(priority)
        if found is None:
            words = f"hash {hash_value}: priority {priority} has no endpoint to hash to"
            return Shares(unavailable=Fraction(1), reasons=(words,), panic=panic)
        table, indices = found
        index = indices[table.pick(hash_value)]
        host = self._set.hosts[index]
        return Shares(
            endpoints=(EndpointShare(host, Fraction(1), self._set.states[index]),),
            assumptions=self._assumptions() if len(indices) > 1 else self._of_weights(),
            reasons=(f"hash {hash_value}: {table.describe(hash_value)} is {host.address}",),
            lost=self._never_hashed_to(),
            panic=panic,
        )

    def _assumptions(self) -> tuple[str, ...]:
        policy = self._policy
        found = []
        if policy.kind is Kind.UNSUPPORTED:
            what = f"load balancing by {policy.type_name} is not modelled"
            found.append(f"{what}: all endpoints are taken as equally likely")
        for name in policy.passed_over:
            found.append(
                f"Envoy does not know the load balancing policy {name}, and passes it over"
            )
        if policy.slow_start:
            found.append("no endpoint is within its slow start window")
        if policy.is_hashing and policy.hash_balance_factor:
            found.append("hash_balance_factor: no endpoint is assumed to be overloaded")
        if policy.kind is Kind.RING_HASH and self._tables.repeat_keys:
            found.append("of endpoints with the same hash key, the first one is on the ring")
        if policy.kind in _ASSUMPTIONS:
            found.append(_ASSUMPTIONS[policy.kind])
        return (*found, *self._of_weights())

    def _of_weights(self) -> tuple[str, ...]:
        words = "weighted_priority_health, which a dump does not hold, is taken as off"
        return (words,) if self._set.weights_would_matter else ()

    def _lost(
        self, chosen: Container[int], buckets: Sequence[Bucket]
    ) -> tuple[tuple[Host, str], ...]:
        hosts = enumerate(self._set.hosts)
        return tuple((host, self._why_not(i, buckets)) for i, host in hosts if i not in chosen)

    def _never_hashed_to(self) -> tuple[tuple[Host, str], ...]:
        if self._unhashed is None:
            buckets = self._set.buckets()
            usable: set[int] = set()
            for priority in {bucket.priority for bucket in buckets}:
                usable.update(self._tables.usable(priority, self._set.levels[priority]))
            self._unhashed = self._lost(usable, buckets)
        return self._unhashed

    def _why_not(self, index: int, buckets: Sequence[Bucket]) -> str:
        host, state = self._set.hosts[index], self._set.states[index]
        if state is Health.UNHEALTHY:
            return describe_health(host)
        used = {bucket.state for bucket in buckets if bucket.priority == host.priority}
        if not used:
            return f"priority {host.priority} gets no requests"
        if self._set.panic[host.priority] and not self._policy.is_hashing:
            return f"priority {host.priority} panics, which fails requests (fail_traffic_on_panic)"
        if state not in used or self._policy.is_hashing:
            return f"{describe_health(host)}, and only others of its priority are picked from"
        return f"locality {host.locality.text() or '(none)'} gets no requests"

    def _parts(self, bucket: Bucket) -> tuple[_Parts, str]:
        """Spread a priority's requests over its hosts; what is missing to 1 finds no host."""
        level = self._set.levels[bucket.priority]
        where = f"{bucket.state.value.lower()} endpoints of priority {bucket.priority}"
        if self._policy.is_hashing:
            return self._table_parts(bucket.priority), f"the table of priority {bucket.priority}"
        if self._set.panic[bucket.priority]:
            if self._policy.zone_aware.fail_traffic_on_panic:
                return {}, f"priority {bucket.priority}, which panics (fail_traffic_on_panic)"
            return self._among(level), f"all endpoints of priority {bucket.priority} (panic)"
        if self._policy.locality_weighted:
            if weighted := self._by_locality(bucket):
                return weighted, f"{where}, by the weight of localities"
        elif bucket.priority == 0 and (zoned := self._by_zone(bucket)) is not None:
            return zoned, f"{where}, by zone"
        return self._among(self._set.in_state(level, bucket.state)), where

    def _among(self, indices: Sequence[int]) -> _Parts:
        if self._policy.kind in _WEIGHTED:
            weights = {index: self._set.hosts[index].weight for index in indices}
            total = sum(weights.values())
            return {index: Fraction(weight, total) for index, weight in weights.items()}
        return {index: Fraction(1, len(indices)) for index in indices}

    def _table_parts(self, priority: int) -> _Parts:
        found = self._tables.of(priority)
        if found is None:
            return {}
        table, indices = found
        return dict(zip(indices, table.shares(), strict=True))

    def _by_locality(self, bucket: Bucket) -> _Parts:
        members = [
            (inside, self._set.in_state(inside, bucket.state))
            for _, inside in self._set.localities(bucket.priority)
        ]
        counts = [
            LocalityCounts(
                self._set.hosts[inside[0]].locality_weight, len(eligible), self._set.number(inside)
            )
            for inside, eligible in members
        ]
        shares = locality_shares(counts, self._around.overprovisioning_factor) or ()
        parts: _Parts = {}
        for (_, eligible), share in zip(members, shares, strict=False):
            parts |= {index: share * part for index, part in self._among(eligible).items()}
        return parts

    def _by_zone(self, bucket: Bucket) -> _Parts | None:
        settings, own = self._policy.zone_aware, self._around.node_locality
        local = tuple(host for host in self._around.local_hosts if host.priority == 0)
        if own is None or not local or not settings.routing_enabled:
            return None
        level = self._set.levels[0]
        shares = zone_shares(settings, [self._set.hosts[index] for index in level], local, own)
        if shares is None:
            return None
        local_set = PrioritySet(self._policy, local, self._around)
        if is_panicking(local_set.counts()[0], self._policy.panic_threshold):
            return {} if settings.fail_traffic_on_panic else None
        enabled = Fraction(min(100, settings.routing_enabled), 100)
        eligible = self._set.in_state(level, bucket.state)
        parts = {index: part * (1 - enabled) for index, part in self._among(eligible).items()}
        for locality, share in shares:
            inside = [i for i in eligible if self._set.hosts[i].locality == locality]
            for index, part in self._among(inside).items():
                parts[index] += enabled * share * part
        return parts
