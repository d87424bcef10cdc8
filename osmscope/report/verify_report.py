"""The simulated and the real decision side by side, for a terminal of 80 columns.

Decision: one field a line in the order in which Envoy decides, up to the first that differs; what
neither side reached is left out. Of many requests only those that do not agree are shown in full.
"""

from __future__ import annotations

import msgspec

from osmscope.oracle.comparison import FIELDS, Comparison, Decision, Result
from osmscope.report.text_layout import Page, Style, wrapped
from osmscope.report.trace_report import Sign, describe_request
from osmscope.report.untrusted import escaped
from osmscope.trace.request import TraceRequest

_SIGNS: dict[Result, tuple[str, Sign]] = {
    "agree": ("✓", "good"),
    "differ": ("✗", "bad"),
    "not compared": ("?", "unknown"),
}
_LABEL = 16
_SECTION = 12


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One request and how it compared."""

    request: TraceRequest
    comparison: Comparison
    inferred: tuple[str, ...] = ()


def verify_text(
    verified: list[Verified], taken_out: list[str], *, width: int, color: bool = False
) -> str:
    """Write comparisons as text.

    Args:
        verified: One request in full, or several, of which those that agree take one line.
        taken_out: What the copy that Envoy ran lacked.
        width: How many columns there are.
        color: Whether to colour it.
    """
    page = Page(width=width, color=color)
    is_one = len(verified) == 1
    for one in verified:
        _headline(page, one, with_id=not is_one)
        if is_one or one.comparison.result != "agree":
            _side_by_side(page, one.comparison)
        if one.comparison.reason and (is_one or one.comparison.result != "agree"):
            _section(page, "because", [one.comparison.reason])
        _section(page, "assumed", list(one.comparison.assumed))
        if one.comparison.result == "differ":
            log = msgspec.json.encode(one.comparison.log).decode()
            _section(page, "Envoy logged", [log])
    page.blank()
    if is_one:
        _section(page, "inferred", list(verified[0].inferred))
    else:
        _section(page, "in all", [summary(verified)])
    _section(page, "taken out", taken_out)
    return page.text()


def summary(verified: list[Verified]) -> str:
    """Count: `85 agree, 1 differs, 2 could not be compared`."""
    results = [one.comparison.result for one in verified]
    agree, differ = results.count("agree"), results.count("differ")
    words = [f"{agree} agree{'s' if agree == 1 else ''}"]
    partly = sum(
        one.comparison.result == "agree" and bool(one.comparison.reason) for one in verified
    )
    if partly:
        words[0] += f" ({partly} to the cluster alone)"
    words.append(f"{differ} differ{'s' if differ == 1 else ''}")
    words.append(f"{results.count('not compared')} could not be compared")
    return ", ".join(words)


def _headline(page: Page, one: Verified, *, with_id: bool) -> None:
    sign, style = _SIGNS[one.comparison.result]
    subject = describe_request(one.request)
    if with_id:
        subject = f"{one.request.id}  {subject}"
    said = {
        "agree": "Envoy agrees" + (", to the cluster" if one.comparison.reason else ""),
        "differ": f"Envoy decides otherwise: {one.comparison.difference.replace('_', ' ')}",
        "not compared": "could not be compared",
    }[one.comparison.result]
    first = len(page.lines)
    page.put_pieces(f"{sign} ", (subject, "strong"), (said, style), hang="  ")
    page.lines[first] = page.paint(sign, style) + page.lines[first][len(sign) :]


def _side_by_side(page: Page, comparison: Comparison) -> None:
    real = comparison.real
    _row(page, "  ", "", ("osmscope", "Envoy" if real is not None else ""), "faint")
    for field in FIELDS:
        said = _words(comparison.simulated, field), _words(real, field)
        differs = field == comparison.difference
        if differs:
            said = said[0] or "none", said[1] or "none"
        if any(said):
            label = field.replace("_", " ")
            _row(page, "✗ " if differs else "  ", label, said, "bad" if differs else "plain")
        if differs:
            return


def _row(page: Page, sign: str, label: str, said: tuple[str, str], style: Style) -> None:
    room = (page.width - _LABEL - 2) // 2
    left, right = (wrapped(escaped(text), room) for text in said)
    for index in range(max(len(left), len(right))):
        start = f"{sign}{label}" if not index else ""
        cells = [side[index] if index < len(side) else "" for side in (left, right)]
        padding = " " * (room - len(cells[0]) + 2) if cells[1] else ""
        second = page.paint(cells[1], style)
        page.lines.append(f"{start:{_LABEL}}{page.paint(cells[0], style)}{padding}{second}")


def _words(decision: Decision | None, field: str) -> str:
    value = None if decision is None else getattr(decision, field)
    if isinstance(value, tuple):
        separator = ", " if field == "flags" else " or "
        return separator.join(value)
    return "" if value in (None, "") else str(value)


def _section(page: Page, title: str, lines: list[str]) -> None:
    for index, line in enumerate(lines):
        page.put(f"  {title if not index else '':{_SECTION}} · ", line)
