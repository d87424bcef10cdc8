"""The health of a host.

What Envoy does: a host is unhealthy if its active health check fails, outlier detection ejected
it, or EDS says so (draining included); else degraded if one of the three says that; else healthy.
`eds_health_status: HEALTHY` of /clusters says nothing of the other two. Hosts that drain,
that wait for their first health check (with `ignore_new_hosts_until_first_hc`) or that failed by an
`x-envoy-immediate-health-check-fail` response are excluded: they do not count among those that
could be healthy. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

import enum

from osmscope.rules.hosts import Host

_UNHEALTHY = frozenset({
    "failed_active_hc", "failed_outlier_check", "failed_eds_health", "eds_status_draining",
    "unhealthy",
})  # fmt: skip
_EXCLUDED = frozenset({"excluded_via_immediate_hc_fail", "eds_status_draining"})
_DEGRADED = frozenset({
    "degraded_active_hc", "degraded_eds_health", "degraded_outlier_detection", "degraded",
})  # fmt: skip


class Health(enum.Enum):
    """The three states that load balancing knows."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNHEALTHY = "UNHEALTHY"


def health(host: Host) -> Health:
    """Return the state that a host's flags add up to."""
    if host.flags & _UNHEALTHY:
        return Health.UNHEALTHY
    return Health.DEGRADED if host.flags & _DEGRADED else Health.HEALTHY


def is_excluded(host: Host, *, ignore_new_hosts: bool) -> bool:
    """Tell whether a host is left out of the number that health is a share of.

    Args:
        host: The host.
        ignore_new_hosts: The cluster's `ignore_new_hosts_until_first_hc`.
    """
    if host.flags & _EXCLUDED:
        return True
    return ignore_new_hosts and "pending_active_hc" in host.flags


def describe_health(host: Host) -> str:
    """Say in words how a host is, with its flags: "unhealthy (failed_active_hc)"."""
    state = health(host)
    causes = sorted(host.flags & (_UNHEALTHY | _DEGRADED) - {"unhealthy", "degraded"})
    word = state.value.lower()
    return f"{word} ({', '.join(causes)})" if causes else word
