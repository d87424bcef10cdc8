"""Circuit breakers: the limits of a cluster, and when they certainly refuse.

What Envoy does: limits hold for one routing priority each and for all workers together; the route's
`priority` chooses them, `tcp_proxy` has the default ones. A priority without an entry, and a field
that is absent, have the defaults; a runtime key `circuit_breakers.CLUSTER.PRIORITY.FIELD` overrides
both. Whether a limit is reached depends on the load, which a dump does not tell; only a limit of 0
refuses with certainty, and, but for `max_connections` of a `tcp_proxy`, only where a host can be
found: without any it is UH. `max_connections` 0 still lets an HTTP request's connection through.
The members of an aggregate have limits, the aggregate itself has none. Checked against Envoy
1.40.0. Not modelled: `per_host_thresholds`, whose 0 lets a connection through, and the retry
budget.
"""

from collections.abc import Mapping

import msgspec

from osmscope.resources.cluster import CircuitBreakerThresholds, Cluster
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_value import whole_number

_DEFAULT_RETRIES = 3
_DEFAULT = 1024

Runtime = Mapping[str, object]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one routing priority of a cluster may have at a time, over all workers."""

    max_connections: int = _DEFAULT
    max_pending_requests: int = _DEFAULT
    max_requests: int = _DEFAULT
    max_retries: int = _DEFAULT_RETRIES
    max_connection_pools: int | None = None
    """None without any limit."""


def limits_of(
    cluster: Cluster, priority: str = "DEFAULT", runtime: Runtime | None = None
) -> Limits:
    """Return the limits of a cluster.

    Args:
        cluster: The cluster.
        priority: The route's routing priority, DEFAULT or HIGH.
        runtime: Runtime keys that are set.
    """
    configured = cluster.circuit_breakers.thresholds if cluster.circuit_breakers else ()
    chosen = next((one for one in configured if one.priority == priority), None)
    thresholds = chosen or CircuitBreakerThresholds()
    prefix = f"circuit_breakers.{cluster.name}.{priority.lower()}"
    given = {}
    for field in Limits.__struct_fields__:
        override = whole_number(runtime.get(f"{prefix}.{field}")) if runtime else None
        limit = getattr(thresholds, field) if override is None else override
        if limit is not None:
            given[field] = limit
    return Limits(**given)


def refusal(
    cluster: Cluster, priority: str = "DEFAULT", runtime: Runtime | None = None
) -> LocalReply | None:
    """Return the refusal of every HTTP request that finds a host; None where the load decides.

    Args:
        cluster: The cluster that the host is of.
        priority: The route's routing priority, DEFAULT or HIGH.
        runtime: Runtime keys that are set.
    """
    limits = limits_of(cluster, priority, runtime)
    if limits.max_connection_pools == 0:
        words = _words("max_connection_pools")
        return LocalReply(code=503, flags=("UH",), details="no_healthy_upstream", reason=words)
    for field in ("max_pending_requests", "max_requests"):
        if getattr(limits, field) == 0:
            details = "upstream_reset_before_response_started{overflow}"
            return LocalReply(code=503, flags=("UO",), details=details, reason=_words(field))
    return None


def connection_refusal(cluster: Cluster, runtime: Runtime | None = None) -> LocalReply | None:
    """Return the refusal of every connection of `tcp_proxy`, before a host is looked for."""
    if limits_of(cluster, runtime=runtime).max_connections == 0:
        return LocalReply(code=0, flags=("UO",), reason=_words("max_connections"))
    return None


def pending_refusal(
    cluster: Cluster, runtime: Runtime | None = None, *, tunnels: bool = False
) -> LocalReply | None:
    """Return the refusal of every connection of `tcp_proxy` that finds a host.

    Args:
        cluster: The cluster that the host is of.
        runtime: Runtime keys that are set.
        tunnels: Whether the connection goes inside an HTTP request.
    """
    limits = limits_of(cluster, runtime=runtime)
    for field in ("max_pending_requests", *(["max_requests"] if tunnels else [])):
        if getattr(limits, field) == 0:
            return LocalReply(code=0, flags=("URX",), reason=_words(field))
    return None


def _words(field: str) -> str:
    return f"the cluster's circuit breaker has {field} 0"
