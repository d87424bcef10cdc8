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


class HealthCounting(msgspec.Struct, frozen=True, kw_only=True):
    """How the health of a priority is counted."""

    overprovisioning_factor: int = 140
    weighted_priority_health: bool | None = None
    """None where it is not known: Envoy does not dump what EDS says of it. It is then off."""
    ignore_new_hosts: bool = False
    """Whether hosts that wait for their first health check are excluded."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What load balancing knows besides the cluster and its hosts."""

    overprovisioning_factor: int = 140
    weighted_priority_health: bool | None = None
    """As in `HealthCounting`."""
    of_priorities: tuple[HealthCounting, ...] = ()
    """How each priority's health is counted, where priorities are of different clusters."""
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
        self.levels: list[list[int]] = [
            [] for _ in range(max((host.priority for host in hosts), default=0) + 1)
        ]
        self._counting = around.of_priorities or (
            HealthCounting(
                overprovisioning_factor=around.overprovisioning_factor,
                weighted_priority_health=around.weighted_priority_health,
                ignore_new_hosts=policy.ignore_new_hosts,
            ),
        ) * len(self.levels)
        self._excluded = tuple(
            is_excluded(host, ignore_new_hosts=self._counting[host.priority].ignore_new_hosts)
            for host in hosts
        )
        for index, host in enumerate(hosts):
            self.levels[host.priority].append(index)
        self.loads, self.panic = self._loads(policy)
        self.weights_would_matter = self._depends_on_weights(policy)
        """Whether `weighted_priority_health`, which is not known, would change anything."""

    def _depends_on_weights(self, policy: LbPolicy) -> bool:
        if all(one.weighted_priority_health is not None for one in self._counting):
            return False
        other, panic = self._loads(policy, where_unknown=True)
        own = self.loads
        same = (other.healthy, other.degraded) == (own.healthy, own.degraded)
        return not same or panic != self.panic

    def counts(self) -> list[HostCounts]:
        """Count the hosts of each priority by state."""
        return [self._counts(priority, weighted=False) for priority in range(len(self.levels))]

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

    def _counts(self, priority: int, *, weighted: bool) -> HostCounts:
        level = self.levels[priority]
        amounts = {index: self.hosts[index].weight if weighted else 1 for index in level}
        return HostCounts(
            healthy=sum(amounts[index] for index in self.in_state(level, Health.HEALTHY)),
            degraded=sum(amounts[index] for index in self.in_state(level, Health.DEGRADED)),
            total=sum(amounts[index] for index in level if not self._excluded[index]),
            overprovisioning_factor=self._counting[priority].overprovisioning_factor,
        )

    def _loads(
        self, policy: LbPolicy, *, where_unknown: bool = False
    ) -> tuple[PriorityLoads, tuple[bool, ...]]:
        """Compute loads and panic; weights count `where_unknown` whether they do."""
        measured = []
        for priority, counting in enumerate(self._counting):
            known = counting.weighted_priority_health
            weighted = where_unknown if known is None else known
            measured.append(self._counts(priority, weighted=weighted))
        loads = priority_loads(measured)
        panic = panicking_priorities(self.counts(), loads.availability, policy.panic_threshold)
        nothing = (0,) * len(self.levels)
        if all(panic):
            numbers = [len(level) for level in self.levels]
            loads = PriorityLoads(total_panic_loads(numbers), nothing, loads.availability)
        elif not loads.availability:
            loads = PriorityLoads((100, *nothing[1:]), nothing, 0)
        return loads, panic
