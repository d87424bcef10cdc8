"""All endpoints at once: one small HTTP server that echoes what it received."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator

PORT = 18399
"""Hashing depends on it, so it is the same in each run, where it is free."""


class _Echo(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received[:1].isalpha() and not self._received.startswith(b"PRI "):
            while b"\r\n\r\n" in self._received:
                head, _, self._received = self._received.partition(b"\r\n\r\n")
                self._answer(head.decode("latin-1"))
        else:
            self._transport.close()  # TLS or HTTP/2, which nobody speaks here

    def _answer(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        path = "" if method == "CONNECT" else path
        fields = [line.split(":", 1) for line in lines]
        pairs = [[name, value.removeprefix(" ")] for name, value in fields]
        echo = json.dumps({"method": method, "path": path, "headers": pairs}).encode()
        length = len(echo)
        body = b"" if method == "HEAD" else echo
        reply = (
            f"HTTP/1.1 200 OK\r\nx-stand-in: {echo.decode()}\r\ncontent-length: {length}\r\n\r\n"
        )
        self._transport.write(reply.encode() + body)
        if ["connection", "close"] in pairs:
            self._transport.close()


@contextlib.contextmanager
def stand_in() -> Iterator[int]:
    """Answer on every loopback address; give the port."""
    loop = asyncio.new_event_loop()
    try:
        server = loop.run_until_complete(_serve(loop))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.run_until_complete(server.wait_closed())
    finally:
        loop.close()


async def _serve(loop: asyncio.AbstractEventLoop) -> asyncio.Server:
    try:
        return await loop.create_server(_Echo, "0.0.0.0", PORT)
    except OSError:
        return await loop.create_server(_Echo, "0.0.0.0", 0)
