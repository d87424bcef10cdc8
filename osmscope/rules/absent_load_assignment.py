"""What is not known of hosts that /clusters shows and whose load assignment a dump lacks.

What Envoy does: a load assignment tells more than who the hosts are: what share of requests is
dropped, the overprovisioning factor, the weights of localities, and the metadata that makes
subsets and hash keys. /clusters shows none of these, and a dump only if it is taken with
`include_eds`. That nothing of it is set is taken for granted, and named where it would count; the
subset that a request asks for cannot be. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Iterator, Sequence

from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import LbPolicy
from osmscope.rules.subset import Criteria

NO_DROPS = "drops no requests"


def taken_for_granted(policy: LbPolicy, hosts: Sequence[Host], *, whole: bool) -> Iterator[str]:
    """Name what is assumed of a load assignment that decides about shares, each a predicate.

    Args:
        policy: The cluster's load balancing.
        hosts: Its hosts.
        whole: Whether nothing of the load assignment is known; else only some hosts are not in it.
    """
    if whole and len({(host.priority, host.locality) for host in hosts}) > 1:
        yield "has no overprovisioning factor"
    if not is_described(hosts):
        if policy.locality_weighted:
            yield "gives no weight to localities"
        if policy.is_hashing:
            yield "gives no hash key to endpoints"


def is_described(hosts: Sequence[Host]) -> bool:
    """Whether the metadata of all hosts is known."""
    return all(host.is_assigned for host in hosts)


def depends_on_metadata(policy: LbPolicy, hosts: Sequence[Host], criteria: Criteria) -> bool:
    """Whether the subset of a request depends on metadata that is not known.

    Args:
        policy: The cluster's load balancing.
        hosts: Its hosts.
        criteria: What the request asks of subsets.
    """
    if policy.subset is None or is_described(hosts):
        return False
    return bool(criteria) or policy.subset.fallback_policy == "DEFAULT_SUBSET"
