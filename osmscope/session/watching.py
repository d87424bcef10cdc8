"""A request traced again and again, and what changed since.

Decision: a live sidecar is asked whether its versions moved, and only of what did more is read
again, with the hosts; files are read again when they changed. What cannot be read is said once,
and tried again until it can. When the next time is, the caller decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

from osmscope.errors import OsmscopeError, SourceError
from osmscope.session.sources import Sidecar, stamps_of
from osmscope.session.tracing import SidecarTracer, Traced
from osmscope.session.typed_request import Typed
from osmscope.trace.answer import Answer
from osmscope.trace.answer_changes import answer_changes

T = TypeVar("T")

_KINDS = (("listener", "listener"), ("route_config", "route_config"), ("cluster", "cluster"))
"""Kinds whose versions are shown, and the field of an outcome that names one."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell: the first answer, what changed since the last one, or a problem."""

    traced: Traced | None = None
    """None where the sidecar cannot be read."""
    changes: tuple[str, ...] = ()
    problem: str = ""
    is_back: bool = False
    """Whether the last that was told is a problem."""


def watch(tracer: SidecarTracer, typed: Typed, wait: Callable[[], object]) -> Iterator[Seen]:
    """Trace a request now, and whenever something may have changed, for ever.

    Args:
        tracer: The sidecar; gets the newer readings.
        typed: What is asked.
        wait: Returns when it is time to look again.

    Raises:
        OsmscopeError: The first trace fails.
    """

    def look(sidecar: Sidecar) -> tuple[_Last, Sidecar]:
        if sidecar is not tracer.sidecar:
            tracer.renew(sidecar)
        return _Last(tracer.trace(typed), tracer.sidecar), tracer.sidecar

    last: _Last | None = None
    for one in looks(tracer.sidecar, look, wait):
        if one.value is None:
            yield Seen(problem=one.problem)
            continue
        changes = () if last is None else one.value.changes_since(last)
        if changes or last is None or one.is_back:
            yield Seen(traced=one.value.traced, changes=changes, is_back=one.is_back)
        last = one.value


class Look(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What one look at a sidecar brought."""

    value: T | None = None
    """None where it cannot be read."""
    problem: str = ""
    is_back: bool = False
    """Whether it could not be read before."""


def looks(
    sidecar: Sidecar, look: Callable[[Sidecar], tuple[T, Sidecar]], wait: Callable[[], object]
) -> Iterator[Look[T]]:
    """Look at a sidecar now, and whenever something may have changed, for ever.

    Args:
        sidecar: Its first reading.
        look: Makes something of a reading, and says which it was by then.
        wait: Returns when it is time to look again.

    Raises:
        OsmscopeError: The first look fails.
    """
    value, sidecar = look(sidecar)
    yield Look(value=value)
    away = False
    while True:
        wait()
        try:
            again = _again(sidecar, is_away=away)
            if again is sidecar and not away:
                continue
            value, sidecar = look(again)
        except OsmscopeError as error:
            if not away:
                yield Look(problem=str(error))
            away = True
            continue
        yield Look(value=value, is_back=away)
        away = False


class _Last:
    """What the next answer is compared with."""

    def __init__(self, traced: Traced, sidecar: Sidecar) -> None:
        self.traced = traced
        self.answer = traced.answer
        self.chosen = sidecar.notes
        """Which pod stands for what was named, among others."""
        self.versions = _versions(traced.answer, sidecar)
        self.counts = {one.name: one.value for one in traced.evidence}

    def changes_since(self, before: _Last) -> tuple[str, ...]:
        versions = [
            f"{name}: version {old} → {new}"
            for name, new in self.versions.items()
            if (old := before.versions.get(name, new)) != new
        ]
        counts = [
            f"{name} = {count}: {count - before.counts.get(name, 0)} more since the last look"
            for name, count in self.counts.items()
            if count > before.counts.get(name, 0)
        ]
        chosen = [note for note in self.chosen if note not in before.chosen]
        return (*chosen, *answer_changes(before.answer, self.answer), *versions, *counts)


def _versions(answer: Answer, sidecar: Sidecar) -> dict[str, str]:
    """The versions of what an answer passes, each with when it was delivered."""
    found: dict[str, str] = {}
    for outcome in answer.outcomes:
        for kind, field in _KINDS:
            name = getattr(outcome, field)
            for entry in sidecar.proxy.dump.find(kind, name) if name else ():
                if entry.state.serves and entry.version_info:
                    words = f"{entry.version_info} ({entry.last_updated})"
                    found[f"{kind.replace('_', ' ')} {name}"] = words
    return found


def _again(sidecar: Sidecar, *, is_away: bool) -> Sidecar:
    """Read a sidecar again; the same one where nothing can have changed.

    Raises:
        SourceError: Its file is no more: what else its name could stand for is not meant.
    """
    if sidecar.files and not sidecar.files[0].exists():
        raise SourceError("it is not there any more", where=str(sidecar.files[0]))
    if is_away and sidecar.again is not None:
        with contextlib.suppress(OsmscopeError):
            sidecar.close()
        return sidecar.again()
    if sidecar.live is not None:
        return sidecar.reload({one.kind for one in sidecar.live.moved()})
    if not sidecar.is_live and stamps_of(sidecar.files) == sidecar.stamps:
        return sidecar
    return sidecar.reload()
