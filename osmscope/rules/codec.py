"""What the HTTP codec refuses before any filter sees the request.

What Envoy does: bytes that are no HTTP, a TLS hello or an HTTP/2 preface on a codec that cannot
read it (`AUTO` is what ALPN agreed on, else what the first bytes are), a method that it does not
know, characters that may not stand in a path, a header or an authority, too many headers and, on
request, header names with underscores end a request with code 400, 403 or 431 and the flag DPE; no
route is looked up. What is no HTTP/2 closes the connection, if that is all that the codec reads.
HTTP/2 has no reply for any of these: the stream is reset, with code 0. Its clients name the scheme
themselves.
Checked against Envoy 1.40.0, whose methods those of its HTTP/1 parser are. Not modelled: bodies.
"""

from __future__ import annotations

import re

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules import http2_fields
from osmscope.rules.connection_header import take_out_named
from osmscope.rules.extended_connect import as_upgrade, refuse_protocol
from osmscope.rules.facts import Headers, Request
from osmscope.rules.header_limits import HeaderLimits, reads_line_first, refuse_size
from osmscope.rules.ignored_upgrade import without_ignored
from osmscope.rules.inline_headers import join_inline
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.message_framing import check_framing, refuse_content_length
from osmscope.rules.request_target import is_parsable, read_target
from osmscope.rules.upgrade import upgrade_type

