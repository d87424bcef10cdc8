from __future__ import annotations

from xml.etree import ElementTree

from osmscope.report.junit import as_junit
from osmscope.route_tests.result import CaseResult, Coverage, Mismatch, RunResult
from osmscope.trace.answer import Step

RUN = RunResult(
    file="routes.test.yaml",
    results=(
        CaseResult(name="passes", seconds=0.25),
        CaseResult(
            name="fails <&> \x1b\x00",
            mismatches=(Mismatch("cluster", "a", ""), Mismatch("code", "0", "404")),
            steps=(Step(kind="route", chosen="", reason="none fits", failed=True),),
        ),
        CaseResult(name="breaks", error="the table cannot be read", assumptions=("x",)),
    ),
    coverage=Coverage(3, ()),
    seconds=1.5,
)


def test_it_is_what_continuous_integration_reads(golden):
    golden("junit.xml", as_junit(RUN).decode())


def test_counts_and_texts_survive_a_parser():
    (suite,) = ElementTree.fromstring(as_junit(RUN))
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "time")}
    assert counts == {"tests": "3", "failures": "1", "errors": "1", "time": "1.500"}
    passes, fails, breaks = suite.iter("testcase")
    assert list(passes) == []
    assert fails.get("name") == r"fails <&> \x1b\x00"
    assert fails[0].get("message") == 'cluster: expected a, not ""'
    assert "route  none: none fits" in fails[0].text
    assert [child.tag for child in breaks] == ["error", "system-out"]
