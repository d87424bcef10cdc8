"""The target of a request line: a path, an absolute URL, `*`, or an authority for CONNECT.

What Envoy does: `http://host/path` sets `:authority`, whatever the Host header says, `:scheme` and
`:path`; user information is dropped and the port has to be a number below 65536. A target without
a leading slash is refused; `*` is for OPTIONS, `host:port` for CONNECT alone. With
`use_remote_address` and no trusted hops an https URL on a plaintext connection is refused. Where
`allow_absolute_url` is false an absolute URL stays the path.
Checked against Envoy 1.40.0. Not modelled: targets of HTTP/2, which has none.
"""

from __future__ import annotations

import re

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers, Request
from osmscope.rules.local_reply import LocalReply

_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(
    r"(?:[^@]*@)?((?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-~!$&'()*+,;=%]+)(?::([0-9]{1,5}))?)"
)
_MAX_PORT = 65535


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
    url = _ABSOLUTE.fullmatch(target)
    if url is None:
        return _refusal("http1.codec_error", f'the target "{target}" has no leading slash')
    if as_is:
        return headers
    return _absolute(hcm, request, url)


def _connect(headers: Headers, target: str | None) -> Headers | LocalReply:
    # A description of a CONNECT request may give the authority as its host alone.
    target = headers.first(":authority") if target in (None, "/", "") else target
    authority = _AUTHORITY.fullmatch(target or "")
    if authority is None or authority[2] is None:
        return _refusal("http1.invalid_url", "the target of CONNECT has to be host:port")
    return headers.remove(":path").set(":authority", authority[1])


def _absolute(
    hcm: HttpConnectionManager, request: Request, url: re.Match[str]
) -> Headers | LocalReply:
    scheme = url[1].lower()
    if url[3].startswith("#"):
        return _refusal("http1.codec_error", "a fragment follows the authority of the URL")
    if scheme not in ("http", "https"):
        return _refusal("http1.invalid_scheme", f'the scheme "{url[1]}" is not http or https')
    authority = _AUTHORITY.fullmatch(url[2])
    if authority is None or int(authority[2] or 0) > _MAX_PORT:
        return _refusal("http1.invalid_url", f'"{url[2]}" is no authority of a URL')
    plaintext = not request.connection.terminated_tls
    if scheme == "https" and plaintext and hcm.use_remote_address and not hcm.xff_num_trusted_hops:
        return LocalReply(
            code=403,
            flags=("DPE",),
            details="http1.https_url_on_plaintext_connection",
            reason="the target is an https URL but the connection is not TLS",
        )
    headers = request.headers.set(":authority", authority[1]).set(":scheme", scheme)
    return headers.set(":path", url[3] or "/")


def _refusal(details: str, reason: str) -> LocalReply:
    return LocalReply(code=400, flags=("DPE",), details=details, reason=reason)
