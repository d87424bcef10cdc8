from __future__ import annotations

import msgspec
import pytest

from osmscope.report.route_test_text import Layout, is_covered, route_test_text
from osmscope.resources.route import Route, RouteMatch
from osmscope.route_tests.result import (
    CaseResult,
    Coverage,
    ListedRoute,
    Mismatch,
    RouteId,
    RunResult,
)
from osmscope.trace.answer import Candidate, Step

ROUTE = Step(
    kind="route",
    chosen="#1",
    reason='path "/books" starts with "/"',
    losers=tuple(Candidate(name=f"#{n}", reason="the method is GET, not POST") for n in range(5)),
)
MISSED = Step(kind="virtual_host", chosen="", reason='no domain fits "shop"', failed=True)
UNREACHED = tuple(
    ListedRoute(RouteId("rds-outbound", "bookstore", n), Route(match=RouteMatch(prefix=f"/{n}")))
    for n in range(22)
)
RUN = RunResult(
    file="routes.test.yaml",
    results=(
        CaseResult(name="buys a book"),
        CaseResult(name="asks an authorizer", assumptions=("ext_authz lets the request go on",)),
        CaseResult(
            name="sells a book",
            mismatches=(
                Mismatch("cluster_name", "bookstore-v2", "bookstore-v1"),
                Mismatch("path_redirect", "https://bookstore/", ""),
            ),
            steps=(ROUTE, MISSED),
            assumptions=("the wasm filter lets the request go on",),
        ),
        CaseResult(name="steals \x1b[31m a book", error="the regular expression [ is not RE2"),
    ),
    coverage=Coverage(44, UNREACHED),
    seconds=0.125,
)
PASSED = msgspec.structs.replace(
    RUN, results=RUN.results[:1], coverage=Coverage(2, UNREACHED[:1]), seconds=0.0
)


def test_it_looks_like_its_golden_file(golden):
    golden("route_test.80.txt", route_test_text(RUN, Layout(width=80, fail_under=60)))


def test_verbose_hides_nothing(golden):
    golden("route_test.verbose.txt", route_test_text(RUN, Layout(width=80, verbose=True)))


def test_what_passes_is_short():
    assert route_test_text(PASSED, Layout(width=40)).splitlines() == [
        "routes.test.yaml::buys a book PASSED",
        "",
        "1 of 2 routes are reached (50.0 %)",
        "  not reached: rds-outbound  bookstore",
        "      #0 (path /0*)",
        "========== 1 passed in 0.00s ===========",
    ]


def test_without_routes_there_is_nothing_to_reach():
    run = msgspec.structs.replace(PASSED, coverage=Coverage(0, ()))
    assert "there are no routes to reach\n" in route_test_text(run, Layout(width=80))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_but_a_name_is_wider_than_asked_for(width):
    lines = route_test_text(RUN, Layout(width=width)).splitlines()
    assert max(len(line) for line in lines if "::" not in line) <= width


def test_colour_is_a_second_sign_only():
    import re

    text = route_test_text(RUN, Layout(width=80, color=True))
    assert "\x1b[32;1mPASSED\x1b[0m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert plain == route_test_text(RUN, Layout(width=80))


@pytest.mark.parametrize(
    ("fail_under", "covered"), [(None, True), (0, True), (50, True), (50.1, False)]
)
def test_coverage_is_held_against_the_limit(fail_under, covered):
    assert is_covered(RUN.coverage, fail_under) is covered
