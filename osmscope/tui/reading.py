"""How the application reads sidecars: in threads that post what came of it.

Decision: what a worker found is noted by the application alone, in its own thread. A read that was
cancelled may still end, unheeded.
"""

from __future__ import annotations

from typing import Any

from textual import work
from textual.app import App
from textual.message import Message
from textual.worker import get_current_worker

from osmscope.errors import OsmscopeError
from osmscope.session.mesh_model import MeshModel
from osmscope.session.sources import Sidecar

AT_ONCE = 50
"""Up to how many sidecars are all read at the start; of more, only those that are opened."""


class Read(Message):
    """A sidecar was read, or not."""

    def __init__(self, key: str, result: Sidecar | OsmscopeError | None) -> None:
        """Take what came of it; None where the read was given up."""
        super().__init__()
        self.key = key
        self.result = result


class Reading(App[Any]):
    """Reads sidecars."""

    mesh: MeshModel

    def read_all(self) -> None:
        """Read all sidecars of a small mesh, one after the other."""
        keys = list(self.mesh.members)
        if len(keys) <= AT_ONCE:
            for key in keys:
                self.mesh.begin(key)
            self._read(tuple(keys))

    def read(self, key: str) -> None:
        """Read a sidecar, again if it was read before."""
        if self.mesh.state(key).status != "loading":
            self.mesh.begin(key)
            self.member_changed(key)
            self._read((key,))

    def member_changed(self, key: str) -> None:
        """Be told that a sidecar's state is another one."""

    @work(thread=True, group="read")
    def _read(self, keys: tuple[str, ...]) -> None:
        worker = get_current_worker()
        for key in keys:
            if worker.is_cancelled:
                self.post_message(Read(key, None))
                continue
            try:
                result: Sidecar | OsmscopeError = self.mesh.members[key].read()
            except OsmscopeError as error:
                result = error
            except Exception as error:  # a file that nobody foresaw fails alone
                result = OsmscopeError(f"osmscope failed: {type(error).__name__}: {error}")
            self.post_message(Read(key, None if worker.is_cancelled else result))

    def stop_reading(self) -> bool:
        """Give up what is being read; False where nothing is."""
        running = [w for w in self.workers if w.group == "read" and w.is_running]
        for worker in running:
            worker.cancel()
        return bool(running)
