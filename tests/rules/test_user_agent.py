"""What Envoy tells of itself, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.user_agent import add_user_agent

CLUSTER, NODE = "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node"
ADDS = HttpConnectionManager(add_user_agent=True)
UNNAMED = ("Envoy's command line does not name its cluster and its node",)


@pytest.mark.parametrize(
    ("manager", "cluster", "node", "sent", "expected", "assumed"),
    [
        (ADDS, "c", "n", {}, {CLUSTER: "c", NODE: "n", "user-agent": "c"}, ()),
        (
            ADDS,
            "c",
            "n",
            {"user-agent": "curl"},
            {CLUSTER: "c", NODE: "n", "user-agent": "curl"},
            (),
        ),
        (ADDS, "c", "n", {"user-agent": ""}, {CLUSTER: "c", NODE: "n", "user-agent": "c"}, ()),
        (
            ADDS,
            "c",
            "n",
            {CLUSTER: "x", NODE: "x"},
            {CLUSTER: "c", NODE: "n", "user-agent": "c"},
            (),
        ),
        (ADDS, None, "n", {}, {NODE: "n"}, UNNAMED),
        (ADDS, None, None, {}, {}, UNNAMED),
        (HttpConnectionManager(), "c", "n", {CLUSTER: "x"}, {CLUSTER: "x"}, ()),
    ],
)
def test_headers(
    manager: HttpConnectionManager,
    cluster: str | None,
    node: str | None,
    sent: dict[str, str],
    expected: dict[str, str],
    assumed: tuple[str, ...],
) -> None:
    headers = Headers.of(sent.items())
    request = Request(
        connection=Connection(), headers=headers, service_cluster=cluster, service_node=node
    )
    found, assumptions = add_user_agent(manager, request, headers)
    assert (found, assumptions) == (Headers.of(expected.items()), assumed)
