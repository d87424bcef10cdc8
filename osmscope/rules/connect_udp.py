"""CONNECT-UDP (RFC 9298): an upgrade whose path names where the datagrams go.

What Envoy does: it makes the authority of a request whose `upgrade` is `connect-udp`, whatever its
`connection` says, out of its path, which has to be `/.well-known/masque/udp/<host>/<port>/` and
nothing behind it; host and port are percent-decoded, and an IPv6 address gets brackets. Another
path is answered with 404.
Checked against Envoy 1.40.0. Not modelled: the datagrams.
"""

from __future__ import annotations

import re
import urllib.parse

from osmscope.resources.address import parse_ip
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

_TARGET = re.compile(r"/\.well-known/masque/udp/([!-.0-~]+)/([!-.0-~]+)/")


def with_udp_target(headers: Headers) -> Headers | LocalReply:
    """Give an upgrade to CONNECT-UDP the authority that its path names.

    Returns:
        The headers, as they are for all other requests; or the reply to a path without a target.
    """
    if (headers.first("upgrade") or "").lower() != "connect-udp":
        return headers
    path = headers.first(":path") or ""
    target = _TARGET.fullmatch(path)
    host = urllib.parse.unquote(target[1]) if target is not None else "%"
    if target is None or "%" in host:
        words = f'the path "{path}" is none of CONNECT-UDP'
        return LocalReply(code=404, details="invalid_path", reason=words)
    ip = parse_ip(host)
    if ip is not None and ip.version == 6:
        host = f"[{host}]"
    return headers.set(":authority", f"{host}:{urllib.parse.unquote(target[2])}")
