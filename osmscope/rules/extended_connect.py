"""Extended CONNECT: an HTTP/2 request whose `:protocol` says what it wants to upgrade to.

What Envoy does: without `http2_protocol_options.allow_connect` the field is refused, as it is empty
or with another method than CONNECT. Otherwise the request becomes what HTTP/1.1 would have sent: a
GET with `connection: upgrade` and `upgrade: <protocol>`; the protocol `bytestream` alone stays a
CONNECT, that has a path then.
Checked against Envoy 1.40.0. Not modelled: HTTP/3, which does the same.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.http2_fields import reset
from osmscope.rules.local_reply import LocalReply

_BYTESTREAM = "bytestream"


def refuse_protocol(hcm: HttpConnectionManager, headers: Headers) -> LocalReply | None:
    """Tell what an HTTP/2 request with a `:protocol` gets; None where it is allowed, or has none.

    Args:
        hcm: The connection manager.
        headers: The request's fields.
    """
    protocol = headers.first(":protocol")
    if protocol is None:
        return None
    options = hcm.http2_protocol_options
    if options is None or not options.allow_connect:
        words = "extended CONNECT is not allowed (http2_protocol_options.allow_connect)"
        return reset("invalid.header.field", words)
    if not protocol:
        return reset("invalid.header.field", "the field :protocol is empty")
    if headers.first(":method") != "CONNECT":
        return reset("violation.of.messaging.rule", "only CONNECT may have a :protocol")
    return None


def as_upgrade(headers: Headers) -> Headers:
    """Return the headers of an extended CONNECT as those of an upgrade; others as they are."""
    protocol = headers.first(":protocol")
    if protocol is None or protocol == _BYTESTREAM:
        return headers
    changed = headers.remove(":protocol").set(":method", "GET")
    return changed.set("upgrade", protocol).set("connection", "upgrade")
