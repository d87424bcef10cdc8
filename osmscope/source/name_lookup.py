"""Addresses of a name, looked up within a deadline.

Decision: the system's resolver knows no deadline and cannot be interrupted. So it runs in a thread
that nobody waits for: one that hangs keeps neither an answer nor the end of the process waiting,
as a thread of asyncio's own would.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from typing import Any

Found = list[tuple[Any, ...]]
"""What `socket.getaddrinfo` returns."""


def begin_lookup(
    host: str | bytes | None, port: bytes | str | int | None, *more: int
) -> Future[Found]:
    """Look a name up; the future gets what `socket.getaddrinfo` returns or raises.

    Args:
        host: The name.
        port: The port, by number or by name.
        more: Further arguments of `socket.getaddrinfo`, in its order.
    """
    found: Future[Found] = Future()

    def look_up() -> None:
        if not found.set_running_or_notify_cancel():
            return
        try:
            found.set_result(socket.getaddrinfo(host, port, *more))
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=look_up, daemon=True).start()
    return found
