"""The outcome of a file of tests as text, in the form that pytest has made familiar.

A line a test, then each failure with what was expected, what came, and the decisions that led
there; then the routes that no passing test reaches; the last line sums up.
"""

from __future__ import annotations

import msgspec

from osmscope.report.criteria import route_criteria
from osmscope.report.text_layout import Page, Style
from osmscope.report.untrusted import escaped
from osmscope.route_tests.result import (
    NOTHING,
    CaseResult,
    Coverage,
    ListedRoute,
    Mismatch,
    RunResult,
)
from osmscope.trace.answer import Step
from osmscope.trace.explain_routing import route_name

_SHOWN_ROUTES = 20
_SHOWN_LOSERS = 3
_VERDICTS: dict[bool, tuple[str, Style]] = {True: ("PASSED", "good"), False: ("FAILED", "bad")}


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How to write it."""

    width: int
    color: bool = False
    verbose: bool = False
    """Whether to list every unreached route and what passing tests rest on."""
    fail_under: float | None = None
    """The coverage in percent below which the run fails."""


def route_test_text(run: RunResult, layout: Layout) -> str:
    """Write the outcome of a file of tests."""
    page = Page(width=layout.width, color=layout.color)
    for result in run.results:
        _line(page, run.file, result, verbose=layout.verbose)
    failures = [result for result in run.results if not result.passed]
    if failures:
        page.lines += ["", _ruled("FAILURES", "=", layout.width)]
    for result in failures:
        page.lines.append(page.paint(_ruled(result.name, "_", layout.width), "bad"))
        if result.line:
            page.lines.append(page.paint(place_of(run, result), "faint"))
        _failure(page, result)
    page.blank()
    _coverage(page, run.coverage, layout)
    if failures:
        page.lines.append(_ruled("short test summary info", "=", layout.width))
    for result in failures:
        # Never wrapped either.
        why = escaped(failure_lines(result)[0])
        page.lines.append(f"{page.paint('FAILED', 'bad')} {_named(run.file, result)} - {why}")
    _summary(page, run, layout)
    return page.text()


def is_covered(coverage: Coverage, fail_under: float | None) -> bool:
    """Tell whether enough routes are reached."""
    return fail_under is None or coverage.percent >= fail_under


def place_of(run: RunResult, result: CaseResult) -> str:
    """Say where a test that fails stands: `file:line`, as editors and terminals open it."""
    return f"{escaped(run.file)}:{result.line}"


def failure_lines(result: CaseResult) -> list[str]:
    """Say why a test fails, a line each expectation."""
    if result.error:
        return [result.error]
    return [
        f"{one.field}: expected {_quoted(one.expected)}, not {_quoted(one.actual)}"
        for one in result.mismatches
    ]


def step_lines(step: Step) -> list[str]:
    """Say a decision and its nearest losers, a line each."""
    label = step.kind.replace("_", " ")
    chosen = step.chosen or ("none" if step.failed else "")
    words = [text for text in (label, chosen) if text]
    lines = ["  ".join(words) + (f": {step.reason}" if step.reason else "")]
    lines += [
        f"  not {loser.name or '(unnamed)'}: {loser.reason}"
        for loser in step.losers[:_SHOWN_LOSERS]
    ]
    hidden = len(step.losers) + step.more_losers - _SHOWN_LOSERS
    return [*lines, f"  … and {hidden} more"] if hidden > 0 else lines


def _line(page: Page, file: str, result: CaseResult, *, verbose: bool) -> None:
    # Never wrapped: it is what people and programs look for.
    word, style = _VERDICTS[result.passed]
    assumed = " (assumed)" if result.passed and result.assumptions else ""
    page.lines.append(f"{_named(file, result)} {page.paint(word, style)}{assumed}")
    if verbose and result.passed:
        for assumption in result.assumptions:
            page.put("    · ", assumption, "faint")


def _named(file: str, result: CaseResult) -> str:
    return escaped(f"{file}::{result.name}")


def _failure(page: Page, result: CaseResult) -> None:
    if result.error:
        page.put("  ", result.error, "bad")
    for mismatch in result.mismatches:
        _mismatch(page, mismatch)
    for step in result.steps:
        first, *rest = step_lines(step)
        page.put("  ", first, "strong" if step.failed else "plain", hang="      ")
        for line in rest:
            page.put("    ", line.strip(), "faint", hang="        ")
    for assumption in result.assumptions:
        page.put("  assumed: ", assumption, hang="      ")
    page.blank()


def _mismatch(page: Page, mismatch: Mismatch) -> None:
    page.put("  ", mismatch.field, "strong")
    page.put("    expected  ", _quoted(mismatch.expected), "good")
    page.put("    actual    ", _quoted(mismatch.actual), "bad")


def _quoted(text: str) -> str:
    return text or NOTHING


def _coverage(page: Page, coverage: Coverage, layout: Layout) -> None:
    reached = coverage.routes - len(coverage.unreached)
    style: Style = "plain" if is_covered(coverage, layout.fail_under) else "bad"
    text = f"{reached} of {coverage.routes} routes are reached ({coverage.percent:.1f} %)"
    page.put("", text if coverage.routes else "there are no routes to reach", style)
    shown = coverage.unreached if layout.verbose else coverage.unreached[:_SHOWN_ROUTES]
    for route in shown:
        names = (route.id.route_config, route.id.virtual_host, _described(route))
        page.put("  not reached: ", "  ".join(filter(None, names)), "faint", hang="      ")
    if len(shown) < len(coverage.unreached):
        page.put("  ", f"… and {len(coverage.unreached) - len(shown)} more (-v)", "faint")


def _described(listed: ListedRoute) -> str:
    name = route_name(listed.route.name, listed.id.index)
    return f"{name} ({', '.join(route_criteria(listed.route.match))})"


def _summary(page: Page, run: RunResult, layout: Layout) -> None:
    covered = is_covered(run.coverage, layout.fail_under)
    if not covered:
        text = f"coverage {run.coverage.percent:.1f} % is below {layout.fail_under:g} %"
        page.put("", text, "bad")
    passed = len(run.results) - run.failed
    counts = [f"{run.failed} failed"] if run.failed else []
    counts += [f"{passed} passed"] if passed or not run.failed else []
    text = f"{', '.join(counts)} in {run.seconds:.2f}s"
    style: Style = "bad" if run.failed or not covered else "good"
    page.lines.append(page.paint(_ruled(text, "=", layout.width), style))


def _ruled(text: str, sign: str, width: int) -> str:
    """Put a text in the middle of a line; one that is too long stands alone."""
    return f" {escaped(text)} ".center(width, sign)
