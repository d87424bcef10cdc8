"""Circuit breakers: the limits, and those that refuse without any load."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.circuit_breaker import Limits, limits_of, refusal


def cluster(*thresholds: dict[str, object]) -> Cluster:
    return msgspec.convert({"circuit_breakers": {"thresholds": thresholds}}, Cluster)


@pytest.mark.parametrize(
    ("configured", "priority", "limits"),
    [
        (Cluster(), "DEFAULT", Limits()),
        (cluster({"max_requests": 5}), "DEFAULT", Limits(max_requests=5)),
        (cluster({"max_requests": 5}), "HIGH", Limits()),
        (cluster({"priority": "HIGH", "max_retries": 0}), "HIGH", Limits(max_retries=0)),
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
    ("thresholds", "refused", "after_pick"),
    [
        ({"max_pending_requests": 0}, True, False),
        ({"max_requests": 0}, True, True),
        ({"max_pending_requests": 0, "max_requests": 0}, True, False),
        ({"max_connections": 0}, False, False),
        ({"max_retries": 0}, False, False),
        ({"max_requests": 1}, False, False),
    ],
)
def test_a_limit_of_0(thresholds: dict[str, object], refused: bool, after_pick: bool) -> None:
    found = refusal(cluster(thresholds))
    assert (found is not None) is refused
    if found is not None:
        assert found.after_pick is after_pick
        assert found.reply.flags == ("UO",)
        assert found.reply.details == "upstream_reset_before_response_started{overflow}"
    assert refusal(cluster(thresholds), "HIGH") is None
