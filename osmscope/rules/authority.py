"""What the connection manager cuts off the authority.

What Envoy does: first `strip_trailing_host_dot` takes one dot off the end of the host, also
before a port; then a port is taken off, any by `strip_any_host_port`, the connection's own
destination port by `strip_matching_host_port`. A port is what follows the last colon outside of
brackets, as a 32-bit number: `080` is port 80, and `::1:80` loses its end too.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.19, which kept the port of CONNECT.
"""

from __future__ import annotations

import re

from osmscope.resources.http_connection_manager import HttpConnectionManager

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
    if hcm.strip_trailing_host_dot and (dot := _TRAILING_DOT.fullmatch(authority)):
        authority = dot[1] + (dot[2] or "")
    if hcm.strip_any_host_port or hcm.strip_matching_host_port:
        port = _PORT.fullmatch(authority)
        number = int(port[2]) if port is not None else _UINT32
        fits = hcm.strip_any_host_port or number == destination_port
        if port is not None and fits and number < _UINT32:
            return port[1]
    return authority


def needs_destination_port(hcm: HttpConnectionManager, authority: str) -> bool:
    """Tell whether the result depends on the destination port."""
    return hcm.strip_matching_host_port and _PORT.fullmatch(authority) is not None
