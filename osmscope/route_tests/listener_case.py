"""What a listener case expects, held against the outcomes of a trace.

Decision: the fields are one description of an outcome. All outcomes have to fit it, or, where a
`probability` is given, outcomes with that probability together; an `endpoint` counts with its share
of its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from osmscope.route_tests.cases import ListenerCase, ListenerExpectation, UpstreamExpectation
from osmscope.route_tests.result import NOTHING, CaseResult, Mismatch, RouteId
from osmscope.rules.facts import Headers
from osmscope.trace.answer import Answer, Explanation, OutcomeAnswer, Response
from osmscope.trace.batch import qualified, undecided
from osmscope.trace.completion import Completion
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

_TOLERANCE = 0.001
"""How far a probability may be off: nobody writes all digits of a third."""

_NO_RESPONSE = Response(code=0)

_FACTS: dict[str, Callable[[OutcomeAnswer], object]] = {
    "verdict": lambda outcome: outcome.verdict,
    "listener": lambda outcome: outcome.listener or "",
    "filter_chain": lambda outcome: outcome.filter_chain or "",
    "route_config": lambda outcome: outcome.route_config or "",
    "virtual_host": lambda outcome: outcome.virtual_host or "",
    "route": lambda outcome: outcome.route or "",
    "route_index": lambda outcome: outcome.route_index,
    "cluster": lambda outcome: outcome.cluster or "",
    "code": lambda outcome: (outcome.response or _NO_RESPONSE).code,
    "flags": lambda outcome: (outcome.response or _NO_RESPONSE).flags,
    "details": lambda outcome: (outcome.response or _NO_RESPONSE).details or "",
    "location": lambda outcome: (outcome.response or _NO_RESPONSE).location or "",
}
"""The fields of an outcome that a test may name."""

_EXPLAINED_BY = {
    "listener": ("inference", "listener"),
    "filter_chain": ("listener_filters", "filter_chain"),
    "route_config": ("route_config", "filter_chain"),
    "virtual_host": ("route_config", "virtual_host"),
    "route": ("virtual_host", "route"),
    "route_index": ("virtual_host", "route"),
    "cluster": ("route", "cluster"),
    "endpoint": ("cluster", "endpoint"),
    "probability": ("route", "cluster"),
}
"""Field → the decisions that explain it; where the path ends is explained always."""


class _Field(msgspec.Struct):
    """One expected field, and what each outcome has there."""

    wanted: str
    actual: list[str] = []
    fits: list[bool] = []


def run_listener_case(case: ListenerCase, tracer: Tracer, completion: Completion) -> CaseResult:
    """Trace a case's request and compare.

    Args:
        case: The test.
        tracer: What answers requests about the proxy.
        completion: What fills in the destination that the request leaves open.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    request, inferred = completion.complete(case.input)
    if inferred.candidates:
        answer = undecided(request, inferred)
    else:
        answer = qualified(tracer.answer(request), inferred)
    mismatches = tuple(_mismatches(case.expected, answer, request))
    explanation = Explanation()
    if mismatches and not inferred.candidates:
        explanation = tracer.explain(request)[1]
    kinds = {kind for one in mismatches for kind in _EXPLAINED_BY.get(one.field, ())}
    return CaseResult(
        name=case.name,
        mismatches=mismatches,
        steps=tuple(step for step in explanation.steps if step.failed or step.kind in kinds),
        assumptions=() if answer.exact else answer.assumptions,
        reached=frozenset(_reached(answer)),
    )


def _reached(answer: Answer) -> Iterator[RouteId]:
    for outcome in answer.outcomes:
        if outcome.route_index is not None:
            yield RouteId(
                outcome.route_config or "", outcome.virtual_host or "", outcome.route_index
            )


def _mismatches(
    expected: ListenerExpectation, answer: Answer, request: TraceRequest
) -> Iterator[Mismatch]:
    wanted = 1.0 if expected.probability is None else expected.probability
    shares = [
        outcome.probability * _endpoint_share(expected, outcome)
        for outcome in answer.outcomes
        if all(fits for _, fits, _, _ in _compared(expected, outcome, request))
    ]
    if abs(sum(shares) - wanted) > _TOLERANCE:
        yield from _differing(expected, answer, request)
        if expected.probability is not None:
            yield Mismatch("probability", f"{wanted:g}", f"{sum(shares):g}")
    if expected.exact and not answer.exact:
        yield Mismatch("exact", "true", "false: the answer rests on assumptions")


def _differing(
    expected: ListenerExpectation, answer: Answer, request: TraceRequest
) -> Iterator[Mismatch]:
    """Tell of each field that does not fit, what the outcomes have there."""
    fields: dict[str, _Field] = {}
    certain = len(answer.outcomes) == 1
    for outcome in answer.outcomes:
        share = "" if certain else f" ({outcome.probability:.1%})"
        for name, fits, wanted, found in _compared(expected, outcome, request):
            field = fields.setdefault(name, _Field(wanted))
            field.actual.append(found if certain else f"{found or NOTHING}{share}")
            field.fits.append(fits)
        if expected.endpoint is not None:
            field = fields.setdefault("endpoint", _Field(expected.endpoint))
            field.actual.append(_endpoints(outcome) + share)
            field.fits.append(_endpoint_share(expected, outcome) == 1)
    misfits = {name: field for name, field in fields.items() if not all(field.fits)}
    if expected.probability is not None:
        # Of a share of the outcomes, only what none of them has is surely wrong.
        nowhere = {name: field for name, field in misfits.items() if not any(field.fits)}
        misfits = nowhere or misfits
    for name, field in misfits.items():
        yield Mismatch(name, field.wanted, ", ".join(dict.fromkeys(field.actual)))


def _compared(
    expected: ListenerExpectation, outcome: OutcomeAnswer, request: TraceRequest
) -> Iterator[tuple[str, bool, str, str]]:
    """Yield each expected field: whether it fits, and both values in words."""
    for field, read in _FACTS.items():
        wanted = getattr(expected, field)
        if wanted is not None:
            actual = read(outcome)
            yield field, wanted == actual, _words(wanted), _words(actual)
    if expected.upstream_request is not None:
        for field, wanted, actual in _upstream(expected.upstream_request, outcome, request):
            yield f"upstream_request {field}", wanted == actual, _words(wanted), _words(actual)


def _upstream(
    expected: UpstreamExpectation, outcome: OutcomeAnswer, request: TraceRequest
) -> Iterator[tuple[str, object, object]]:
    sent = outcome.upstream_request
    for field in ("method", "host", "path"):
        wanted = getattr(expected, field)
        if wanted is not None:
            yield field, wanted, (getattr(sent, field) or "") if sent is not None else ""
    for name, value in expected.headers.items():
        actual: tuple[str, ...] = ()
        if sent is not None and name.lower() not in sent.removed_headers:
            asked = request.all_headers().all(name)
            actual = Headers(sent.headers).all(name) or asked
        values = (value,) if isinstance(value, str) else value
        yield name, tuple(filter(None, values)), actual


def _endpoint_share(expected: ListenerExpectation, outcome: OutcomeAnswer) -> float:
    if expected.endpoint is None:
        return 1.0
    if not outcome.endpoints:
        return float(not expected.endpoint)
    found = (one.probability for one in outcome.endpoints if one.address == expected.endpoint)
    return sum(found)


def _endpoints(outcome: OutcomeAnswer) -> str:
    return ", ".join(f"{one.address} {one.probability:.1%}" for one in outcome.endpoints) or NOTHING


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
