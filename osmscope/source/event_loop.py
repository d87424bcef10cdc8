"""An event loop in a thread of its own, for libraries that know no other face.

Decision: whoever asks waits in its own thread, be it the command line's or a UI's worker, and can
be interrupted there; what was asked is then cancelled.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from osmscope.source.name_lookup import Found, begin_lookup

T = TypeVar("T")

_STOP_DEADLINE = 5.0


class EventLoop:
    """Runs coroutines for callers of any thread, until it is closed."""

    def __init__(self) -> None:
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], deadline: float) -> T:
        """Run a coroutine and return its result.

        Raises:
            TimeoutError: It takes longer than the deadline, in seconds.
        """
        waiting = asyncio.wait_for(coroutine, deadline)
        future = asyncio.run_coroutine_threadsafe(waiting, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(_STOP_DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_DEADLINE)
        if not self._thread.is_alive():
            self._loop.close()


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose lookups of names keep nobody waiting who has given up."""

    async def getaddrinfo(  # noqa: PLR0913, as asyncio has it
        self,
        host: str | bytes | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        return await asyncio.wrap_future(begin_lookup(host, port, family, type, proto, flags))


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
