"""Replies for clusters that are not there, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import Route, RouteAction
from osmscope.rules.cluster_not_found import cluster_not_found


@pytest.mark.parametrize(
    ("route", "code"),
    [
        (Route(route=RouteAction()), 503),
        (Route(route=RouteAction(cluster_not_found_response_code="NOT_FOUND")), 404),
        (Route(route=RouteAction(cluster_not_found_response_code="INTERNAL_SERVER_ERROR")), 500),
        (Route(), 503),
    ],
)
def test_code(route: Route, code: int) -> None:
    reply = cluster_not_found(route, "a")
    assert (reply.code, reply.flags, reply.details) == (code, ("NC",), "cluster_not_found")


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [("a", 'there is no cluster "a"'), ("", "the route gives no cluster")],
)
def test_reason(cluster: str, reason: str) -> None:
    assert cluster_not_found(Route(), cluster).reason == reason
