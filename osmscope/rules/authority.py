"""What the connection manager cuts off the authority.

What Envoy does: first `strip_trailing_host_dot` takes one dot off the end of the host, also
before a port; then a port is taken off, any by `strip_any_host_port`, the connection's own
destination port by `strip_matching_host_port`. A port is what follows the last colon outside of
brackets, as a 32-bit number: `080` is port 80, and `::1:80` loses its end too. What was taken off a
CONNECT, or any upgrade over HTTP/2, is put back by the router: only routes and filters miss it.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.19, which kept the port of CONNECT.
"""

from __future__ import annotations

import re

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers, Request
from osmscope.rules.upgrade import upgrade_type

_PORT = re.compile(r"(.*):\+?([0-9]+)", re.DOTALL)
_TRAILING_DOT = re.compile(r"(.*)\.(:\+?[0-9]+)?", re.DOTALL)
_UINT32 = 2**32


def rewrite_authority(
    hcm: HttpConnectionManager, authority: str, destination_port: int | None
) -> str:
    """Return the authority as routes and filters see it.

    Args:
        hcm: The connection manager.
        authority: The authority as sent.
        destination_port: The connection's destination port; an unknown one equals none.
    """
    return _split(hcm, authority, destination_port)[0]


def with_rewritten_authority(hcm: HttpConnectionManager, request: Request) -> Request:
    """Return a request with the authority as routes and filters see it."""
    sent = request.headers.first(":authority") or ""
    rewritten, port = _split(hcm, sent, request.connection.destination_port)
    if rewritten == sent:
        return request
    headers = request.headers.set(":authority", rewritten)
    kept = port if _was_connect(request) else None
    return msgspec.structs.replace(request, headers=headers, connect_port=kept)


def with_connect_port(request: Request) -> Headers:
    """Return the headers of a request, with the port back that a CONNECT had."""
    host = request.headers.first(":authority")
    if request.connect_port is None or host is None:
        return request.headers
    return request.headers.set(":authority", f"{host}:{request.connect_port}")


def _split(
    hcm: HttpConnectionManager, authority: str, destination_port: int | None
) -> tuple[str, int | None]:
    if hcm.strip_trailing_host_dot and (dot := _TRAILING_DOT.fullmatch(authority)):
        authority = dot[1] + (dot[2] or "")
    if hcm.strip_any_host_port or hcm.strip_matching_host_port:
        port = _PORT.fullmatch(authority)
        number = int(port[2]) if port is not None else _UINT32
        fits = hcm.strip_any_host_port or number == destination_port
        if port is not None and fits and number < _UINT32:
            return port[1], number
    return authority, None


def _was_connect(request: Request) -> bool:
    """Whether a request was a CONNECT: all upgrades over HTTP/2 were."""
    if request.protocol == "h2":
        return upgrade_type(request.headers) is not None
    return request.method == "CONNECT"


def needs_destination_port(hcm: HttpConnectionManager, authority: str) -> bool:
    """Tell whether the result depends on the destination port."""
    return hcm.strip_matching_host_port and _PORT.fullmatch(authority) is not None
