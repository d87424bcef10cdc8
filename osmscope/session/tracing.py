"""Requests put to one sidecar: completed, evaluated, explained."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

import msgspec

from osmscope.dump.live_versions import Moved
from osmscope.dump.stats import read_counters
from osmscope.errors import DumpError, OsmscopeError, RefusedError
from osmscope.rules.result import Match, Outcome
from osmscope.session.age import Data, data_of
from osmscope.session.sources import Sidecar
from osmscope.session.typed_request import RequestOptions, Typed, typed_request
from osmscope.trace.answer import Answer, Explanation, Step
from osmscope.trace.batch import qualified, undecided
from osmscope.trace.completion import Completion
from osmscope.trace.evidence import Evidence, evidence_of, pattern_of
from osmscope.trace.inference import Destinations, Inference
from osmscope.trace.interception import (
    Interception,
    as_said,
    past_the_sidecar,
    resting_on,
    with_step,
)
from osmscope.trace.request import TraceRequest

if TYPE_CHECKING:
    from osmscope.trace.tracer import Tracer


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """One request, answered."""

    request: TraceRequest
    answer: Answer
    explanation: Explanation
    inferred: tuple[str, ...]
    stand_in: str = ""
    """The destination, where it only stands for the address that the host has."""
    data: Data | None = None
    """What the answer rests on."""
    evidence: tuple[Evidence, ...] = ()
    """What the sidecar counted on the way so far."""
    no_evidence: str = ""
    """Why its counters cannot be read, where they should be there."""


def completion_of(sidecar: Sidecar, *, as_mesh_client: bool = True) -> Completion:
    """Return what completes requests to a sidecar; see `Completion`."""
    destinations = Destinations(sidecar.proxy, sidecar.services, sidecar.namespace)
    return Completion(destinations, sidecar.address, as_mesh_client=as_mesh_client)


def interception_of(sidecar: Sidecar) -> Interception | None:
    """Return what is led to a sidecar; None where nothing is known of it."""
    redirection = sidecar.redirection()
    return None if redirection is None else Interception(redirection, sidecar.proxy)


class SidecarTracer:
    """Traces what a user asks of one sidecar; its indexes are built once, when first needed."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.sidecar = sidecar
        self.completion = completion_of(sidecar)

    @functools.cached_property
    def tracer(self) -> Tracer:
        """The tracer of the sidecar's proxy."""
        from osmscope.trace.tracer import Tracer

        return Tracer(self.sidecar.proxy)

    @functools.cached_property
    def interception(self) -> Interception | None:
        """What is led to the sidecar; None where nothing is known of it."""
        return interception_of(self.sidecar)

    def prepare(self) -> None:
        """Build what first requests would wait for: ask for a host that is served, and another."""
        for host in filter(None, (self.completion.any_host(), "localhost")):
            with contextlib.suppress(OsmscopeError):  # told when somebody asks
                self.trace(typed_request(host, RequestOptions()), brief=True)

    def _interception(self, request: TraceRequest, found: Inference) -> Match | None:
        if self.interception is None:
            return None
        return self.interception.find(request, is_stand_in=found.is_stand_in)

    def goes_past(self, completed: TraceRequest, found: Inference) -> str:
        """Say why a completed request is not led to the sidecar; "" where it may be."""
        led = self._interception(completed, found)
        return led.reason if led is not None and led.outcome is Outcome.NO_MATCH else ""

    def answer(self, typed: Typed) -> Answer:
        """Complete and evaluate one request, without an explanation; raises as `trace`."""
        completed, found = self.completion.complete(typed.request)
        completed = typed.finished(completed, found.host)
        if found.candidates:
            return undecided(completed, found)
        led = self._interception(completed, found)
        if led is not None and led.outcome is Outcome.NO_MATCH:
            return past_the_sidecar(as_said(completed, is_stand_in=found.is_stand_in), led)
        return resting_on(qualified(self.tracer.answer(completed), found), led)

    def trace(self, typed: Typed, *, brief: bool = False) -> Traced:
        """Complete, evaluate and explain one request.

        What a live sidecar was asked for may straddle an update: it is then read again, once; if
        it moved meanwhile again, the answer says so.

        Args:
            typed: The request.
            brief: Whether losers of which there may be thousands are counted and not listed, near
                misses are left out, and a live sidecar is not asked whether it moved: for every
                keystroke.

        Raises:
            UsageError: The request lacks what no default can stand for.
            DumpError: A resource on the path cannot be read.
            UnreachableError: A live sidecar does not answer.
        """
        traced = self._trace(typed, brief=brief)
        moved = () if brief else self._moved()
        if moved:
            self.renew(self.sidecar.reload({one.kind for one in moved}))
            traced = self._trace(typed, brief=brief)
            moved = self._moved()
        if moved:
            said = tuple(f"{one.words} while the sidecar was read" for one in moved)
            assumptions = (*traced.answer.assumptions, *said)
            answer = msgspec.structs.replace(traced.answer, exact=False, assumptions=assumptions)
            traced = msgspec.structs.replace(traced, answer=answer)
        return msgspec.structs.replace(traced, data=data_of(self.sidecar))

    def _moved(self) -> tuple[Moved, ...]:
        return self.sidecar.live.moved() if self.sidecar.live is not None else ()

    def renew(self, sidecar: Sidecar) -> None:
        """Trace another reading of the sidecar from now on."""
        self.sidecar = sidecar
        self.completion = completion_of(sidecar)
        for cached in ("tracer", "interception"):
            self.__dict__.pop(cached, None)

    def _trace(self, typed: Typed, *, brief: bool) -> Traced:
        completed, found = self.completion.complete(typed.request)
        completed = typed.finished(completed, found.host)
        said = (*self.sidecar.notes, *typed.notes, *self.sidecar.later_notes())
        if found.candidates:
            return Traced(
                request=completed,
                answer=undecided(completed, found),
                explanation=_candidates(found),
                inferred=said,
            )
        led = self._interception(completed, found)
        said_to = as_said(completed, is_stand_in=found.is_stand_in)
        is_past = led is not None and led.outcome is Outcome.NO_MATCH
        if led is not None and is_past:
            answer, explanation = past_the_sidecar(said_to, led), Explanation()
        else:
            answer, explanation = self.tracer.explain(completed, brief=brief)
            answer = resting_on(qualified(answer, found), led)
        explanation = with_step(explanation, said_to, led)
        looked_up = tuple(note for note in found.notes if note not in answer.assumptions)
        if is_past and found.is_stand_in:
            looked_up = ()  # how Envoy would have been asked tells nothing any more
        # Counters are asked for anew each time: not at every keystroke.
        evidence, problem = ((), "") if brief else self._evidence(answer, explanation)
        return Traced(
            request=completed,
            answer=answer,
            explanation=explanation,
            inferred=(*said, *looked_up),
            stand_in=(found.dst_ip or "") if found.is_stand_in else "",
            evidence=evidence,
            no_evidence=problem,
        )

    def _evidence(
        self, answer: Answer, explanation: Explanation
    ) -> tuple[tuple[Evidence, ...], str]:
        """Read what is counted on the way, and why it cannot be read where that is so."""
        counters = explanation.counters
        if not counters:
            return (), ""
        try:
            source = self.sidecar.stats(pattern_of(counters))
            if source is None:
                return (), ""
            names = {counter.name for counter in counters}
            values = read_counters(source.data, names, where=source.where)
        except (RefusedError, DumpError) as error:  # an answer without evidence is an answer
            return (), str(error)
        return evidence_of(answer, counters, values), ""


def _candidates(found: Inference) -> Explanation:
    step = Step(
        kind="destination",
        chosen="",
        reason="several lead to different places; give --dst-ip",
        notes=found.candidates,
        failed=True,
    )
    return Explanation(steps=(step,))
