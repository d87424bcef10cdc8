"""The same request traced through two sidecars, or two dumps of one: what of it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.diff.meaning import changes
from osmscope.errors import OsmscopeError
from osmscope.report.inventory.document import Line, Piece, PieceStyle
from osmscope.report.text import trace_text
from osmscope.report.trace_report import Setting, trace_report
from osmscope.session.comparison_listing import change_lines
from osmscope.session.sources import Sidecar
from osmscope.session.tracing import SidecarTracer, Traced
from osmscope.session.typed_request import Typed
from osmscope.trace.answer import Answer, OutcomeAnswer

Outcomes = dict[str, dict[str, object]]
"""What is told of each outcome, by where it ends."""
_SAME = "✓ the same: chain, route, cluster, endpoints and what they receive"


class TracedBoth(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request in A and in B."""

    differences: tuple[Line, ...]
    sides: tuple[str, str]
    """The traces of A and of B, as text; why there is none where one cannot be traced."""


def trace_both(before: Sidecar, after: Sidecar, typed: Typed, width: int) -> TracedBoth:
    """Trace a request through two sidecars.

    Args:
        before: A.
        after: B.
        typed: The request.
        width: How many columns each trace may take.
    """
    found = [_traced(sidecar, typed) for sidecar in (before, after)]
    texts = [
        str(one) if isinstance(one, OsmscopeError) else _text(sidecar, one, width)
        for sidecar, one in zip((before, after), found, strict=True)
    ]
    return TracedBoth(differences=_differences(*found), sides=(texts[0], texts[1]))


def _traced(sidecar: Sidecar, typed: Typed) -> Traced | OsmscopeError:
    try:
        return SidecarTracer(sidecar).trace(typed)
    except OsmscopeError as error:
        return error


def _text(sidecar: Sidecar, traced: Traced, width: int) -> str:
    setting = Setting(
        source=sidecar.name,
        inferred=traced.inferred,
        pods=sidecar.pod_names(),
        stand_in=traced.stand_in,
    )
    report = trace_report(traced.answer, traced.explanation, traced.request, setting)
    return trace_text(report, width=width, color=False, wide=False)


def _differences(before: Traced | OsmscopeError, after: Traced | OsmscopeError) -> tuple[Line, ...]:
    if isinstance(before, OsmscopeError) or isinstance(after, OsmscopeError):
        return (Line((Piece("✗ one of them cannot be traced", "bad"),)),)
    found = tuple(_changed(_by_end(before.answer), _by_end(after.answer)))
    if not found:
        return (Line((Piece(_SAME, "good"),)),)
    return (Line((Piece("≠ it goes another way", "warn"),)), *found)


def _changed(before: Outcomes, after: Outcomes) -> Iterator[Line]:
    for end in dict.fromkeys((*before, *after)):
        if end not in after:
            yield _only("− only in A", "bad", end, before[end])
        elif end not in before:
            yield _only("+ only in B", "good", end, after[end])
        else:
            for change in changes(before[end], after[end]):
                yield Line((Piece(end, "strong"),), indent=1)
                yield from change_lines(change)


def _only(words: str, style: PieceStyle, end: str, outcome: Mapping[str, object]) -> Line:
    share = f"{float(str(outcome['probability'])):.4g}"
    return Line((Piece(words, style), Piece(end, "strong"), Piece(f"share {share}", "faint")))


def _by_end(answer: Answer) -> Outcomes:
    """Give the outcomes by where they end, so that the same end is compared with itself."""
    return {_end(outcome): msgspec.to_builtins(_told(outcome)) for outcome in answer.outcomes}


def _end(outcome: OutcomeAnswer) -> str:
    if outcome.cluster is not None:
        return f"cluster {outcome.cluster}"
    response = outcome.response
    return f"{outcome.verdict} {response.code or ''}".strip() if response else outcome.verdict


def _told(outcome: OutcomeAnswer) -> dict[str, object]:
    """Return what of an outcome matters; empty fields are left out, endpoints are named."""
    fields = msgspec.structs.asdict(outcome)
    fields["endpoints"] = {one.address: one for one in outcome.endpoints}
    return {name: value for name, value in fields.items() if value not in (None, {}, ())}
