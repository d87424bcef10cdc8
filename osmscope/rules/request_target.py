"""The target of a request line: a path, an absolute URL, `*`, or an authority for CONNECT.

What Envoy does: `http://host/path` sets `:authority`, whatever the Host header says, `:scheme` and
`:path`; user information is dropped. A target with characters that the parser does not know, or
without a scheme and a leading slash, is no HTTP; `*` is for OPTIONS, `host:port` for CONNECT. With
`use_remote_address` and no trusted hops an https URL on a plaintext connection is refused. Where
`allow_absolute_url` is false an absolute URL stays the path.
Checked against Envoy 1.40.0. Not modelled: targets of HTTP/2, which has none.
"""

from __future__ import annotations

import re

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.absolute_url import parse_authority, parse_url
from osmscope.rules.facts import Headers, Request
from osmscope.rules.local_reply import LocalReply

_HOST = r"([!$%&'()*+,\-.0-9:;=@A-Z\[\]_a-z~]*)(?:[/?][!-~]*)?"
_PATH_LIKE = re.compile("[/*][!-~]*")
_AUTHORITY_LIKE = re.compile(_HOST)
_URL_LIKE = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*://{_HOST}")


def is_parsable(headers: Headers) -> bool:
    """Tell whether the codec's parser can read a target; what it cannot is no HTTP/1."""
    is_connect = headers.first(":method") == "CONNECT"
    target = headers.first(":path")
    target = _connect_target(headers, target) if is_connect else target
    if target is None or _PATH_LIKE.fullmatch(target):
        return True
    parts = (_AUTHORITY_LIKE if is_connect else _URL_LIKE).fullmatch(target)
    return parts is not None and "@@" not in parts[1]


def read_target(hcm: HttpConnectionManager, request: Request) -> Headers | LocalReply:
    """Read the target of an HTTP/1.1 request.

    Returns:
        The headers with what the target says, or the reply to a target that is refused.
    """
    headers = request.headers
    target = headers.first(":path")
    if request.method == "CONNECT":
        return _connect(headers, target)
    if target is None or target.startswith("/"):
        return headers
    as_is = hcm.http_protocol_options.allow_absolute_url is False
    if target.startswith("*"):
        if request.method == "OPTIONS" or as_is:
            return headers
        return _refusal("http1.invalid_url", "the target * is for OPTIONS alone")
    if as_is:
        return headers
    return _absolute(hcm, request, target)


def _connect_target(headers: Headers, target: str | None) -> str:
    # A description of a CONNECT request may give the authority as its host alone.
    return (headers.first(":authority") if target in (None, "/", "") else target) or ""


def _connect(headers: Headers, target: str | None) -> Headers | LocalReply:
    wanted = _connect_target(headers, target)
    authority = parse_authority(wanted)
    user, at, _ = wanted.partition("@")
    if authority is None or not authority.has_port or (at and user):
        return _refusal("http1.invalid_url", "the target of CONNECT has to be host:port")
    return headers.remove(":path").set(":authority", authority.host_and_port)


def _absolute(hcm: HttpConnectionManager, request: Request, target: str) -> Headers | LocalReply:
    url = parse_url(target)
    if url is None:
        return _refusal("http1.invalid_url", f'"{target}" is no URL')
    scheme = url.scheme.lower()
    if scheme not in ("http", "https"):
        return _refusal("http1.invalid_scheme", f'the scheme "{url.scheme}" is not http or https')
    plaintext = not request.connection.terminated_tls
    if scheme == "https" and plaintext and hcm.use_remote_address and not hcm.xff_num_trusted_hops:
        return LocalReply(
            code=403,
            flags=("DPE",),
            details="http1.https_url_on_plaintext_connection",
            reason="the target is an https URL but the connection is not TLS",
        )
    headers = request.headers.set(":authority", url.authority.host_and_port).set(":scheme", scheme)
    return headers.set(":path", url.rest or "/")


def _refusal(details: str, reason: str) -> LocalReply:
    return LocalReply(code=400, flags=("DPE",), details=details, reason=reason)
