"""Whether an endpoint that a session names may be taken (`override_host_status`).

What Envoy does: the endpoint's status has to be one of the cluster's list, which is UNKNOWN,
HEALTHY and DEGRADED where it is not given; a failing health check and an ejection are UNHEALTHY,
whatever EDS says. Checked against Envoy 1.40.0. Not modelled: nothing; but a dump does not tell
HEALTHY from UNKNOWN, nor, without /clusters, what makes an endpoint unhealthy.
"""

from __future__ import annotations

from osmscope.resources.cluster import CommonLbConfig
from osmscope.rules.host_health import Health, health
from osmscope.rules.hosts import Host
from osmscope.rules.result import Match, decided, unknown

_DEFAULT = frozenset({"UNKNOWN", "HEALTHY", "DEGRADED"})
_FAILING = frozenset({"failed_active_hc", "failed_outlier_check"})


def may_override(config: CommonLbConfig, host: Host) -> Match:
    """Tell whether an endpoint may be taken because a session names it.

    Args:
        config: The cluster's `common_lb_config`.
        host: The endpoint.
    """
    given = config.override_host_status
    accepted = _DEFAULT if given is None else frozenset(given.statuses)
    possible = _statuses(host)
    field = "common_lb_config.override_host_status"
    words = f"the endpoint that the session names is {' or '.join(sorted(possible))}"
    if possible <= accepted or not possible & accepted:
        return decided(possible <= accepted, words, field)
    return unknown(f"whether the endpoint that the session names is {'/'.join(sorted(possible))}")


def _statuses(host: Host) -> frozenset[str]:
    """Return what a host's status may be, by all that the dump tells of it."""
    if host.flags & _FAILING:
        return frozenset({"UNHEALTHY"})
    if "eds_status_draining" in host.flags:
        return frozenset({"DRAINING"})
    if "failed_eds_health" in host.flags:
        return frozenset({"UNHEALTHY", "TIMEOUT"})
    match health(host):
        case Health.UNHEALTHY:
            return frozenset({"UNHEALTHY", "DRAINING", "TIMEOUT"})
        case Health.DEGRADED:
            return frozenset({"DEGRADED"})
    return frozenset({"UNKNOWN", "HEALTHY"})
