"""`osmscope trace --watch`: the answer now, and then what changes, until Ctrl-C."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import msgspec

from osmscope.cli import output
from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.session.traced_report import traced_report
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import Typed
from osmscope.session.watching import Seen, watch

DEFAULT_SECONDS = 5.0
FORMATS = ("tree", "wide", "jsonl")


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """How to watch."""

    seconds: float
    format: str
    color: output.ColorChoice


def watch_trace(tracer: SidecarTracer, typed: Typed, watching: Watching) -> None:
    """Trace a request again and again and write what changes, for ever.

    Raises:
        UsageError: The form of the answer is not one to watch, or the source can be read once only.
        OsmscopeError: The first trace fails.
    """
    if watching.format not in FORMATS:
        hint = f"give -o {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise UsageError(f"--watch does not go with -o {watching.format}", hint=hint)
    if tracer.sidecar.again is None:
        raise UsageError("standard input can be read once only", hint="watch a file or an Envoy")
    for seen in watch(tracer, typed, partial(time.sleep, watching.seconds)):
        now = datetime.now(UTC)
        if watching.format == "jsonl":
            output.write_lines([documents.as_line(_document(seen, now))], at_once=True)
        else:
            output.write(_text(seen, tracer, now, watching))


def _document(seen: Seen, now: datetime) -> dict[str, object]:
    return {
        "schema": 1,
        "at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "changes": seen.changes,
        "problem": seen.problem or None,
        "answer": seen.traced.answer if seen.traced is not None else None,
    }


def _text(seen: Seen, tracer: SidecarTracer, now: datetime, watching: Watching) -> str:
    from osmscope.report.text import trace_text
    from osmscope.report.text_layout import Page
    from osmscope.report.watch_text import change_text, problem_text

    width, color = output.width(), output.wants_color(watching.color)
    page = Page(width=width, color=color)
    traced = seen.traced
    if traced is None:
        return problem_text(seen.problem, now, page=page)
    report = traced_report(traced, tracer.sidecar, now)
    if seen.changes or seen.is_back:
        return change_text(report, seen.changes, now, page=page, is_back=seen.is_back)
    return trace_text(report, width=width, color=color, wide=watching.format == "wide")
