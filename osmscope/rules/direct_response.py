"""A route that answers by itself.

What Envoy does: it answers with the configured status; 201 and all redirections also get the
request's own address as `location`.
Checked against Envoy 1.40.0. Not modelled: the body.
"""

from __future__ import annotations

from osmscope.resources.route import DirectResponseAction, Route
from osmscope.rules.facts import Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.redirect import request_url

_CREATED = 201


def direct_response(route: Route, request: Request) -> LocalReply:
    """Answer a request whose route is a direct response.

    Args:
        route: The route, which has a direct response.
        request: The request as the router sees it.
    """
    action = route.direct_response or DirectResponseAction()
    located = action.status == _CREATED or 300 <= action.status < 400
    return LocalReply(
        code=action.status,
        details="direct_response",
        location=request_url(request) if located and ":path" in request.headers else None,
        reason="the route answers by itself",
    )
