"""What Envoy tells the upstream of itself.

What Envoy does: with `add_user_agent` its cluster is the `x-envoy-downstream-service-cluster`,
whatever the client sent, and the `user-agent` where the client names none; its id is the
`x-envoy-downstream-service-node`.
Checked against Envoy 1.40.0. Not modelled: names that come from the command line and not from the
bootstrap: where there are none, their headers are assumed to be left as they are.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers, Request


def add_user_agent(
    hcm: HttpConnectionManager, request: Request, headers: Headers
) -> tuple[Headers, tuple[str, ...]]:
    """Return the headers, and what had to be assumed."""
    if not hcm.add_user_agent:
        return headers, ()
    cluster, node = request.service_cluster, request.service_node
    if cluster is not None:
        headers = headers.set("x-envoy-downstream-service-cluster", cluster)
        if not headers.first("user-agent"):
            headers = headers.set("user-agent", cluster)
    if node is not None:
        headers = headers.set("x-envoy-downstream-service-node", node)
    if cluster is None or node is None:
        return headers, ("Envoy's command line does not name its cluster and its node",)
    return headers, ()
