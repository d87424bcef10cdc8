"""A small server that answers for every endpoint, each at a loopback address of its own.

Decision: one thread, one listening socket an endpoint, bound to that endpoint's 127.x.y.z alone, so
that nobody outside can reach it. HTTP/1.1 gets a 200; anything else a line of text, so that a
client knows it arrived. What is answered decides nothing: that it was asked is what counts.
"""

from __future__ import annotations

import contextlib
import ipaddress
import resource
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from osmscope.oracle.not_comparable import NotComparableError

_FIRST = int(ipaddress.IPv4Address("127.77.1.1"))
_ATTEMPTS = 20
_MOST_HEAD = 1 << 20
_VERSION = b" HTTP/1."
_HTTP_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_OTHER_ANSWER = b"osmscope\r\n"


class StandIn:
    """Answers for endpoints while it is open."""

    def __init__(self, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._heads: dict[str, bytes] = {}
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        _allow_files(count)
        self.addresses = self._bind(count)
        """`127.x.y.z:port` of each endpoint."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wake.close()
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            _close(key.fileobj)
        self._selector.close()

    def forget(self) -> None:
        """Forget what was asked so far."""
        self._heads.clear()

    def asked_at(self, address: str) -> bytes | None:
        """Return the head of the last request to an address; None where none was sent."""
        return self._heads.get(address)

    def _bind(self, count: int) -> tuple[str, ...]:
        for _ in range(_ATTEMPTS):
            sockets: list[socket.socket] = []
            try:
                for index in range(count):
                    port = sockets[0].getsockname()[1] if sockets else 0
                    sockets.append(_listening(str(ipaddress.IPv4Address(_FIRST + index)), port))
            except OSError as error:
                for one in sockets:
                    one.close()
                problem = error
                continue
            for one in sockets:
                self._selector.register(one, selectors.EVENT_READ, data="listening")
            return tuple("{}:{}".format(*one.getsockname()) for one in sockets)
        raise NotComparableError(
            f"no loopback addresses for {count} endpoints: {problem}",
            hint="on macOS only 127.0.0.1 exists; run it on Linux",
        )

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                if key.data == "listening":
                    self._accept(key.fileobj)
                else:
                    self._read(key.fileobj, key.data)

    def _accept(self, listening: object) -> None:
        assert isinstance(listening, socket.socket)
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, data=bytearray())

    def _read(self, connection: object, received: bytearray) -> None:
        assert isinstance(connection, socket.socket)
        data = b""
        with contextlib.suppress(OSError):
            data = connection.recv(1 << 16)
        received += data
        head = _head(received)
        if head:
            with contextlib.suppress(OSError):
                self._heads["{}:{}".format(*connection.getsockname()[:2])] = head
        answer, is_last = _answer(received) if data else (b"", True)
        if answer:
            received.clear()
            with contextlib.suppress(OSError):
                connection.send(answer)
        if is_last:
            self._selector.unregister(connection)
            connection.close()


def _head(received: bytearray) -> bytes:
    """Return the head of a request of HTTP/1.1, nothing while it is not complete."""
    head, end, _ = received.partition(b"\r\n\r\n")
    return bytes(head) if end and _VERSION in head.partition(b"\r\n")[0] else b""


def _answer(received: bytearray) -> tuple[bytes, bool]:
    """Return what to answer, nothing while a head is not complete, and whether to close then."""
    head, end, _ = received.partition(b"\r\n\r\n")
    if _VERSION not in head.partition(b"\r\n")[0]:
        return _OTHER_ANSWER, False
    if not end:
        return b"", len(received) > _MOST_HEAD
    return _HTTP_ANSWER, b"connection: close" in head.lower()


def _listening(address: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
        one.listen()
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one


def _allow_files(count: int) -> None:
    """Raise the limit of open files, as far as that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * count + 1024
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _close(one: object) -> None:
    if isinstance(one, socket.socket):
        one.close()
