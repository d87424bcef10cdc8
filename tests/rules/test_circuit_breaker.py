"""Circuit breakers: the limits, and those that refuse without any load."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.circuit_breaker import (
    Limits,
    connection_refusal,
    limits_of,
    pending_refusal,
    refusal,
)


def cluster(*thresholds: dict[str, object]) -> Cluster:
    return msgspec.convert({"name": "a", "circuit_breakers": {"thresholds": thresholds}}, Cluster)


@pytest.mark.parametrize(
    ("configured", "priority", "limits"),
    [
        (Cluster(), "DEFAULT", Limits()),
        (cluster({"max_requests": 5}), "DEFAULT", Limits(max_requests=5)),
        (cluster({"max_requests": 5}), "HIGH", Limits()),
        (cluster({"priority": "HIGH", "max_retries": 0}), "HIGH", Limits(max_retries=0)),
        (cluster({"max_connection_pools": 7}), "DEFAULT", Limits(max_connection_pools=7)),
        (
            cluster({"max_connections": 1}, {"max_connections": 2}),
            "DEFAULT",
            Limits(max_connections=1),
        ),
    ],
)
def test_limits(configured: Cluster, priority: str, limits: Limits) -> None:
    assert limits_of(configured, priority) == limits


@pytest.mark.parametrize(
    ("runtime", "priority", "limits"),
    [
        ({"circuit_breakers.a.default.max_requests": 7}, "DEFAULT", Limits(max_requests=7)),
        ({"circuit_breakers.a.high.max_retries": 0}, "HIGH", Limits(max_retries=0)),
        ({"circuit_breakers.a.high.max_retries": 0}, "DEFAULT", Limits(max_requests=5)),
        ({"circuit_breakers.b.default.max_requests": 7}, "DEFAULT", Limits(max_requests=5)),
        ({"circuit_breakers.a.default.max_requests": "x"}, "DEFAULT", Limits(max_requests=5)),
        ({"circuit_breakers.a.default.max_requests": True}, "DEFAULT", Limits(max_requests=5)),
        ({"circuit_breakers.a.default.max_requests": -1}, "DEFAULT", Limits(max_requests=5)),
    ],
)
def test_runtime_overrides_limits(
    runtime: dict[str, object], priority: str, limits: Limits
) -> None:
    assert limits_of(cluster({"max_requests": 5}), priority, runtime) == limits


OVERFLOW = ("UO", "upstream_reset_before_response_started{overflow}")
NO_HOST = ("UH", "no_healthy_upstream")


@pytest.mark.parametrize(
    ("thresholds", "refused"),
    [
        ({"max_pending_requests": 0}, OVERFLOW),
        ({"max_requests": 0}, OVERFLOW),
        ({"max_pending_requests": 0, "max_requests": 0}, OVERFLOW),
        ({"max_connection_pools": 0}, NO_HOST),
        ({"max_connection_pools": 0, "max_requests": 0}, NO_HOST),
        ({"max_connections": 0}, None),
        ({"max_retries": 0}, None),
        ({"max_requests": 1}, None),
    ],
)
def test_a_limit_of_0_refuses_requests(
    thresholds: dict[str, object], refused: tuple[str, str] | None
) -> None:
    found = refusal(cluster(thresholds))
    assert (found and (found.flags[0], found.details)) == refused
    assert refusal(cluster(thresholds), "HIGH") is None
    high = refusal(cluster({"priority": "HIGH", **thresholds}), "HIGH")
    assert (high and (high.flags[0], high.details)) == refused


@pytest.mark.parametrize(
    ("thresholds", "before", "after"),
    [
        ({"max_connections": 0}, ("UO",), None),
        ({"max_pending_requests": 0}, None, ("URX",)),
        ({"max_requests": 0}, None, None),
        ({"max_connection_pools": 0}, None, None),
        ({"priority": "HIGH", "max_connections": 0, "max_pending_requests": 0}, None, None),
    ],
)
def test_a_limit_of_0_refuses_connections(
    thresholds: dict[str, object], before: tuple[str] | None, after: tuple[str] | None
) -> None:
    found = connection_refusal(cluster(thresholds))
    pending = pending_refusal(cluster(thresholds))
    assert (found and found.flags, pending and pending.flags) == (before, after)


@pytest.mark.parametrize(
    ("tunnels", "thresholds", "refused"),
    [
        (False, {"max_requests": 0}, False),
        (True, {"max_requests": 0}, True),
        (True, {"max_pending_requests": 0}, True),
        (True, {}, False),
    ],
)
def test_a_tunnel_is_a_request(tunnels: bool, thresholds: dict[str, object], refused: bool) -> None:
    found = pending_refusal(cluster(thresholds), tunnels=tunnels)
    assert (found is not None) is refused
