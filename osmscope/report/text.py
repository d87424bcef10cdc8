"""A trace report as a tree of text, for a tired operator at 80 columns.

The first line answers. Then one decision a line, `what  chosen  by which criterion`, the criterion
on a line of its own where it does not fit. A decision that ends the path shows its nearest losers;
`wide` shows all losers, and the paths of the fields that decided.
"""

from __future__ import annotations

import itertools

from osmscope.report.folding import folded
from osmscope.report.text_layout import Page, Style
from osmscope.report.trace_report import Branch, Sign, TraceReport, percent
from osmscope.report.untrusted import escaped
from osmscope.trace.answer import Step

SIGNS: dict[Sign, str] = {"good": "✓", "bad": "✗", "unknown": "?"}
_LABEL = 18
_BRANCH_LABEL = 14
_SECTION = 10
_SHOWN_LOSERS = 3
_SHOWN_ENDPOINTS = 8


def trace_text(report: TraceReport, *, width: int, color: bool = False, wide: bool = False) -> str:
    """Write a report as text.

    Args:
        report: What to write.
        width: How many columns there are.
        color: Whether to colour it.
        wide: Whether to show all losers, fields and header changes.
    """
    page = Page(width=width, color=color)
    _headline(page, report)
    for step in report.rows if wide else folded(report.rows, report.sign):
        _step(page, step, "  ", wide=wide)
    if len(report.branches) == 1:
        _only_branch(page, report, wide=wide)
    else:
        _branches(page, report, wide=wide)
    page.blank()
    nearest = report.nearest if wide else report.nearest[:_SHOWN_LOSERS]
    _section(page, "nearest", nearest)
    _section(page, "inferred", report.inferred)
    _section(page, "assumed", report.assumed)
    _section(page, "evidence", report.evidence)
    return page.text()


def _headline(page: Page, report: TraceReport) -> None:
    sign = SIGNS[report.sign]
    page.put_pieces(f"{sign} ", (report.subject, "strong"), (report.result, report.sign), hang="  ")
    page.lines[0] = page.paint(sign, report.sign) + page.lines[0][len(sign) :]
    if report.data:
        label = f"  {'data':{_LABEL}}"
        page.put(label, report.data, "faint", hang=" " * len(label))


def _step(page: Page, step: Step, indent: str, *, wide: bool) -> None:
    sign = "✗ " if step.failed else indent[-2:]
    column = (_LABEL if len(indent) == 2 else _BRANCH_LABEL) - 1
    label = f"{indent[:-2]}{sign}{step.kind.replace('_', ' '):{column}} "
    hang = indent + " " * (len(label) - len(indent))
    chosen = step.chosen or ("none" if step.failed else "(unnamed)")
    style: Style = "bad" if step.failed else "strong"
    page.put_pieces(label, (chosen, style), (step.reason, "faint"), hang=hang)
    _notes(page, step.notes, hang, wide=wide)
    if wide and step.fields:
        page.put(hang + "decided by ", ", ".join(step.fields), "faint", hang=hang + "  ")
    _losers(page, step, indent + "    ", wide=wide)


def _notes(page: Page, notes: tuple[str, ...], hang: str, *, wide: bool) -> None:
    """Write notes, each on a line; the short form puts them on one where they fit."""
    joined = ", ".join(notes)
    if not wide and notes and len(hang) + 2 + len(escaped(joined)) <= page.width:
        notes = (joined,)
    for note in notes:
        page.put(hang + "· ", note, hang=hang + "  ")


def _losers(page: Page, step: Step, indent: str, *, wide: bool) -> None:
    if not wide and not step.failed:
        return
    shown = step.losers if wide else step.losers[:_SHOWN_LOSERS]
    for loser in shown:
        reason = loser.reason
        if wide and loser.fields:
            reason += f" [{', '.join(loser.fields)}]"
        name = loser.name or "(unnamed)"
        page.put_pieces(indent + "not ", (name, "plain"), (reason, "faint"), hang=indent + "    ")
    hidden = len(step.losers) - len(shown) + step.more_losers
    if hidden:
        page.put(indent, f"… and {hidden} more" + ("" if wide else " (-o wide)"), "faint")


def _only_branch(page: Page, report: TraceReport, *, wide: bool) -> None:
    branch = report.branches[0]
    label = f"  {'endpoint' if len(branch.endpoints) == 1 else 'endpoints':{_LABEL}}"
    hang = " " * len(label)
    _endpoints(page, branch, label, hang, wide=wide)
    if branch.sign != "good" and not any(step.failed for step in report.rows):
        page.put(f"  {'end':{_LABEL}}", branch.title, branch.sign)
    _changes(page, branch, hang, wide=wide)


def _branches(page: Page, report: TraceReport, *, wide: bool) -> None:
    branches = report.branches
    shares = [percent(branch.probability) for branch in branches]
    longest = max(map(len, shares), default=0)
    for index, (branch, share) in enumerate(zip(branches, shares, strict=True)):
        corner, bar = ("└─ ", "   ") if index == len(branches) - 1 else ("├─ ", "│  ")
        start = f"  {corner}{share:>{longest}}  "
        hang = f"  {bar}{'':{longest}}  "
        if branch.sign != "good":
            start += f"{SIGNS[branch.sign]} "
        page.put_pieces(start, (branch.title, branch.sign), (branch.reason, "faint"), hang=hang)
        for step in branch.rows if wide else folded(branch.rows, branch.sign):
            _step(page, step, hang, wide=wide)
        _endpoints(page, branch, hang, hang, wide=wide)
        _changes(page, branch, hang, wide=wide)


def _endpoints(page: Page, branch: Branch, first: str, hang: str, *, wide: bool) -> None:
    endpoints = branch.endpoints
    shown = endpoints if wide else endpoints[:_SHOWN_ENDPOINTS]
    longest = max((len(escaped(endpoint.address)) for endpoint in shown), default=0)
    has_priorities = wide or len({endpoint.priority for endpoint in endpoints}) > 1
    for index, endpoint in enumerate(shown):
        words = [
            f"{escaped(endpoint.address):{longest}}",
            f"{percent(endpoint.probability):>6}",
            endpoint.health.lower(),
        ]
        if has_priorities:
            words.append(f"priority {endpoint.priority}")
        if endpoint.address in branch.owners:
            words.append(branch.owners[endpoint.address])
        if endpoint.host:
            words.append(f"host {endpoint.host}")
        page.put(hang if index else first, "  ".join(words), hang=hang)
    if len(shown) < len(endpoints):
        page.put(hang, f"… and {len(endpoints) - len(shown)} more (-o wide)", "faint")


def _changes(page: Page, branch: Branch, indent: str, *, wide: bool) -> None:
    if wide:
        for word, change in zip(
            itertools.chain(["receives"], itertools.repeat("")), branch.changes, strict=False
        ):
            page.put(f"{indent}{word:9}", change, "faint")


def _section(page: Page, title: str, lines: tuple[str, ...]) -> None:
    for index, line in enumerate(lines):
        page.put(f"  {title if not index else '':{_SECTION}}· ", line)
