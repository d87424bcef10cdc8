"""Sidecars saved: what each is asked for, several at a time, and what comes of each.

Decision: a pod is captured when its config dump is; what else it is asked for may fail, and is then
named. Workers are threads of their own, a few, each with one pod: so no more is in memory, and no
more connections are open, than there are workers. Whoever started them can stop them at any time.
"""

from __future__ import annotations

import contextlib
import datetime
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from osmscope.errors import OsmscopeError, RefusedError, SourceError
from osmscope.source.admin import Admin
from osmscope.source.capture_store import PodRecord, Store, write_chunks
from osmscope.source.files import Source
from osmscope.source.redact import Redacted, redact_json
from osmscope.source.redact_text import redact_text

PARTS: Mapping[str, tuple[str, ...]] = {
    "config_dump": ("include_eds",),
    "clusters": (),
    "listeners": (),
    "server_info": (),
    "certs": (),
    "stats": (),
}
"""What a sidecar is asked for, with the flags of the question, the most important first."""

JOBS = 8
"""How many are captured at once."""

_STOPPING = 3.0
"""Seconds that workers get to end by themselves."""

Ask = Callable[[str], Source | None]
"""Gives what a sidecar says to one of `PARTS`; None where there is no such thing."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One sidecar that is to be captured."""

    namespace: str
    name: str
    identity: str = ""
    """What tells it from another of its name."""
    recorded_at: str | None = None
    """When its data was taken, "" where nobody knows; None for now."""
    opening: Callable[[], AbstractContextManager[Ask]]
    """Opens a way to it."""

    @property
    def full_name(self) -> str:
        """What it is called."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one."""

    subject: Subject
    record: PodRecord | None = None
    error: OsmscopeError | None = None
    """Why it could not be captured."""
    is_old: bool = False
    """Whether an interrupted run captured it."""


class StoppedError(Exception):
    """A worker was told to stop."""


def capture_all(
    subjects: Sequence[Subject], store: Store, *, jobs: int = JOBS, redacts: bool = True
) -> Iterator[Outcome]:
    """Capture sidecars, several at a time; give what came of each as it comes.

    Args:
        subjects: The sidecars.
        store: Where they are written.
        jobs: How many at once.
        redacts: Whether secrets are left out.

    Raises:
        OSError: It cannot be written.
    """
    todo: queue.SimpleQueue[Subject] = queue.SimpleQueue()
    for subject in subjects:
        todo.put(subject)
    work = _Work(todo, store, redacts)
    threads = [
        threading.Thread(target=work.run, daemon=True) for _ in range(min(jobs, len(subjects)))
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in subjects:
            outcome = work.next()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        work.stop.set()
        end = time.monotonic() + _STOPPING
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        store.sweep()


class _Work:
    """What the workers share."""

    def __init__(self, todo: queue.SimpleQueue[Subject], store: Store, redacts: bool) -> None:
        self.stop = threading.Event()
        self._todo = todo
        self._done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        self._store = store
        self._redacts = redacts

    def next(self) -> Outcome | BaseException:
        """Wait for the next outcome; in steps, so that Ctrl-C comes through everywhere."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=0.5)

    def run(self) -> None:
        """Capture one after the other until none is left."""
        while not self.stop.is_set():
            try:
                subject = self._todo.get_nowait()
            except queue.Empty:
                return
            try:
                self._done.put(self._capture(subject))
            except StoppedError:
                return
            except BaseException as error:
                self._done.put(error)
                return

    def _capture(self, subject: Subject) -> Outcome:
        record = PodRecord(
            namespace=subject.namespace,
            name=subject.name,
            identity=subject.identity,
            recorded_at=(now() if subject.recorded_at is None else subject.recorded_at)
            or msgspec.UNSET,
            is_redacted=self._redacts,
        )
        taken = self._store.taken(record)
        if taken is not None:
            return Outcome(subject=subject, record=taken, is_old=True)
        try:
            with self._store.pod(record) as folder, subject.opening() as ask:
                self._save(record, folder, ask)
        except OsmscopeError as error:
            return Outcome(subject=subject, error=error)
        return Outcome(subject=subject, record=record)

    def _save(self, record: PodRecord, folder: Path, ask: Ask) -> None:
        """Ask for everything and write it; the config dump has to be had."""
        record.started_at = now()
        for what in PARTS:
            if self.stop.is_set():
                raise StoppedError
            try:
                source = ask(what)
                if source is not None:
                    self._write(record, folder, what, source)
                elif what == "config_dump":
                    raise SourceError("the pod has no config dump", where=record.name)
            except OsmscopeError as error:
                if what == "config_dump":
                    raise
                record.errors[what] = str(error)
                if not isinstance(error, RefusedError) and what == "clusters":
                    raise  # it went away: the dump alone would say nothing of endpoints
        record.finished_at = now()

    def _write(self, record: PodRecord, folder: Path, what: str, source: Source) -> None:
        is_json = source.data[:64].lstrip()[:1] == b"{"
        name = f"{what}.json" if is_json else f"{what}.txt"
        if what == "server_info" and is_json:
            record.envoy = _version(source.data)
        found = Redacted()
        data = source.data
        if not self._redacts:
            chunks: Iterator[bytes] = iter((data,))
        elif is_json:
            chunks = redact_json(data, found, where=source.where)
        else:
            chunks = iter((redact_text(data.decode("utf-8", "replace")).encode(),))
        record.files[name] = write_chunks(folder / name, chunks)
        record.redacted += len(found.paths)
        record.deciding += found.deciding


def asking(address: str, *, deadline: float) -> AbstractContextManager[Ask]:
    """Open a way to an admin interface.

    Args:
        address: Where it is.
        deadline: Seconds for each answer.

    Raises:
        SourceError: It is not an address.
    """
    return _asking(address, deadline)


@contextlib.contextmanager
def _asking(address: str, deadline: float) -> Iterator[Ask]:
    admin = Admin(address, deadline=deadline)
    try:
        yield lambda what: admin.ask(what, *PARTS[what])
    finally:
        admin.close()


def now() -> str:
    """Return the time it is."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _ServerInfo(msgspec.Struct):
    version: str = ""


def _version(data: bytes) -> str:
    """Return Envoy's version: "…/1.40.0/Clean/RELEASE/BoringSSL" is 1.40.0."""
    try:
        parts = msgspec.json.decode(data, type=_ServerInfo).version.split("/")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return parts[1] if len(parts) > 1 else ""
