"""What the HTTP/2 codec refuses.

What Envoy does: a field with characters that HTTP/2 does not allow, an empty authority and a path
without a leading slash (but `*` of OPTIONS) are protocol errors: the stream is reset, which is
logged with code 0 and the flag DPE. Any method and bytes beyond ASCII in the path are allowed.
Checked against Envoy 1.40.0 (its default HTTP/2 codec). Not modelled: frames and flow control.
"""

from __future__ import annotations

import re

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

_NAME = re.compile(r":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AUTHORITY = re.compile(r"[!$%&'()*+,\-.0-9:;=@A-Z\[\]_a-z~]+")
_PATH_GAP = re.compile(r"[\t ]")


def refuse_fields(headers: Headers) -> LocalReply | None:
    """Tell what becomes of a request that HTTP/2 does not allow; None where it is allowed."""
    for name, values in headers.items():
        if not _NAME.fullmatch(name):
            return _reset("invalid.header.field", f'"{name}" is no name of a field')
        if any(_CONTROL.search(value) for value in values):
            return _reset("invalid.header.field", f'field "{name}" has a control character')
    authority = headers.first(":authority")
    if authority is not None and not _AUTHORITY.fullmatch(authority):
        return _reset("invalid.header.field", f'"{authority}" is no authority')
    path = headers.first(":path")
    if path is None:
        return None
    if _PATH_GAP.search(path):
        return _reset("invalid.header.field", "the path has a blank")
    if not path.startswith("/") and (path != "*" or headers.first(":method") != "OPTIONS"):
        words = f'the path "{path}" has no leading slash'
        return _reset("violation.of.messaging.rule", words)
    return None


def _reset(details: str, reason: str) -> LocalReply:
    return LocalReply(code=0, flags=("DPE",), details=f"http2.{details}", reason=reason)
