"""From a cluster's hosts to the share of each, for a request.

What Envoy does: a host that the request names comes first (override_host), then the subset that its
criteria choose, then priorities, panic, localities and the policy, all within that subset. Checked
against Envoy 1.40.0. Not modelled: what `osmscope.rules.host_set` names, and retries, which may
look for another host.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.resources.load_balancing import LbSubsetConfig
from osmscope.rules.host_health import Health, health
from osmscope.rules.host_set import HostSet
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.priority_set import Bucket, Surroundings
from osmscope.rules.shares import EndpointShare, Shares
from osmscope.rules.subset import Criteria, Selection, selections

__all__ = ["EndpointShare", "LoadBalancer", "Shares", "Surroundings", "endpoint_shares"]


class LoadBalancer:
    """A cluster's load balancing, ready for many requests: keep one for each set of hosts."""

    def __init__(
        self, policy: LbPolicy, hosts: Sequence[Host], surroundings: Surroundings | None = None
    ) -> None:
        """Prepare for these hosts, as `hosts_of` lists them."""
        self._policy = policy
        self._hosts = tuple(hosts)
        self._around = surroundings or Surroundings()
        self._whole = HostSet(policy, hosts, self._around)
        self._subsets: dict[bytes, list[tuple[Selection, HostSet]]] = {}

    @property
    def policy(self) -> LbPolicy:
        """How a host is picked."""
        return self._policy

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All hosts, in Envoy's order."""
        return self._hosts

    @property
    def surroundings(self) -> Surroundings:
        """What counts besides the hosts."""
        return self._around

    def shares(
        self,
        hash_value: int | None = None,
        criteria: Criteria | None = None,
        override: Sequence[str] = (),
    ) -> Shares:
        """Return the share of each host for one request.

        Args:
            hash_value: The request's hash; None if it has none.
            criteria: What the request asks of subsets.
            override: Addresses that the request wants; the first known one is taken.
        """
        for address in override:
            for host in self._hosts:
                if host.address == address:
                    return _certain(host, f"the request asks for {address}")
        if self._policy.subset is None:
            return self._whole.shares(hash_value)
        answer = Shares(unavailable=Fraction(1))
        for selection, hosts in self._tried(self._policy.subset, criteria or {}):
            if selection.ignores_health:
                return _certain(selection.hosts[0], selection.reason)
            answer = hosts.shares(hash_value).after(selection.reason)
            if answer.endpoints:
                break
        return answer

    def shares_within(self, priority: int, state: Health, hash_value: int | None = None) -> Shares:
        """Return the shares if the priority is already chosen, as by an aggregate cluster.

        Args:
            priority: The priority.
            state: Whether its healthy or its degraded hosts are meant.
            hash_value: The request's hash: a hashing policy chooses the priority by itself.
        """
        if self._policy.is_hashing:
            return self._whole.shares(hash_value)
        return self._whole.shares_of((Bucket(priority, state, Fraction(1)),))

    def _tried(self, config: LbSubsetConfig, criteria: Criteria) -> list[tuple[Selection, HostSet]]:
        key = msgspec.json.encode(criteria, order="deterministic")
        if key not in self._subsets:
            # Within a subset only those locality weights count that the selection left.
            policy = self._policy
            if not config.locality_weight_aware:
                policy = msgspec.structs.replace(policy, locality_weighted=False)
            self._subsets[key] = [
                (selection, HostSet(policy, selection.hosts, self._around))
                for selection in selections(config, self._hosts, criteria)
            ]
        return self._subsets[key]


def endpoint_shares(
    policy: LbPolicy,
    hosts: Sequence[Host],
    *,
    hash_value: int | None = None,
    criteria: Criteria | None = None,
    surroundings: Surroundings | None = None,
) -> Shares:
    """Return the share of each host for a single request; see `LoadBalancer` for many.

    Args:
        policy: What `policy_of` resolved.
        hosts: What `hosts_of` lists.
        hash_value: The request's hash; None if it has none.
        criteria: What the request asks of subsets.
        surroundings: What else counts: the load assignment's policy, the own locality.
    """
    return LoadBalancer(policy, hosts, surroundings).shares(hash_value, criteria)


def _certain(host: Host, reason: str) -> Shares:
    return Shares(endpoints=(EndpointShare(host, Fraction(1), health(host)),), reasons=(reason,))
