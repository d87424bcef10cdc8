"""The outcome of a file of tests as JUnit XML, as continuous integration reads it.

Decision: the dialect of pytest: one suite, failures apart from errors, coverage as properties. XML
cannot hold control characters, so every text is escaped as for a terminal.
"""

from __future__ import annotations

from xml.etree import ElementTree

from osmscope.report.route_test_text import failure_lines, place_of, step_lines
from osmscope.report.untrusted import escaped
from osmscope.route_tests.result import CaseResult, RunResult


def as_junit(run: RunResult) -> bytes:
    """Write the outcome of a file of tests as JUnit XML, in UTF-8."""
    errors = sum(bool(result.error) for result in run.results)
    counts = {
        "tests": str(len(run.results)),
        "failures": str(run.failed - errors),
        "errors": str(errors),
        "time": f"{run.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": escaped(run.file), **counts})
    _properties(suite, run)
    for result in run.results:
        _case(suite, run, result)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _properties(suite: ElementTree.Element, run: RunResult) -> None:
    coverage = run.coverage
    values = {
        "routes": str(coverage.routes),
        "routes_reached": str(coverage.routes - len(coverage.unreached)),
        "route_coverage_percent": f"{coverage.percent:.1f}",
    }
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})


def _case(suite: ElementTree.Element, run: RunResult, result: CaseResult) -> None:
    names = {"classname": escaped(run.file), "name": escaped(result.name)}
    case = ElementTree.SubElement(suite, "testcase", {**names, "time": f"{result.seconds:.3f}"})
    if not result.passed:
        lines = failure_lines(result)
        kind = "error" if result.error else "failure"
        failure = ElementTree.SubElement(case, kind, {"message": escaped(lines[0])})
        lines += [line for step in result.steps for line in step_lines(step)]
        failure.text = "\n".join(
            [*([place_of(run, result)] if result.line else []), *map(escaped, lines)]
        )
    if result.assumptions:
        output = ElementTree.SubElement(case, "system-out")
        output.text = "\n".join(f"assumed: {escaped(line)}" for line in result.assumptions)
