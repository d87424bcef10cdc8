"""Circuit breakers: the limits of a cluster, and when they certainly refuse.

What Envoy does: limits hold for one routing priority each and for all workers together; a priority
without an entry, and a field that is absent, have the defaults. Whether a limit is reached depends
on the load, which a dump does not tell; only a limit of 0 refuses with certainty, and only where a
host can be found: without any it is UH. `max_connections` 0 still lets a connection through.
Checked against Envoy 1.40.0. Not modelled: `per_host_thresholds` and the retry budget.
"""

import msgspec

from osmscope.resources.cluster import CircuitBreakerThresholds, Cluster
from osmscope.rules.local_reply import LocalReply

_DEFAULT_RETRIES = 3
_DEFAULT = 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one routing priority of a cluster may have at a time, over all workers."""

    max_connections: int = _DEFAULT
    max_pending_requests: int = _DEFAULT
    max_requests: int = _DEFAULT
    max_retries: int = _DEFAULT_RETRIES


class Refusal(msgspec.Struct, frozen=True):
    """A refusal that does not depend on the load."""

    reply: LocalReply
    after_pick: bool
    """Whether the picked host is known then (Envoy's access log names it)."""


def limits_of(cluster: Cluster, priority: str = "DEFAULT") -> Limits:
    """Return the limits of a cluster.

    Args:
        cluster: The cluster.
        priority: The route's routing priority, DEFAULT or HIGH.
    """
    configured = cluster.circuit_breakers.thresholds if cluster.circuit_breakers else ()
    chosen = CircuitBreakerThresholds()
    for thresholds in configured:
        if thresholds.priority == priority:
            chosen = thresholds
            break
    given = {
        field: getattr(chosen, field)
        for field in Limits.__struct_fields__
        if getattr(chosen, field) is not None
    }
    return Limits(**given)


def refusal(cluster: Cluster, priority: str = "DEFAULT") -> Refusal | None:
    """Return the refusal of every HTTP request that finds a host; None where the load decides.

    Args:
        cluster: The cluster.
        priority: The route's routing priority, DEFAULT or HIGH.
    """
    limits = limits_of(cluster, priority)
    for field, after_pick in (("max_pending_requests", False), ("max_requests", True)):
        if getattr(limits, field) == 0:
            reply = LocalReply(
                code=503,
                flags=("UO",),
                details="upstream_reset_before_response_started{overflow}",
                reason=f"the cluster's circuit breaker has {field} 0",
            )
            return Refusal(reply, after_pick)
    return None
