"""How many headers, and how many bytes of them, the codec takes.

What Envoy does: HTTP/1 counts the bytes of all lines up to the empty one, the request line and line
ends too, before it looks at any of them (but for the request line, which is in the first 16 KiB
that are read, where more is allowed); HTTP/2 the names and values of its fields, one after the
other, of `cookie` the joined value alone. More than `max_request_headers_kb` (60 KiB) is refused,
as are more than `max_headers_count` (100) headers, of which joined ones count once, but for the
parts of a `cookie`; HTTP/2 counts its pseudo headers too. With HTTP/2 the stream is reset.
Checked against Envoy 1.40.0, to the byte. Not modelled: headers that a client adds by itself and
nobody said, and blanks around values, which HTTP/1 counts.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Request
from osmscope.rules.local_reply import LocalReply

DEFAULT_MAX_HEADERS_COUNT = 100
DEFAULT_MAX_REQUEST_HEADERS_KB = 60
_READ_AT_ONCE = 16 * 1024

_PSEUDO = frozenset({":method", ":path", ":scheme", ":protocol"})


class HeaderLimits:
    """What of a connection manager's limits is used up by one request."""

    def __init__(self, hcm: HttpConnectionManager, protocol: str) -> None:
        common = hcm.common_http_protocol_options
        self._protocol = protocol
        self._most_bytes = _most_bytes(hcm)
        self._most = common.max_headers_count or DEFAULT_MAX_HEADERS_COUNT
        self._count = self._bytes = 0

    def add(self, name: str, values: tuple[str, ...], lines: int = 0) -> LocalReply | None:
        """Count one header; tell what is answered where it is too much.

        Args:
            name: Its name.
            values: Its values, joined where Envoy joins them.
            lines: How many there were before they were joined, if that counts.
        """
        is_http2 = self._protocol == "h2"
        if is_http2:
            own = 0 if name == "cookie" else len(name)
            self._bytes += sum(own + _size(value) for value in values)
            if self._bytes > self._most_bytes:
                return _reset("header_list_size_too_large", _too_large(self._most_bytes))
        if is_http2 or name not in _PSEUDO:
            self._count += lines or len(values)
        if self._count <= self._most:
            return None
        words = f"there are more than {self._most} headers"
        return (
            _reset("too_many_headers", words) if is_http2 else _refusal("too_many_headers", words)
        )


def refuse_size(hcm: HttpConnectionManager, request: Request) -> LocalReply | None:
    """Tell what an HTTP/1 request gets whose headers are too large; None where they are not."""
    headers = request.headers
    target = headers.first(":path") or headers.first(":authority") or ""
    size = len(f"{request.method}  HTTP/1.1\r\n\r\n") + _size(target)
    size += sum(_line(name, value) for name, values in headers.items() for value in values)
    most = _most_bytes(hcm)
    return _refusal("headers_too_large", _too_large(most)) if size > most else None


def reads_line_first(hcm: HttpConnectionManager) -> bool:
    """Whether the request line was looked at before there can be too much."""
    return _most_bytes(hcm) > _READ_AT_ONCE


def _line(name: str, value: str) -> int:
    if name in _PSEUDO:
        return 0
    return len("host" if name == ":authority" else name) + _size(value) + len(": \r\n")


def _most_bytes(hcm: HttpConnectionManager) -> int:
    return (hcm.max_request_headers_kb or DEFAULT_MAX_REQUEST_HEADERS_KB) * 1024


def _size(text: str) -> int:
    return len(text.encode())


def _too_large(most: int) -> str:
    return f"the headers have more than {most // 1024} KiB"


def _refusal(details: str, reason: str) -> LocalReply:
    return LocalReply(code=431, flags=("DPE",), details=f"http1.{details}", reason=reason)


def _reset(details: str, reason: str) -> LocalReply:
    return LocalReply(code=0, flags=("DR",), details=f"http2.{details}", reason=reason)
