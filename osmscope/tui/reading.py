"""How the application reads sidecars: in threads that post what came of it.

Decision: what a worker found is noted by the application alone, in its own thread. A read that was
cancelled may still end, unheeded.
"""

from __future__ import annotations

from typing import Any

from textual import work
from textual.app import App
from textual.message import Message
from textual.worker import Worker, get_current_worker

from osmscope.errors import OsmscopeError
from osmscope.session.member_reading import Loaded, read_member
from osmscope.session.mesh_model import Lister, Member, MeshModel

AT_ONCE = 50
"""Up to how many sidecars are all read at the start; of more, only those that are opened."""


class Read(Message):
    """A sidecar was read, or not."""

    def __init__(self, key: str, result: Loaded | OsmscopeError | None) -> None:
        """Take what came of it; None where the read was given up."""
        super().__init__()
        self.key = key
        self.result = result


class Progressed(Message):
    """A sidecar is being read."""

    def __init__(self, key: str, words: str) -> None:
        super().__init__()
        self.key = key
        self.words = words


class Found(Message):
    """The sidecars of the mesh were listed, or not."""

    def __init__(self, result: tuple[Member, ...] | OsmscopeError) -> None:
        super().__init__()
        self.result = result


class Reading(App[Any]):
    """Reads sidecars."""

    mesh: MeshModel

    @work(thread=True, exclusive=True, group="list members")
    def find_members(self, lister: Lister) -> None:
        """List the sidecars of the mesh."""
        worker = get_current_worker()
        try:
            result: tuple[Member, ...] | OsmscopeError = tuple(lister())
        except OsmscopeError as error:
            result = error
        if not worker.is_cancelled:
            self.post_message(Found(result))

    def read_all(self, *, whole: bool = False) -> None:
        """Read all sidecars of a small mesh that were not read, one after the other.

        Args:
            whole: Whether to read all, also again, also of a big mesh, and all of live ones; else
                of these only who they are is read.
        """
        states = {key: self.mesh.state(key).status for key in self.mesh.members}
        keys = [key for key, s in states.items() if s == "unread" or (whole and s != "loading")]
        if whole or len(keys) <= AT_ONCE:
            for key in keys:
                self.mesh.begin(key)
            self._read(tuple(keys), whole)

    def read(self, key: str) -> None:
        """Read a sidecar whole, again if it was read before."""
        state = self.mesh.state(key)
        if state.status != "loading":
            self.mesh.begin(key)
            # Nothing of what is shown changes yet, where something is.
            (self.member_changed if state.sidecar is None else self.progressed)(key)
            self._read((key,), True)

    def refresh_every(self, seconds: float) -> None:
        """Read live sidecars that are looked at again and again; 0 for never."""
        if seconds:
            self.set_interval(seconds, self._refresh)

    def _refresh(self) -> None:
        for key in self.watched():
            sidecar = self.mesh.state(key).sidecar
            if sidecar is not None and sidecar.is_live:
                self.read(key)

    def watched(self) -> tuple[str, ...]:
        """Return the keys of the sidecars that are looked at."""
        raise NotImplementedError

    def member_changed(self, key: str) -> None:
        """Be told that a sidecar's state is another one."""

    def progressed(self, key: str) -> None:
        """Be told that the reading of a sidecar has come further."""

    @work(thread=True, group="read")
    def _read(self, keys: tuple[str, ...], whole: bool) -> None:
        worker = get_current_worker()
        for key in keys:
            result: Loaded | OsmscopeError | None = None
            if not worker.is_cancelled:
                result = self._one(key, whole, worker)
            self.post_message(Read(key, None if worker.is_cancelled else result))

    def _one(self, key: str, whole: bool, worker: Worker[None]) -> Loaded | OsmscopeError | None:
        def tell(words: str) -> bool:
            self.post_message(Progressed(key, words))
            return not worker.is_cancelled

        member = self.mesh.members.get(key)
        if member is None:  # it is gone since it was asked for
            return None
        try:
            return read_member(member, self.mesh.state(key), whole=whole, tell=tell)
        except OsmscopeError as error:
            return error
        except Exception as error:  # a file that nobody foresaw fails alone
            return OsmscopeError(f"osmscope failed: {type(error).__name__}: {error}")

    def stop_reading(self) -> bool:
        """Give up what is being read; False where nothing is."""
        running = [w for w in self.workers if w.group == "read" and w.is_running]
        for worker in running:
            worker.cancel()
        return bool(running)
