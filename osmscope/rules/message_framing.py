"""What HTTP/1 says of the length of a request's body.

What Envoy does: `content-length` has to be one number of 64 bits; with CONNECT only 0 is allowed,
which goes. Beside `transfer-encoding` it is refused, unless that is `chunked` and
`allow_chunked_length` is set; then it goes. No other encoding than `chunked` is known, and with
CONNECT none. Checked against Envoy 1.40.0. Not modelled: the body itself.
"""

from __future__ import annotations

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

_LIMIT = 1 << 64
_MAX_DIGITS = 4300


def refuse_content_length(headers: Headers) -> LocalReply | None:
    """Tell what a `content-length` gets that the parser cannot read; None where it can."""
    values = headers.all("content-length")
    if not values or (len(values) == 1 and is_length(values[0])):
        return None
    return _refusal(400, "codec_error", "content-length is not one number")


def is_length(value: str) -> bool:
    """Tell whether a value is a number that fits into 64 bits."""
    is_number = value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS
    return is_number and int(value) < _LIMIT


def check_framing(headers: Headers, *, allow_chunked_length: bool) -> Headers | LocalReply:
    """Return the headers as they go on, or the reply to a body whose end is not clear."""
    is_connect = headers.first(":method") == "CONNECT"
    if is_connect and "content-length" in headers:
        if headers.first("content-length") != "0":
            return _refusal(400, "body_disallowed", "CONNECT has no body")
        headers = headers.remove("content-length")
    encoding = headers.first("transfer-encoding")
    if encoding is None:
        return headers
    is_chunked = encoding.lower() == "chunked"
    if "content-length" in headers:
        if not (is_chunked and allow_chunked_length):
            words = "there are both content-length and transfer-encoding"
            return _refusal(400, "content_length_and_chunked_not_allowed", words)
        headers = headers.remove("content-length")
    if not is_chunked or is_connect:
        return _refusal(501, "invalid_transfer_encoding", f'transfer-encoding is "{encoding}"')
    return headers


def _refusal(code: int, details: str, reason: str) -> LocalReply:
    return LocalReply(code=code, flags=("DPE",), details=f"http1.{details}", reason=reason)
