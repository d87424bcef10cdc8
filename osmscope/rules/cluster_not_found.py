"""A route to a cluster that is not there.

What Envoy does: a cluster whose name is empty, unknown or not ready yet is answered with the code
that the route asks for, 503 unless it says otherwise; so is a route that does not forward and
reaches the router all the same.
Checked against Envoy 1.40.0. Not modelled: clusters that would be fetched on demand.
"""

from __future__ import annotations

from osmscope.resources.route import Route
from osmscope.rules.local_reply import LocalReply

_CODES = {"SERVICE_UNAVAILABLE": 503, "NOT_FOUND": 404, "INTERNAL_SERVER_ERROR": 500}


def cluster_not_found(route: Route, cluster: str = "") -> LocalReply:
    """Answer a request whose cluster is not there.

    Args:
        route: The request's route.
        cluster: The cluster's name, "" where the route gives none.
    """
    code = route.route.cluster_not_found_response_code if route.route else ""
    return LocalReply(
        code=_CODES.get(code, 503),
        flags=("NC",),
        details="cluster_not_found",
        reason=f'there is no cluster "{cluster}"' if cluster else "the route gives no cluster",
    )
