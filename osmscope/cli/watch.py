"""`--watch` of trace and get: what is now, and then what changes, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import click
import msgspec

from osmscope.cli import output
from osmscope.cli.finite_range import FiniteRange
from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.report.table import Table
from osmscope.report.text_layout import Page
from osmscope.report.watch_text import change_text, lines_text, problem_text
from osmscope.session.sources import Sidecar
from osmscope.session.traced_report import traced_report
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import Typed
from osmscope.session.watching import Seen, looks, watch

DEFAULT_SECONDS = 5.0
FORMATS = ("tree", "wide", "jsonl")
TABLE_FORMATS = ("table", "wide")


watch_option = click.option(
    "--watch",
    is_flag=False,
    flag_value=DEFAULT_SECONDS,
    type=FiniteRange(min=0.1),
    metavar="[SECONDS]",
    help="Look again every SECONDS (5), and print what changed, until Ctrl-C.",
)


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
    _check(tracer.sidecar, watching, FORMATS)
    for seen in watch(tracer, typed, partial(time.sleep, watching.seconds)):
        now = datetime.now(UTC)
        if watching.format == "jsonl":
            output.write_lines([documents.as_line(_document(seen, now))], at_once=True)
        else:
            output.write(_text(seen, tracer, now, watching))


def watch_table(sidecar: Sidecar, build: Callable[[Sidecar], Table], watching: Watching) -> None:
    """Build a table again and again and write what changes, for ever.

    Args:
        sidecar: Its first reading.
        build: Makes the table of a reading.
        watching: How to watch.

    Raises:
        UsageError: The form of the list is not one to watch, or the source can be read once only.
        OsmscopeError: The first table fails.
    """
    from osmscope.report.table_changes import table_changes
    from osmscope.report.table_text import table_text

    _check(sidecar, watching, TABLE_FORMATS)
    last: Table | None = None
    look = partial(_look, build)
    for one in looks(sidecar, look, partial(time.sleep, watching.seconds)):
        now = datetime.now(UTC)
        page = Page(width=output.width(), color=output.wants_color(watching.color))
        if one.value is None:
            output.write(problem_text(one.problem, now, page=page))
            continue
        if last is None:
            wide = watching.format == "wide"
            output.write(table_text(one.value, width=page.width, color=page.color, wide=wide))
        else:
            changes = table_changes(last, one.value)
            if changes or one.is_back:
                output.write(lines_text(changes, now, page=page, is_back=one.is_back))
        last = one.value


def _look(build: Callable[[Sidecar], Table], sidecar: Sidecar) -> tuple[Table, Sidecar]:
    return build(sidecar), sidecar


def _check(sidecar: Sidecar, watching: Watching, formats: tuple[str, ...]) -> None:
    if watching.format not in formats:
        hint = f"give -o {', '.join(formats[:-1])} or {formats[-1]}"
        raise UsageError(f"--watch does not go with -o {watching.format}", hint=hint)
    if sidecar.again is None:
        raise UsageError("standard input can be read once only", hint="watch a file or an Envoy")


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

    width, color = output.width(), output.wants_color(watching.color)
    page = Page(width=width, color=color)
    traced = seen.traced
    if traced is None:
        return problem_text(seen.problem, now, page=page)
    report = traced_report(traced, tracer.sidecar, now)
    if seen.changes or seen.is_back:
        return change_text(report, seen.changes, now, page=page, is_back=seen.is_back)
    return trace_text(report, width=width, color=color, wide=watching.format == "wide")
