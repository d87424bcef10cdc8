"""One request over HTTP/2, and its response."""

import socket
from typing import Any

import hpack

from osmscope.oracle.http2 import request_bytes

Json = dict[str, Any]

_HEADERS, _RST_STREAM, _GOAWAY, _DATA = 1, 3, 7, 0
_END_STREAM = 0x1


def exchange(stream: socket.socket, request: Json) -> list[tuple[str, str]] | None:
    """Send a request; return the response's fields, pseudo headers too, None where there is none.

    Raises:
        OSError: The connection fails.
    """
    stream.sendall(request_bytes(_fields(request)))
    decoder = hpack.Decoder()
    fields: list[tuple[str, str]] = []
    while True:
        frame = _read_frame(stream)
        if frame is None:
            return fields or None
        kind, flags, payload = frame
        if kind == _HEADERS:
            fields += [(_text(name), _text(value)) for name, value in decoder.decode(payload)]
        ended = kind in (_HEADERS, _DATA) and flags & _END_STREAM
        if ended or kind in (_RST_STREAM, _GOAWAY):
            return fields or None


def _fields(request: Json) -> list[tuple[str, str]]:
    fields = [(":method", request["method"])]
    if "host" in request:
        fields.append((":authority", request["host"]))
    headers = dict(request.get("headers", {}))
    protocol = headers.pop(":protocol", None)
    if request["method"] != "CONNECT" or protocol is not None:
        scheme = "https" if request.get("tls") else "http"
        fields += [(":scheme", scheme), (":path", request["path"])]
    if protocol is not None:
        fields.append((":protocol", protocol))
    for name, values in headers.items():
        listed = [values] if isinstance(values, str) else values
        fields += [(name, value) for value in listed]
    return fields


def _read_frame(stream: socket.socket) -> tuple[int, int, bytes] | None:
    head = _read(stream, 9)
    if head is None:
        return None
    payload = _read(stream, int.from_bytes(head[:3], "big"))
    return None if payload is None else (head[3], head[4], payload)


def _read(stream: socket.socket, size: int) -> bytes | None:
    received = b""
    while len(received) < size:
        chunk = stream.recv(size - len(received))
        if not chunk:
            return None
        received += chunk
    return received


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
