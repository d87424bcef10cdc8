"""Servers that take the place of an Envoy and misbehave: raw sockets, one answer a path."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

Answering = Callable[[socket.socket, str], None]
"""Answers one request, given its path, on a connection that is then closed."""


@contextlib.contextmanager
def serving(answer: Answering, *, keep_alive: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Serve on a port of its own; gives the address and the list of the requests' first lines."""
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        stop = threading.Event()

        def converse(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                while (line := _request(connection)) and not stop.is_set():
                    seen.append(line)
                    answer(connection, line.split()[1])
                    if not keep_alive:
                        return

        def accept() -> None:
            with contextlib.ExitStack() as stack:
                while not stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection, _ = listening.accept()
                        stack.enter_context(connection)
                        threads.append(threading.Thread(target=converse, args=(connection,)))
                        threads[-1].start()

        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        finally:
            stop.set()
            accepting.join()
            for thread in threads:
                thread.join()


def _request(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            return ""
        received += data
    return received.partition(b"\r\n")[0].decode()


def http(
    body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> bytes:
    """Write a whole answer."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def answers(message: bytes) -> Answering:
    """Answer the same to everything."""
    return lambda connection, _: connection.sendall(message)


def never(connection: socket.socket, path: str) -> None:
    """Take the request and say nothing, until the client goes."""
    connection.recv(1)


def drip(connection: socket.socket, path: str) -> None:
    """Give one byte of a whole answer after another, each well within any time-out of a step."""
    for byte in http(b'{"configs": []}' + b" " * 200):
        connection.sendall(bytes([byte]))
        time.sleep(0.03)


def endless(connection: socket.socket, path: str) -> None:
    """Give JSON that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
    while True:
        connection.sendall(b'"a": [' * 10_000)


def endless_headers(connection: socket.socket, path: str) -> None:
    """Give headers that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x: y\r\n" * 10_000)


def bomb() -> bytes:
    """A megabyte for each kilobyte that is sent."""
    packed = gzip.compress(b"{" + b" " * (64 << 20))
    return http(packed, more="content-encoding: gzip\r\n")
