"""The ring or the Maglev table of each priority.

What Envoy does: healthy hosts only are hashed to, all hosts of a priority that panics. A host's key
is its metadata `envoy.lb`/`hash_key` if that is a text, else its hostname under
`use_hostname_for_hashing`, else its address. Weights count; under locality weighted load balancing
those of localities as well, without regard to health. Checked against Envoy 1.40.0.
Not modelled: nothing.
"""

import functools

from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy
from osmscope.rules.locality import normalized_weights
from osmscope.rules.maglev import Maglev
from osmscope.rules.priority_set import PrioritySet
from osmscope.rules.ring_hash import Ring
from osmscope.rules.subset import NAMESPACE

HashTable = Ring | Maglev


class HashTables:
    """The tables of a set of hosts, each made when first asked for."""

    def __init__(self, policy: LbPolicy, hosts: PrioritySet) -> None:
        self._policy = policy
        self._hosts = hosts
        self._tables: dict[int, tuple[HashTable, tuple[int, ...]] | None] = {}

    @functools.cached_property
    def repeat_keys(self) -> bool:
        """Whether hosts of a priority share a key: nothing then orders their points on a ring."""
        hostname = self._policy.use_hostname_for_hashing
        keys = {
            (host.priority, hash_key(host, use_hostname=hostname)) for host in self._hosts.hosts
        }
        return len(keys) < len(self._hosts.hosts)

    def of(self, priority: int) -> tuple[HashTable, tuple[int, ...]] | None:
        """Return a priority's table and the hosts it speaks of; None if none can be hashed to."""
        if priority not in self._tables:
            self._tables[priority] = self._new(priority)
        return self._tables[priority]

    def usable(self, priority: int, indices: list[int]) -> list[int]:
        """Keep those hosts of a priority that may be hashed to."""
        if self._hosts.panic[priority]:
            return indices
        return self._hosts.in_state(indices, Health.HEALTHY)

    def _new(self, priority: int) -> tuple[HashTable, tuple[int, ...]] | None:
        weighted = [(index, weight) for index, weight in self._weighted(priority) if weight]
        if not weighted:
            return None
        indices = tuple(index for index, _ in weighted)
        hostname = self._policy.use_hostname_for_hashing
        keys = [hash_key(self._hosts.hosts[index], use_hostname=hostname) for index in indices]
        weights = [weight for _, weight in weighted]
        if self._policy.kind is Kind.RING_HASH:
            return Ring(keys, weights, self._policy.ring_size), indices
        return Maglev(keys, weights, self._policy.table_size), indices

    def _weighted(self, priority: int) -> list[tuple[int, float]]:
        hosts = self._hosts
        if self._policy.locality_weighted:
            groups = [
                (hosts.hosts[inside[0]].locality_weight, self.usable(priority, inside))
                for _, inside in hosts.localities(priority)
            ]
        else:
            groups = [(1, self.usable(priority, hosts.levels[priority]))]
        shares = normalized_weights(
            [
                (weight, [hosts.hosts[index].weight for index in indices])
                for weight, indices in groups
            ]
        )
        indices = [index for _, group in groups for index in group]
        return list(zip(indices, [share for group in shares for share in group], strict=True))


def hash_key(host: Host, *, use_hostname: bool) -> str:
    """Return what stands for a host in a ring or a table."""
    key = host.metadata.get(NAMESPACE, {}).get("hash_key")
    if isinstance(key, str) and key:
        return key
    return host.hostname if use_hostname and host.hostname else host.address
