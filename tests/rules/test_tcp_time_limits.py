"""Limits of time of `tcp_proxy`, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.resources.network_filters import TcpProxy
from osmscope.rules.tcp_time_limits import connect_attempts, tcp_time_limits


def limits(cluster: Cluster | None = None, **fields: object) -> dict[str, tuple[int, str]]:
    found = tcp_time_limits(msgspec.convert(fields, TcpProxy), cluster or Cluster())
    return {limit.what: (limit.milliseconds, limit.ends) for limit in found}


IDLE = "closed tcp_session_idle_timeout"
LONGEST = "closed (DT) max_connection_duration_reached"


def test_the_defaults() -> None:
    assert limits() == {
        "silent connection": (3_600_000, IDLE),
        "connecting": (5_000, "closed (UF,URX)"),
    }


@pytest.mark.parametrize(
    ("fields", "what", "expected"),
    [
        ({"idle_timeout": "0.2s"}, "silent connection", (200, IDLE)),
        ({"idle_timeout": "0s"}, "silent connection", None),
        ({"max_downstream_connection_duration": "0.2s"}, "connection", (200, LONGEST)),
        ({}, "connection", None),
    ],
)
def test_limits(fields: dict[str, object], what: str, expected: tuple[int, str] | None) -> None:
    assert limits(**fields).get(what) == expected


def test_the_cluster_limits_connecting() -> None:
    found = limits(Cluster(connect_timeout="1s"))
    assert found["connecting"] == (1000, "closed (UF,URX)")


@pytest.mark.parametrize(("given", "attempts"), [(None, 1), (3, 3)])
def test_how_often_it_dials(given: int | None, attempts: int) -> None:
    assert connect_attempts(TcpProxy(max_connect_attempts=given)) == attempts
