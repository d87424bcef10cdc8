"""What a watcher saw, as text: the time, the result, and what changed since, each on a line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from osmscope.report.text import SIGNS
from osmscope.report.text_layout import Page
from osmscope.report.trace_report import TraceReport


def change_text(
    report: TraceReport, changes: Iterable[str], now: datetime, *, page: Page, is_back: bool = False
) -> str:
    """Write that something changed.

    Args:
        report: The answer by now.
        changes: What changed, each a clause.
        now: The time it is.
        page: Where to write it.
        is_back: Whether the sidecar could not be read before.
    """
    start = f"{now:%H:%M:%S}  "
    hang = " " * len(start)
    words = f"{SIGNS[report.sign]} {'back: ' if is_back else ''}{report.result}"
    page.put(start, words, report.sign, hang=hang + "  ")
    for change in changes:
        page.put(hang + "· ", change, hang=hang + "  ")
    return page.text()


def lines_text(changes: Iterable[str], now: datetime, *, page: Page, is_back: bool) -> str:
    """Write what changed in a list, where there is no result to say; see `change_text`."""
    start = f"{now:%H:%M:%S}  "
    if is_back:
        page.put(start, "back", "good")
        start = " " * len(start)
    for change in changes:
        page.put(f"{start}· ", change, hang=" " * len(start) + "  ")
        start = " " * len(start)
    return page.text()


def problem_text(problem: str, now: datetime, *, page: Page) -> str:
    """Write that the sidecar cannot be read; see `change_text`."""
    start = f"{now:%H:%M:%S}  "
    page.put(start, f"! {problem}", "bad", hang=" " * len(start) + "  ")
    page.put(" " * len(start) + "  ", "tried again until it answers", "faint")
    return page.text()
