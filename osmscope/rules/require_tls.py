"""`require_tls` of a virtual host.

What Envoy does: before any route is looked at, a request whose `x-forwarded-proto` is not `https`
is redirected to the same host and path by https, if the virtual host asks for `ALL` or, for
requests that are not internal, `EXTERNAL_ONLY`. A request whose `x-forwarded-proto` is empty has
no route at all, whatever the virtual host asks for.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

from osmscope.resources.route import VirtualHost
from osmscope.rules.facts import Request
from osmscope.rules.local_reply import LocalReply


def require_tls(virtual_host: VirtualHost, request: Request) -> LocalReply | None:
    """Return the reply to a request that may not go on to the routes, None to one that may."""
    protocol = request.headers.first("x-forwarded-proto") or ""
    if not protocol:
        return LocalReply(
            code=404,
            flags=("NR",),
            details="route_not_found",
            reason="x-forwarded-proto is empty, so no route is looked up",
        )
    external = virtual_host.require_tls == "EXTERNAL_ONLY" and not request.internal
    if protocol == "https" or not (external or virtual_host.require_tls == "ALL"):
        return None
    return LocalReply(
        code=301,
        details="direct_response",
        location=f"https://{request.host or ''}{request.path}",
        reason=f"require_tls is {virtual_host.require_tls} and x-forwarded-proto is {protocol}",
    )
