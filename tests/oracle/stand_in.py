"""All endpoints at once: one small server that echoes what it received, in plaintext or TLS.

A request may say in `x-answer` what it wants to be answered: `code`, `headers`, or `silent` for
nothing at all. What was received is kept by `x-request-id`, which copies and retries share.
"""

import asyncio
import contextlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from typing import Any

from tests.oracle.stand_in_tls import ServerTls

Json = dict[str, Any]

PORT = 18399
"""Hashing depends on it, so it is the same in each run, where it is free."""

_LAST_CHUNK = b"0\r\n\r\n"
_TLS_HANDSHAKE = b"\x16"


class StandIn:
    """What is the same for all connections."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.port = 0
        self.tls = tls
        self.received: dict[str, list[Json]] = {}
        """Request id → requests, each with the `address` that it was sent to."""
        self.open: set[asyncio.Transport] = set()
        """The connections that nobody ended yet."""


class _Echo(asyncio.Protocol):
    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._received = b""
        self._tls: ServerTls | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._stand_in.open.add(transport)

    def connection_lost(self, reason: Exception | None) -> None:
        self._stand_in.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._is_tls(data):
            assert self._tls is not None
            data = self._tls.decrypt(data)
            self._transport.write(self._tls.pending())
            if self._tls.failed:
                self._transport.close()
            if not data:
                return
        self._received += data
        if self._received[:1].isalpha() and not self._received.startswith(b"PRI "):
            while (end := _end(self._received)) > 0:
                head = self._received.partition(b"\r\n\r\n")[0]
                self._received = self._received[end:]
                self._answer(head.decode(errors="replace"))
        else:
            self._transport.close()  # HTTP/2, which nobody speaks here

    def _is_tls(self, data: bytes) -> bool:
        starts = self._tls is None and not self._received and data[:1] == _TLS_HANDSHAKE
        if starts and self._stand_in.tls is not None:
            self._tls = ServerTls(self._stand_in.tls, data)
        return self._tls is not None

    def _answer(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        path = "" if method == "CONNECT" else path
        fields = [line.split(":", 1) for line in lines]
        pairs = [[name, value.removeprefix(" ")] for name, value in fields]
        received: Json = {"method": method, "path": path, "headers": pairs}
        if self._tls is not None:
            received["tls"] = {"sni": self._tls.sni, "alpn": self._tls.alpn}
        asked = self._keep(received)
        if asked.get("silent"):
            return
        self._reply(received, asked)
        if ["connection", "close"] in pairs:
            self._transport.close()

    def _keep(self, received: Json) -> Json:
        """Remember a request; return what it wants to be answered."""
        headers = {name.lower(): value for name, value in received["headers"]}
        ip, port = self._transport.get_extra_info("sockname")[:2]
        kept = {"address": f"{ip}:{port}", **received}
        self._stand_in.received.setdefault(headers.get("x-request-id", ""), []).append(kept)
        asked: Json = json.loads(headers.get("x-answer", "{}"))
        return asked

    def _reply(self, received: Json, asked: Json) -> None:
        echo = json.dumps(received)
        length = len(echo)
        body = "" if received["method"] == "HEAD" else echo
        given = {"x-stand-in": echo, **asked.get("headers", {}), "content-length": str(length)}
        lines = [f"HTTP/1.1 {asked.get('code', 200)} OK"]
        lines += [f"{name}: {value}" for name, value in given.items()]
        reply = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
        self._transport.write(reply if self._tls is None else self._tls.encrypt(reply))


def _end(received: bytes) -> int:
    """Return where the first request ends with its body; 0 where that is still to come."""
    start = received.find(b"\r\n\r\n") + 4
    head = received[:start].lower()
    if start < 4:
        return 0
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        last = received.find(_LAST_CHUNK, start)
        return last + len(_LAST_CHUNK) if last >= 0 else 0
    length = re.search(rb"\r\ncontent-length: ([0-9]+)\r\n", head)
    end = start + (int(length[1]) if length else 0)
    return end if end <= len(received) else 0


@contextlib.contextmanager
def stand_in(tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """Answer on every loopback address.

    Args:
        tls: What TLS is spoken with; without it, a connection that begins TLS is closed.
    """
    loop = asyncio.new_event_loop()
    one = StandIn(tls)
    try:
        server = loop.run_until_complete(_serve(loop, one))
        one.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield one
        finally:
            loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.run_until_complete(_finish(server, one))
    finally:
        loop.close()


async def _finish(server: asyncio.Server, one: StandIn) -> None:
    for transport in tuple(one.open):
        transport.abort()
    await server.wait_closed()
    await asyncio.sleep(0)  # the sockets are closed in the next round


async def _serve(loop: asyncio.AbstractEventLoop, one: StandIn) -> asyncio.Server:
    try:
        return await loop.create_server(lambda: _Echo(one), "0.0.0.0", PORT)
    except OSError:
        return await loop.create_server(lambda: _Echo(one), "0.0.0.0", 0)
