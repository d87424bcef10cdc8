"""What the HTTP/2 codec refuses.

What Envoy does: a field with characters that HTTP/2 does not allow, one that is of HTTP/1's
connections, `te` other than `trailers`, no authority and a path without a leading slash (but `*` of
OPTIONS) are protocol errors: the stream is reset, which is logged with code 0 and the flag DPE. Any
method that is a token and bytes beyond ASCII in the path are allowed.
Checked against Envoy 1.40.0 (its default HTTP/2 codec). Not modelled: frames and flow control.
"""

from __future__ import annotations

import re

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.message_framing import is_length

_NAME = re.compile(r":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OF_HTTP1 = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
_FORMS = {
    ":method": re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"),
    ":authority": re.compile(r"[!$%&'()*+,\-.0-9:;=A-Z\[\]_a-z~]+"),
    ":path": re.compile(r"[^\t ]+"),
    "te": re.compile("(?i)trailers"),
}


def refuse_field(name: str, values: tuple[str, ...]) -> LocalReply | None:
    """Tell what becomes of a request with a field; None where HTTP/2 allows it."""
    if not _NAME.fullmatch(name):
        return reset("invalid.header.field", f'"{name}" is no name of a field')
    if name in _OF_HTTP1:
        return reset("invalid.header.field", f'"{name}" is a field of HTTP/1 alone')
    form = _FORMS.get(name)
    for value in values:
        if _CONTROL.search(value):
            return reset("invalid.header.field", f'field "{name}" has a control character')
        if form is not None and not form.fullmatch(value):
            return reset("invalid.header.field", f'"{value}" is not allowed in field "{name}"')
    if name == "content-length" and not (len(values) == 1 and is_length(values[0])):
        return reset("invalid.header.field", "content-length is not one number")
    return None


def refuse_message(headers: Headers) -> LocalReply | None:
    """Tell what becomes of a request whose fields are allowed each by itself; None if all are."""
    if ":authority" not in headers:
        return reset("violation.of.messaging.rule", "the request has no authority")
    path = headers.first(":path")
    if path is None:
        return None
    if not path.startswith("/") and (path != "*" or headers.first(":method") != "OPTIONS"):
        words = f'the path "{path}" has no leading slash'
        return reset("violation.of.messaging.rule", words)
    return None


def reset(details: str, reason: str) -> LocalReply:
    """Make the end of a stream that is not HTTP/2 as it should be.

    Args:
        details: What follows `http2.` in the details.
        reason: Why, in words.
    """
    return LocalReply(code=0, flags=("DPE",), details=f"http2.{details}", reason=reason)
