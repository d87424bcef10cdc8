"""What a replayed access log showed, as a document and as text."""

from __future__ import annotations

import msgspec

from osmscope.replay.comparing import KINDS, Difference
from osmscope.replay.replaying import Replayed
from osmscope.replay.tally import Count
from osmscope.report.text_layout import Page, Style

SCHEMA = 1

_SIDES = {"outbound": "outbound", "inbound": "inbound", "": "on a side that nothing tells"}


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed, and what came of it."""

    log: str
    sidecar: str
    replayed: Replayed
    direction: str = ""
    """The side that was asked for; "" where each line was to tell."""
    notes: tuple[str, ...] = ()


def replay_document(report: ReplayReport) -> dict[str, object]:
    """Make the JSON document of a replay."""
    tally = report.replayed.tally
    return {
        "schema": SCHEMA,
        "log": report.log,
        "sidecar": report.sidecar,
        "format": report.replayed.format,
        "directions": {side or "either": count for side, count in tally.directions.items()},
        "notes": list(report.notes),
        "lines": tally.lines,
        "agree": tally.agree,
        "differ": tally.differ,
        "untold": tally.untold,
        "unreadable": tally.unreadable.count,
        "differences": [
            {**msgspec.to_builtins(difference), **_counted(count)}
            for difference, count in tally.differences()
        ],
        "untold_reasons": [
            {"reason": reason, **_counted(count)} for reason, count in tally.reasons().items()
        ],
        "unreadable_examples": _counted(tally.unreadable)["examples"],
    }


def replay_text(report: ReplayReport, *, width: int, color: bool = False) -> str:
    """Write a replay for a terminal: the summary, then every difference with examples.

    Args:
        report: What was found.
        width: How many columns the terminal has.
        color: Whether to colour.
    """
    page = Page(width=width, color=color)
    page.put("", f"{report.log} against {report.sidecar}", "strong")
    page.put("  format     ", report.replayed.format)
    page.put("  direction  ", _directions(report))
    for note in report.notes:
        page.put("  note       ", note)
    page.blank()
    _put_summary(page, report)
    found = report.replayed.tally.differences()
    for kind in KINDS:
        own = [(difference, count) for difference, count in found if difference.kind == kind]
        if own:
            page.blank()
            page.put("", f"Differs by {kind}", "strong")
            for difference, count in own:
                _put_difference(page, difference, count)
    for title, counts in (
        ("Could not be told", report.replayed.tally.reasons()),
        ("Unreadable", {"not of the format": report.replayed.tally.unreadable}),
    ):
        if any(count.count for count in counts.values()):
            page.blank()
            page.put("", title, "strong")
            for reason, count in counts.items():
                page.put(f"  {count.count:,}  ", reason)
                _put_examples(page, count)
    return page.text()


def _counted(count: Count) -> dict[str, object]:
    return {"count": count.count, "examples": msgspec.to_builtins(count.examples)}


def _directions(report: ReplayReport) -> str:
    if report.direction:
        return f"{report.direction}, as asked for"
    counts = report.replayed.tally.directions
    sides = [
        f"{counts[side]:,} {'line' if counts[side] == 1 else 'lines'} {words}"
        for side, words in _SIDES.items()
        if side in counts
    ]
    return ", ".join(sides) + "; each line tells it by its cluster, server name and addresses"


def _put_summary(page: Page, report: ReplayReport) -> None:
    tally = report.replayed.tally
    rows: tuple[tuple[str, int, Style], ...] = (
        ("lines", tally.lines, "plain"),
        ("agree", tally.agree, "good"),
        ("differ", tally.differ, "bad"),
        ("could not be told", tally.untold, "unknown"),
        ("unreadable", tally.unreadable.count, "unknown"),
    )
    for name, count, style in rows:
        page.put(f"  {name:<18}", f"{count:>12,}".strip().rjust(12), style if count else "plain")


def _put_difference(page: Page, difference: Difference, count: Count) -> None:
    page.put(f"  {count.count:,}  ", f"{difference.was} → {difference.now}", "bad")
    _put_examples(page, count)


def _put_examples(page: Page, count: Count) -> None:
    for example in count.examples:
        page.put("     ", f"line {example.line}: {example.text}", "faint", hang="       ")