_METHODS = (
    "ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL"
    " MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH"
    " SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
)
METHODS = frozenset(_METHODS.split())
"""What the HTTP/1 codec knows; `allow_custom_methods` lifts the limit."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AUTHORITY = re.compile(r"[!$%&'()*+,\-.0-9:;=@A-Z\[\]_a-z~]*")
_BLANK = " \t"
_AROUND_TARGET = "".join(map(chr, range(0x21)))
_PATH_GAP = re.compile(r"[\t \x80-\U0010ffff]")


def decode(hcm: HttpConnectionManager, request: Request) -> Headers | LocalReply:
    """Read a request as the connection manager's codec does.

    Args:
        hcm: The connection manager.
        request: The request as the client sent it; its path may be an absolute URL.

    Returns:
        The headers as decoded, or the reply to a request that the codec refuses; its code is 0
        where the connection is closed without any.
    """
    reply = _refused_protocol(hcm, request)
    if reply is not None:
        return reply
    if request.protocol == "h2":
        return _decode_http2(hcm, request)
    return _decode_http1(hcm, request)


def _decode_http1(hcm: HttpConnectionManager, request: Request) -> Headers | LocalReply:
    """Look at the size of all and at the request line, then at one header after the other."""
    trimmed = _trimmed(request.headers)  # the request line has blanks between its parts, too
    headers = join_inline(trimmed, request.protocol)
    line = _refused_request_line(hcm, request.with_headers(trimmed))
    size = refuse_size(hcm, request)
    reply = (
        (line or size if reads_line_first(hcm) else size or line)
        or refuse_content_length(headers)
        or _refused_characters(headers)
    )
    if reply is not None:
        return reply
    counted = _counted(hcm, headers)
    if isinstance(counted, LocalReply):
        return counted
    decoded = _framed(hcm, without_ignored(hcm, counted))
    if isinstance(decoded, LocalReply):
        return decoded
    target = read_target(hcm, request.with_headers(decoded))
    if isinstance(target, LocalReply):
        return target
    # An absolute URL's authority replaced that of the header by now: nobody looks at that one.
    return _refused_authority(target) or target


def _framed(hcm: HttpConnectionManager, headers: Headers) -> Headers | LocalReply:
    chunked_length = hcm.http_protocol_options.allow_chunked_length
    framed = check_framing(headers, allow_chunked_length=chunked_length)
    if isinstance(framed, LocalReply) or upgrade_type(framed) is not None:
        return framed
    return take_out_named(framed)


def _decode_http2(hcm: HttpConnectionManager, request: Request) -> Headers | LocalReply:
    """Look at one field after the other, then at all of them."""
    headers = _with_scheme(request)
    joined = join_inline(headers, request.protocol)
    action = hcm.common_http_protocol_options.headers_with_underscores_action
    limits = HeaderLimits(hcm, request.protocol)
    dropped = False
    reply = refuse_protocol(hcm, headers)
    for name, values in headers.items():
        reply = reply or http2_fields.refuse_field(name, values)
        if reply is None and action == "REJECT_REQUEST" and "_" in name:
            return _underscored(request.protocol, name)
        if reply is not None:
            break
        if action == "DROP_HEADER" and "_" in name:
            dropped, joined = True, joined.remove(name)
        else:
            lines = len(values) if name == "cookie" else 0
            reply = limits.add(name, joined.all(name), lines)
    if reply is not None and reply.flags == ("DR",):
        return reply
    reply = reply or http2_fields.refuse_message(headers)
    if reply is not None:
        # What is told first about a stream stays, and a dropped header was told.
        details = "http2.unexpected_underscore" if dropped else reply.details
        return msgspec.structs.replace(reply, details=details)
    return as_upgrade(joined)


def _with_scheme(request: Request) -> Headers:
    """Add the scheme that an HTTP/2 client names, which is that of its connection."""
    if request.method == "CONNECT" and ":protocol" not in request.headers:
        return request.headers.remove(":path")
    scheme = "https" if request.connection.terminated_tls else "http"
    return Headers({":scheme": (scheme,), **dict(request.headers.items())})


def refusal(code: int, details: str, reason: str) -> LocalReply:
    """Make the reply of a codec."""
    return LocalReply(code=code, flags=("DPE",), details=details, reason=reason)


def is_request_line(headers: Headers) -> bool:
    """Tell whether a line is the first of an HTTP/1 request, known method or not.

    That is all that `http_inspector` asks, before any filter chain is chosen.

    Args:
        headers: The request's, with `:method`, `:path` and `:authority`.
    """
    path = (headers.first(":path") or "/").strip(_AROUND_TARGET)
    return (
        _TOKEN.fullmatch(headers.first(":method") or "") is not None
        and _CONTROL.search(path) is None
        and _PATH_GAP.search(path) is None
        and is_parsable(headers.set(":path", path))
    )


def _trimmed(headers: Headers) -> Headers:
    if all(value == value.strip(_BLANK) for _, values in headers.items() for value in values):
        return headers
    return Headers(
        {name: tuple(value.strip(_BLANK) for value in values) for name, values in headers.items()}
    )


def _refused_protocol(hcm: HttpConnectionManager, request: Request) -> LocalReply | None:
    connection = request.connection
    codec, why = hcm.codec_type, ""
    if codec == "AUTO" and connection.negotiated_protocol:
        codec = "HTTP2" if connection.negotiated_protocol == "h2" else "HTTP1"
        why = f" by ALPN {connection.negotiated_protocol}"
    if connection.tls and not connection.terminated_tls:
        words = "the client starts TLS but the filter chain has no TLS transport socket"
    elif request.protocol == "tcp":
        words = "the client speaks no HTTP but the filter chain does"
    elif request.protocol == "h2" and codec == "HTTP1":
        words = f"the client speaks HTTP/2 but the codec is HTTP1{why}"
    elif request.protocol != "h2" and codec == "HTTP2":
        words = f"the client speaks HTTP/1.1 but the codec is HTTP2{why}"
    else:
        return None
    if codec == "HTTP2":
        reason = f"{words}: the connection is closed"
        return LocalReply(code=0, flags=("DPE",), reason=reason, closes=True)
    return refusal(400, "http1.codec_error", words)


def _refused_request_line(hcm: HttpConnectionManager, request: Request) -> LocalReply | None:
    method = request.method
    custom = hcm.http_protocol_options.allow_custom_methods
    if method not in METHODS and not (custom and _TOKEN.fullmatch(method)):
        return refusal(400, "http1.codec_error", f'the method "{method}" is not known')
    path = request.path
    if _CONTROL.search(path):
        return refusal(400, "http1.invalid_characters", "the path has a control character")
    if _PATH_GAP.search(path):
        words = "the path has a blank or a character beyond ASCII"
        return refusal(400, "http1.codec_error", words)
    if not is_parsable(request.headers):
        words = f'the target "{path}" is neither a path nor a URL'
        return refusal(400, "http1.codec_error", words)
    return None


def _refused_characters(headers: Headers) -> LocalReply | None:
    for name, values in headers.items():
        if name[:1] != ":" and not _TOKEN.fullmatch(name):
            details = "invalid_characters" if _CONTROL.search(name) else "codec_error"
            return refusal(400, f"http1.{details}", f'"{name}" is no name of a header')
        for value in values:
            if _CONTROL.search(value):
                words = f'header "{name}" has a control character'
                return refusal(400, "http1.invalid_characters", words)
    return None


def _refused_authority(headers: Headers) -> LocalReply | None:
    authority = headers.first(":authority")
    if authority is not None and not _AUTHORITY.fullmatch(authority):
        words = f'"{authority}" has a character that no authority may have'
        return refusal(400, "http.invalid_authority", words)
    return None


def _counted(hcm: HttpConnectionManager, headers: Headers) -> Headers | LocalReply:
    action = hcm.common_http_protocol_options.headers_with_underscores_action
    limits = HeaderLimits(hcm, "http/1.1")
    for name, values in headers.items():
        if "_" in name and action == "REJECT_REQUEST":
            return _underscored("http/1.1", name)
        if "_" in name and action == "DROP_HEADER":
            headers = headers.remove(name)
        elif reply := limits.add(name, values):
            return reply
    return headers


def _underscored(protocol: str, name: str) -> LocalReply:
    words = f'the header name "{name}" has an underscore'
    if protocol == "h2":
        details = "http2.unexpected_underscore"
        return LocalReply(code=0, flags=("DR",), details=details, reason=words)
    return refusal(400, "http1.unexpected_underscore", words)
