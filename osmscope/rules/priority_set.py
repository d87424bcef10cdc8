"""A set of hosts by priority, with the load of each and whether it panics.

What Envoy does: health is counted in hosts that are not excluded (in weights, for the load, under
`weighted_priority_health`), panic follows from the counts, and if every priority panics the load
follows the number of hosts. If nothing is available and nothing panics, all requests go to
priority 0 and find no host. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.resources.endpoint import Locality
from osmscope.rules.host_health import Health, health, is_excluded
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.locality import in_order
from osmscope.rules.panic import panicking_priorities, total_panic_loads
from osmscope.rules.priority import HostCounts, PriorityLoads, priority_loads


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What load balancing knows besides the cluster and its hosts."""

    overprovisioning_factor: int = 140
    weighted_priority_health: bool | None = None
    """None where it is not known: Envoy does not dump what EDS says of it. It is then off."""
    node_locality: Locality | None = None
    local_hosts: tuple[Host, ...] = ()
    """The hosts of the local cluster (`local_cluster_name`); empty without one."""


class Bucket(msgspec.Struct, frozen=True):
    """The healthy or the degraded hosts of one priority, and their share of requests."""

    priority: int
    state: Health
    share: Fraction


class PrioritySet:
    """Hosts, their health, and the priorities they are in; hosts are known by their index."""

    def __init__(self, policy: LbPolicy, hosts: Sequence[Host], around: Surroundings) -> None:
        self.hosts = tuple(hosts)
        self.states = tuple(health(host) for host in hosts)
        self._own = around.node_locality
        self._excluded = tuple(
            is_excluded(host, ignore_new_hosts=policy.ignore_new_hosts) for host in hosts
        )
        self.levels: list[list[int]] = [
            [] for _ in range(max((host.priority for host in hosts), default=0) + 1)
        ]
        for index, host in enumerate(hosts):
            self.levels[host.priority].append(index)
        weighted = around.weighted_priority_health
        self.loads, self.panic = self._loads(policy, around, weighted=bool(weighted))
        self.weights_would_matter = weighted is None and self._depends_on_weights(policy, around)
        """Whether `weighted_priority_health`, which is not known, would change the loads."""

    def _depends_on_weights(self, policy: LbPolicy, around: Surroundings) -> bool:
        other, _ = self._loads(policy, around, weighted=True)
        own = self.loads
        return (other.healthy, other.degraded) != (own.healthy, own.degraded)

    def counts(self, *, weighted: bool = False) -> list[HostCounts]:
        """Count the hosts, or their weights, of each priority by state."""
        return [self._counts(level, weighted=weighted) for level in self.levels]

    def buckets(self) -> tuple[Bucket, ...]:
        """List what gets any requests: healthy hosts by priority, then degraded ones."""
        states = (Health.HEALTHY, self.loads.healthy), (Health.DEGRADED, self.loads.degraded)
        return tuple(
            Bucket(priority, state, Fraction(load, 100))
            for state, loads in states
            for priority, load in enumerate(loads)
            if load
        )

    def priority_of(self, hash_value: int) -> int:
        """Return the priority that a hash leads to."""
        wanted = hash_value % 100 + 1
        reached = 0
        for loads in (self.loads.healthy, self.loads.degraded):
            for priority, load in enumerate(loads):
                reached += load
                if reached >= wanted:
                    return priority
        raise AssertionError(f"loads of {self.loads} add up to 100")

    def localities(self, priority: int) -> list[tuple[Locality, list[int]]]:
        """List a priority's localities and their hosts, in Envoy's order."""
        found: dict[Locality, list[int]] = {}
        for index in self.levels[priority]:
            found.setdefault(self.hosts[index].locality, []).append(index)
        return [(locality, found[locality]) for locality in in_order(found, self._own)]

    def in_state(self, indices: Sequence[int], state: Health) -> list[int]:
        """Keep the hosts that are in this state."""
        return [index for index in indices if self.states[index] is state]

    def number(self, indices: Sequence[int]) -> int:
        """Count the hosts that are not excluded."""
        return sum(1 for index in indices if not self._excluded[index])

    def _counts(self, level: Sequence[int], *, weighted: bool) -> HostCounts:
        amounts = {index: self.hosts[index].weight if weighted else 1 for index in level}
        return HostCounts(
            healthy=sum(amounts[index] for index in self.in_state(level, Health.HEALTHY)),
            degraded=sum(amounts[index] for index in self.in_state(level, Health.DEGRADED)),
            total=sum(amounts[index] for index in level if not self._excluded[index]),
        )

    def _loads(
        self, policy: LbPolicy, around: Surroundings, *, weighted: bool
    ) -> tuple[PriorityLoads, tuple[bool, ...]]:
        measured = self.counts(weighted=weighted)
        loads = priority_loads(measured, around.overprovisioning_factor)
        panic = panicking_priorities(self.counts(), loads.availability, policy.panic_threshold)
        nothing = (0,) * len(self.levels)
        if all(panic):
            numbers = [len(level) for level in self.levels]
            loads = PriorityLoads(total_panic_loads(numbers), nothing, loads.availability)
        elif not loads.availability:
            loads = PriorityLoads((100, *nothing[1:]), nothing, 0)
        return loads, panic
