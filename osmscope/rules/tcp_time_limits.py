"""The limits of time of a connection that `tcp_proxy` forwards, and how often it dials.

What Envoy does: a connection without any data ends after `idle_timeout`, an hour unless it is
given, any connection after `max_downstream_connection_duration`; zero is no limit. Connecting is
tried `max_connect_attempts` times, once unless it is given. Checked against Envoy 1.40.0.
Not modelled: `max_downstream_connection_duration_jitter_percentage`, which adds to that.
"""

from __future__ import annotations

from osmscope.resources.cluster import Cluster
from osmscope.resources.network_filters import TcpProxy
from osmscope.rules.duration import milliseconds
from osmscope.rules.time_limits import TimeLimit, connect_limit

_IDLE = 3_600_000


def tcp_time_limits(config: TcpProxy, cluster: Cluster) -> tuple[TimeLimit, ...]:
    """List the limits of a connection; what has no limit is left out.

    Args:
        config: The filter's configuration.
        cluster: The connection's cluster.

    Raises:
        DumpError: A duration cannot be read.
    """
    idle, longest = config.idle_timeout, config.max_downstream_connection_duration
    found = (
        TimeLimit(
            what="connection",
            milliseconds=milliseconds(longest) if longest is not None else 0,
            source="tcp_proxy's max_downstream_connection_duration",
            ends="closed (DT) max_connection_duration_reached",
        ),
        TimeLimit(
            what="silent connection",
            milliseconds=_IDLE if idle is None else milliseconds(idle),
            source="" if idle is None else "tcp_proxy's idle_timeout",
            ends="closed tcp_session_idle_timeout",
        ),
        connect_limit(cluster, "closed (UF,URX)"),
    )
    return tuple(limit for limit in found if limit.milliseconds)


def connect_attempts(config: TcpProxy) -> int:
    """Return how often an endpoint is dialled at most."""
    return 1 if config.max_connect_attempts is None else config.max_connect_attempts
