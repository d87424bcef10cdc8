"""As much HTTP/2 as one request takes.

Decision: no dynamic table and no Huffman code, which a sender may leave out; of the answer only its
end is looked for, because what Envoy decided is read from its log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 7, 9
_END_STREAM, _END_HEADERS, _ACK = 0x1, 0x4, 0x1
_STREAM = 1
_MOST = 1 << 14
_WINDOW = (1 << 16) - 1
"""How much of a body may be sent before the server asks for more (RFC 9113, 6.9.2)."""


def request_bytes(fields: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """Write the preface and one request.

    Args:
        fields: Pseudo headers first, then headers.
        body: What follows them.

    Raises:
        ValueError: The body is larger than a server takes without being asked.
    """
    if len(body) > _WINDOW:
        raise ValueError(f"a body of {len(body)} bytes over HTTP/2, of which {_WINDOW} are sent")
    block = b"".join(_literal(name.lower().encode(), value.encode()) for name, value in fields)
    parts = [block[at : at + _MOST] for at in range(0, len(block), _MOST)]
    frames = [PREFACE, _frame(_SETTINGS, 0, 0, b"")]
    for index, part in enumerate(parts):
        kind = _CONTINUATION if index else _HEADERS
        ends = 0 if index or body else _END_STREAM
        frames.append(
            _frame(kind, ends | (_END_HEADERS if part is parts[-1] else 0), _STREAM, part)
        )
    for at in range(0, len(body), _MOST):
        ends = _END_STREAM if at + _MOST >= len(body) else 0
        frames.append(_frame(_DATA, ends, _STREAM, body[at : at + _MOST]))
    return b"".join(frames)


def wait_for_end(receive: Callable[[], bytes], send: Callable[[bytes], None]) -> None:
    """Read frames until the answer or the connection ends.

    Args:
        receive: Returns the next bytes, none at the end.
        send: Sends bytes.
    """
    buffer = b""
    while True:
        while len(buffer) < 9 or len(buffer) < 9 + int.from_bytes(buffer[:3], "big"):
            data = receive()
            if not data:
                return
            buffer += data
        size, kind, flags = int.from_bytes(buffer[:3], "big"), buffer[3], buffer[4]
        buffer = buffer[9 + size :]
        if kind == _SETTINGS and not flags & _ACK:
            send(_frame(_SETTINGS, _ACK, 0, b""))
        if kind in (_RST_STREAM, _GOAWAY) or (kind in (_DATA, _HEADERS) and flags & _END_STREAM):
            return


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def _literal(name: bytes, value: bytes) -> bytes:
    """Write a field that is not indexed (RFC 7541, 6.2.2)."""
    return b"\x00" + _length(len(name)) + name + _length(len(value)) + value


def _length(number: int) -> bytes:
    """Write a length with a prefix of 7 bits (RFC 7541, 5.1)."""
    if number < 127:
        return bytes((number,))
    written = bytearray((127,))
    number -= 127
    while number >= 128:
        written.append(number % 128 + 128)
        number //= 128
    return bytes((*written, number))
