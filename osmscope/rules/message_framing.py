"""What HTTP/1 says of a body's length.

What Envoy does: `transfer-encoding` other than `chunked` is answered with 501; a request that says
`content-length` as well gets 400, unless `allow_chunked_length` drops it; so does a length that is
no number, or several that differ.
Checked against Envoy 1.40.0. Not modelled: whether a body comes, and is as long as it was said.
"""

from __future__ import annotations

import re

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

_NUMBER = re.compile("[0-9]+")


def refuse_framing(hcm: HttpConnectionManager, headers: Headers) -> LocalReply | None:
    """Tell what is answered to headers that say no clear length; None where they do.

    Args:
        hcm: The connection manager.
        headers: The request's, as HTTP/1 decoded them.
    """
    lengths = headers.all("content-length")
    if len(set(lengths)) > 1 or not all(map(_NUMBER.fullmatch, lengths)):
        return _refusal(400, "codec_error", "content-length is not one number")
    encoding = headers.first("transfer-encoding")
    if encoding is None:
        return None
    if encoding.lower() != "chunked":
        words = f'the transfer-encoding "{encoding}" is not chunked'
        return _refusal(501, "invalid_transfer_encoding", words)
    if lengths and not hcm.http_protocol_options.allow_chunked_length:
        words = "there are both content-length and transfer-encoding"
        return _refusal(400, "content_length_and_chunked_not_allowed", words)
    return None


def _refusal(code: int, details: str, reason: str) -> LocalReply:
    return LocalReply(code=code, flags=("DPE",), details=f"http1.{details}", reason=reason)
