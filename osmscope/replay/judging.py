"""One logged request against one sidecar: it agrees, it would differ, or it cannot be told.

Decision: a line differs only where nothing that it leaves open explains it: not another identity
of the client, not another destination behind the same name, not a header that is not logged. What
rests on an assumption and differs is not told as a difference.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.errors import OsmscopeError
from osmscope.replay.asking import Asking, Reading
from osmscope.replay.comparing import Difference, compare
from osmscope.replay.configured import Configured
from osmscope.replay.logged import Logged
from osmscope.replay.unlogged_headers import UnloggedHeaders
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import Resource, decode
from osmscope.trace.answer import Answer
from osmscope.trace.batch import Answering, qualified, undecided

_MOST_REMEMBERED = 1 << 14


class _StatName(Resource, frozen=True):
    """By which name a cluster is logged."""

    alt_stat_name: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a line; it agrees where neither is said."""

    difference: Difference | None = None
    untold: str = ""
    """Why it cannot be told."""


AGREES = Judgement()


class Judge:
    """Judges lines; those that ask the same and say the same are judged once.

    Args:
        proxy: The sidecar.
        tracer: What answers.
        asking: What makes requests of lines.
        configured: What the dump says of access control.
    """

    def __init__(
        self, proxy: Proxy, tracer: Answering, asking: Asking, configured: Configured
    ) -> None:
        self._proxy = proxy
        self._tracer = tracer
        self._asking = asking
        self._access_control_headers = configured.access_control_headers
        self._memory: dict[Logged, Judgement] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._headers = UnloggedHeaders(proxy)

    def judge(self, line: Logged) -> Judgement:
        """Judge a line; one that asks and says the same as another is judged once."""
        if line.happened == "nothing":
            return Judgement(untold="the line does not say where it went, or the client ended it")
        essence = self._asking.essence(line)
        judgement = self._memory.get(essence)
        if judgement is None:
            if len(self._memory) >= _MOST_REMEMBERED:
                self._memory.clear()
            judgement = self._memory[essence] = self._judge(essence)
        return judgement

    def _judge(self, line: Logged) -> Judgement:
        try:
            return self._first_that_agrees(line)
        except OsmscopeError as error:
            return Judgement(untold=str(error))
        except Exception as error:  # one line must not cost the answers to the others
            return Judgement(untold=f"internal error: {type(error).__name__}: {error}")

    def _first_that_agrees(self, line: Logged) -> Judgement:
        judged: list[Judgement] = []
        for reading in self._asking.readings(line):
            judgement = self._of_reading(line, reading)
            if judgement == AGREES:
                return AGREES
            if not reading.guess:
                judged.append(judgement)
        unknown = next((one for one in judged if one.untold), None)
        if unknown is not None:
            return unknown
        return min(judged, key=_distance)

    def _of_reading(self, line: Logged, reading: Reading) -> Judgement:
        answer = self._answer(reading)
        judgement = self._compared(line, answer)
        if judgement.difference is None or judgement.untold:
            return judgement
        return self._with_other_headers(line, reading, answer, judgement)

    def _compared(self, line: Logged, answer: Answer) -> Judgement:
        difference = compare(line, answer, self._cluster_names)
        unknown = any(outcome.verdict == "unknown" for outcome in answer.outcomes)
        if difference is None:
            return Judgement(untold=_first(answer)) if unknown else AGREES
        untold = _first(answer) if unknown or not answer.exact else ""
        return Judgement(difference=difference, untold=untold)

    def _with_other_headers(
        self, line: Logged, reading: Reading, answer: Answer, judgement: Judgement
    ) -> Judgement:
        """Ask again with what routes ask for of headers that are not logged."""
        nearest = judgement
        for outcome in answer.outcomes:
            undecided_by = self._headers.of(line, outcome)
            for headers in undecided_by.examples:
                sent = {**(reading.request.headers or {}), **headers}
                request = msgspec.structs.replace(reading.request, headers=sent)
                other = self._compared(line, self._tracer.answer(request))
                if other == AGREES or other.untold:
                    return other
                nearest = min(nearest, other, key=_distance)
            if not undecided_by.complete:
                return _not_logged(judgement, undecided_by.names)
        names = self._access_control_headers - {name for name, _ in line.headers}
        if names and _is_access_control(line, answer):
            return _not_logged(judgement, names)
        return nearest

    def _answer(self, reading: Reading) -> Answer:
        if reading.found.candidates:
            return undecided(reading.request, reading.found)
        return qualified(self._tracer.answer(reading.request), reading.found)

    def _cluster_names(self, name: str) -> frozenset[str]:
        if name not in self._names:
            entry = self._proxy.dump.serving("cluster").get(name)
            found = None if entry is None else decode(_StatName, entry.body, f"cluster {name!r}")
            self._names[name] = frozenset({name, found.alt_stat_name if found else ""} - {""})
        return self._names[name]


def _not_logged(judgement: Judgement, names: Iterable[str]) -> Judgement:
    shown = ", ".join(sorted(names))
    return msgspec.structs.replace(
        judgement, untold=f"a header decides that is not logged: {shown}"
    )


def _is_access_control(line: Logged, answer: Answer) -> bool:
    responses = (outcome.response for outcome in answer.outcomes)
    details = [one.details for one in responses if one is not None]
    return any("rbac_access" in (text or "") for text in (line.details, *details))


def _distance(judgement: Judgement) -> int:
    return -1 if judgement.difference is None else judgement.difference.distance


def _first(answer: Answer) -> str:
    return answer.assumptions[0] if answer.assumptions else "an outcome is not known"
