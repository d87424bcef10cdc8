"""A way from here to a port on a pod's loopback: port-forward, as the API server offers it.

Decision: its end here is a Unix socket in a folder that only this user can enter, so that nobody
else on the machine gets at a sidecar's admin interface through it, and no port can be taken. Each
connection has a websocket of its own; the first is opened before anybody connects, so that what
stands against it is known at once. kr8s' own port-forward asks again without end where it is
refused, and drops what the pod's node says; only its websocket is used. That a pod's end of it was
closed, the API server does not pass on: where it is silent, it is asked whether the pod is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osmscope.errors import ForbiddenError, UnreachableError
from osmscope.source.kubernetes_api import GRACE, PODS, ApiServer, NotFoundError, Question
from osmscope.source.kubernetes_lists import PodFacts

if TYPE_CHECKING:
    import httpx_ws

_CHUNK = 1 << 16
_SILENCE = 1.5
"""Seconds without a word until it is asked whether the pod is still there; then twice as long."""
_DATA, _ERROR = 0, 1
_FORBIDDEN = 403

_Local = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forward:
    """One pod's port, reachable at a Unix socket.

    Args:
        api: Who forwards.
        pod: Which pod.
        port: Which port on its loopback.
        socket: Where the socket is to be.
    """

    def __init__(self, api: ApiServer, pod: PodFacts, port: int, socket: Path) -> None:
        self.pod = pod
        self.port = port
        self.failure: UnreachableError | None = None
        """Why the last connection that failed did so."""
        self._api = api
        self._socket = socket
        self._question = Question(
            kind=PODS, namespace=pod.namespace, name=pod.name, part="portforward"
        )
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.Future[_Local] | None = None
        """What the first tunnel waits for."""

    async def start(self) -> None:
        """Open the first websocket, then the socket.

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: The pod cannot be reached.
        """
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._waiting = loop.create_future()
        self._begin(self._tunnel(self._waiting, opened))
        await opened
        self._server = await asyncio.start_unix_server(self._accept, self._socket)

    async def stop(self) -> None:
        """End all connections and remove the socket."""
        if self._server is not None:
            self._server.close()
        for tunnel in list(self._tunnels):
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
        self._socket.unlink(missing_ok=True)

    def _begin(self, tunnel: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(tunnel)
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((reader, writer))
            return
        loop = asyncio.get_running_loop()
        local: asyncio.Future[_Local] = loop.create_future()
        local.set_result((reader, writer))
        self._begin(self._tunnel(local, loop.create_future()))

    async def _tunnel(self, local: asyncio.Future[_Local], opened: asyncio.Future[None]) -> None:
        """Open a websocket, and join it with a connection from here."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(self._api.deadline + GRACE):
                    session = self._api.websocket(self._question, ports=str(self.port))
                    websocket = await stack.enter_async_context(session)
                opened.set_result(None)
                await self._join(websocket, *await local)
        except Exception as error:
            self._failed(await self._told(_innermost(error)), opened)
        finally:
            if local.done() and not local.cancelled():
                local.result()[1].close()

    async def _join(
        self,
        websocket: httpx_ws.AsyncWebSocketSession,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Copy both ways until one side ends."""
        silence = _Silence()
        tasks = {
            asyncio.create_task(_send(reader, websocket, silence)),
            asyncio.create_task(_receive(websocket, writer, silence)),
            asyncio.create_task(self._see_its_end(silence)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_its_end(self, silence: _Silence) -> None:
        """Wait until the pod is no more.

        Raises:
            UnreachableError: It is.
        """
        seconds = _SILENCE
        while True:
            seconds = seconds * 2 if await silence.lasts(seconds) else _SILENCE
            if seconds > _SILENCE and await self._is_gone():
                raise deleted_meanwhile(self.pod, self._api.where)

    async def _is_gone(self) -> bool:
        question = Question(kind=PODS, namespace=self.pod.namespace, name=self.pod.name)
        try:
            await self._api.get(question)
        except NotFoundError:
            return True
        except UnreachableError:
            return False  # who may not ask waits for the deadline
        return False

    async def _told(self, error: BaseException) -> BaseException:
        """Return an error with the API server's words, which a websocket's refusal has not."""
        import httpx_ws

        if not isinstance(error, httpx_ws.WebSocketUpgradeError):
            return error
        if error.response.status_code == _FORBIDDEN:
            try:
                await self._api.get(self._question)
            except ForbiddenError as told:
                return told
            except UnreachableError:
                pass
        return error

    def _failed(self, error: BaseException, opened: asyncio.Future[None]) -> None:
        self.failure = self._explained(error)
        if not opened.done():
            opened.set_exception(self.failure)
            opened.exception()  # nobody waits for those of later connections

    def _explained(self, error: BaseException) -> UnreachableError:
        """Return the error of ours that a failure means."""
        import httpx_ws

        if isinstance(error, UnreachableError):
            return error
        if isinstance(error, TimeoutError):
            return self._api.timed_out()
        if isinstance(error, httpx_ws.WebSocketUpgradeError):
            return self._api.refused(self._question, error.response.status_code, b"")
        if isinstance(error, _PortForwardError):
            return self._refused_by_pod(str(error))
        if isinstance(error, httpx_ws.HTTPXWSException):
            return UnreachableError(
                f"the connection to pod {self.pod.full_name} was lost",
                where=self._api.where,
                hint="try again",
            )
        return self._api.unreachable(error)

    def _refused_by_pod(self, message: str) -> UnreachableError:
        if "refused" in message:
            return UnreachableError(
                f"nothing listens on port {self.port} of pod {self.pod.full_name}",
                where=self._api.where,
                hint="check that its sidecar runs, or give --admin-port",
            )
        return UnreachableError(
            f"port {self.port} of pod {self.pod.full_name} cannot be reached: {message}",
            where=self._api.where,
            hint="try again, or --via kubectl",
        )


def deleted_meanwhile(pod: PodFacts, where: str) -> UnreachableError:
    """Return the error of a pod that was there before."""
    return UnreachableError(
        f"pod {pod.full_name} was deleted in the meantime",
        where=where,
        hint="name its workload, or its replacement",
    )


class _PortForwardError(Exception):
    """What the pod's node says of the port."""


class _Silence:
    """How long nothing was said on a connection."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def end(self) -> None:
        """Note that something was said."""
        self._last = time.monotonic()

    async def lasts(self, seconds: float) -> bool:
        """Wait as long, and say whether nothing was said."""
        start = time.monotonic()
        await asyncio.sleep(seconds)
        return self._last <= start


async def _send(
    reader: asyncio.StreamReader, websocket: httpx_ws.AsyncWebSocketSession, silence: _Silence
) -> None:
    while data := await reader.read(_CHUNK):
        silence.end()
        await websocket.send_bytes(bytes([_DATA]) + data)


async def _receive(
    websocket: httpx_ws.AsyncWebSocketSession, writer: asyncio.StreamWriter, silence: _Silence
) -> None:
    """Copy what the pod sends; the first message of each channel only repeats the port."""
    import httpx_ws

    begun: set[int] = set()
    while True:
        try:
            message = await websocket.receive_bytes()
        except httpx_ws.WebSocketDisconnect:
            return
        silence.end()
        channel, content = message[0], message[1:]
        if channel not in begun:
            begun.add(channel)
        elif channel == _ERROR:
            raise _PortForwardError(" ".join(content.decode("utf-8", "replace").split()))
        else:
            writer.write(content)
            await writer.drain()


def _innermost(error: BaseException) -> BaseException:
    """Return the one error in groups of one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
