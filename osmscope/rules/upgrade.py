"""Upgrades and CONNECT.

What Envoy does: an HTTP/1.1 request whose `connection` names `upgrade` asks for what its `upgrade`
header says; h2c alone is ignored; CONNECT is an upgrade too. The route's
`upgrade_configs` decides before the connection manager's; what neither allows is answered with
403, unless the request has no route, which is a 404 of the router's. The connection manager may
run other filters for an upgrade. Types are compared ignoring case.
Checked against Envoy 1.40.0. Not modelled: what is sent after the upgrade.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager, HttpFilter
from osmscope.resources.route import Route, RouteAction
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply


class UpgradeDecision(msgspec.Struct, frozen=True):
    """Whether a request may go on, and through which filters."""

    http_filters: tuple[HttpFilter, ...]
    reply: LocalReply | None = None


def upgrade_type(headers: Headers) -> str | None:
    """Return what a request wants to upgrade to; None for a plain request."""
    if "upgrade" in headers and "connection" in headers:
        tokens = (headers.first("connection") or "").lower().split(",")
        wanted = headers.first("upgrade") or ""
        if any(token.strip() == "upgrade" for token in tokens) and wanted.lower() != "h2c":
            return wanted
    return "CONNECT" if headers.first(":method") == "CONNECT" else None


def decide_upgrade(
    hcm: HttpConnectionManager, headers: Headers, route: Route | None, *, redirects: bool = False
) -> UpgradeDecision:
    """Decide on a request whose route is resolved.

    Args:
        hcm: The connection manager.
        headers: The request's headers.
        route: Its route; None where none matched.
        redirects: Whether its virtual host sends it to https instead, which is a route too.
    """
    wanted = upgrade_type(headers)
    if wanted is None:
        return UpgradeDecision(hcm.http_filters)
    allowed_by_route = _allowed_by_route(route, wanted)
    config = next(
        (c for c in hcm.upgrade_configs if c.upgrade_type.lower() == wanted.lower()), None
    )
    allowed_by_hcm = config is not None and config.enabled is not False
    if allowed_by_route or (allowed_by_route is None and allowed_by_hcm):
        filters = config.filters if config is not None else ()
        return UpgradeDecision(filters or hcm.http_filters)
    if route is None and not redirects:
        return UpgradeDecision(hcm.http_filters)
    words = f'an upgrade to "{wanted}" is not allowed'
    reply = LocalReply(code=403, details="upgrade_failed", reason=words)
    return UpgradeDecision(hcm.http_filters, reply)


def terminates_connect(action: RouteAction, headers: Headers) -> bool:
    """Whether a route ends a CONNECT, or a POST in its place, and sends on its bytes alone.

    Args:
        action: The route's action.
        headers: The request's headers.
    """
    method = headers.first(":method")
    for config in action.upgrade_configs:
        if config.upgrade_type.upper() == "CONNECT" and config.connect_config is not None:
            post = config.connect_config.allow_post and method == "POST"
            return method == "CONNECT" or post
    return False


def _allowed_by_route(route: Route | None, wanted: str) -> bool | None:
    if route is None or route.route is None:
        return None
    for config in route.route.upgrade_configs:
        if config.upgrade_type.lower() == wanted.lower():
            return config.enabled is not False
    return None
