"""Many requests, one line each: the batch form of `osmscope trace`.

Decision: a line costs its decoding, its answer and its encoding, nothing else. A line that cannot
be read or answered gets a line with `error`; the others are still answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from osmscope.errors import OsmscopeError
from osmscope.resources.address import split_host_port
from osmscope.rules.result import Outcome
from osmscope.trace.answer import Answer, ErrorAnswer, OutcomeAnswer
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Inference
from osmscope.trace.interception import Interception, as_said, past_the_sidecar, resting_on
from osmscope.trace.request import TraceRequest, read_request

_ENCODER = msgspec.json.Encoder()


class Answering(Protocol):
    """What answers one request: `osmscope.trace.tracer.Tracer`."""

    def answer(self, request: TraceRequest) -> Answer:
        """Evaluate a completed request."""
        ...


class _Id(msgspec.Struct):
    id: str | int | None = None


class Batch:
    """Answers lines; remembers whether one could not be read."""

    def __init__(
        self,
        tracer: Answering,
        completion: Completion,
        interception: Interception | None = None,
    ) -> None:
        self._tracer = tracer
        self._completion = completion
        self._interception = interception
        self.failed = False
        """Whether a line so far could not be read or answered."""

    def answer_lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Answer request lines in their order.

        Args:
            lines: JSON objects with the fields of the batch contract.

        Yields:
            One line of JSON for each, without its line end.
        """
        for number, line in enumerate(lines, 1):
            try:
                yield _ENCODER.encode(self._answer(line, number))
            except OsmscopeError as error:
                self.failed = True
                yield _ENCODER.encode(ErrorAnswer(id=_id(line, number), error=str(error)))
            except Exception as error:  # one line must not cost the answers to the others
                self.failed = True
                text = f"internal error: {type(error).__name__}: {error}"
                yield _ENCODER.encode(ErrorAnswer(id=_id(line, number), error=text))

    def _answer(self, line: bytes, number: int) -> Answer:
        request = read_request(line, where=f"line {number}")
        if request.id is None:
            request = msgspec.structs.replace(request, id=number)
        completed, found = self._completion.complete(request)
        if found.candidates:
            return undecided(request, found)
        led = None
        if self._interception is not None:
            led = self._interception.find(completed, is_stand_in=found.is_stand_in)
            if led is not None and led.outcome is Outcome.NO_MATCH:
                return past_the_sidecar(as_said(completed, is_stand_in=found.is_stand_in), led)
        return resting_on(qualified(self._tracer.answer(completed), found), led)


def undecided(request: TraceRequest, found: Inference) -> Answer:
    """Answer unknown, where a host may lead to several places and nothing tells which."""
    return Answer(
        id=request.id,
        exact=False,
        assumptions=(*found.notes, *(f"candidate: {name}" for name in found.candidates)),
        outcomes=(OutcomeAnswer(probability=1.0, verdict="unknown"),),
    )


def qualified(answer: Answer, found: Inference) -> Answer:
    """Add what was assumed of the destination to an answer; what was looked up is no assumption."""
    if not found.assumed and not _lands_on_stand_in(answer, found):
        return answer
    return msgspec.structs.replace(
        answer, exact=False, assumptions=(*found.notes, *answer.assumptions)
    )


def _lands_on_stand_in(answer: Answer, found: Inference) -> bool:
    """Whether the request goes to the very address that only stands for the real one."""
    return found.is_stand_in and any(
        split_host_port(endpoint.address)[0] == found.dst_ip
        for outcome in answer.outcomes
        for endpoint in outcome.endpoints
    )


def _id(line: bytes, number: int) -> str | int:
    """The id of a line that could not be answered; its number where it cannot be read."""
    try:
        found = msgspec.json.decode(line, type=_Id).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return number
    return number if found is None else found
