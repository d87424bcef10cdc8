from __future__ import annotations

import pytest

from osmscope.errors import UsageError
from osmscope.report.route_test_case import cases_of, with_tests
from osmscope.route_tests.reading import read_cases
from osmscope.route_tests.runner import Runner
from osmscope.route_tests.tables import RouteTables
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer, completion_of
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.request import TraceRequest

_CASE = {
    "test_name": "new",
    "input": {"host": "a:1"},
    "validate": {"verdict": "forwarded", "cluster": "a"},
}


@pytest.fixture(scope="module")
def bookbuyer(bookstore):
    return SidecarTracer(read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore))))


@pytest.mark.parametrize(
    ("target", "options", "count"),
    [
        ("bookstore:14001/books-bought", {"headers": ("client-app: bookbuyer",)}, 2),
        ("nowhere.example:14001", {}, 1),
        ("bookstore:14001/nothing", {}, 2),
    ],
)
def test_a_trace_becomes_tests_that_pass(bookbuyer, target, options, count):
    traced = bookbuyer.trace(typed_request(target, RequestOptions(**options)))
    cases = cases_of(traced.request, traced.answer, stand_in=traced.stand_in)
    assert len(cases) == count
    text = with_tests("", cases, where="new.yaml")
    file = read_cases(text.encode(), where="new.yaml")
    sidecar = bookbuyer.sidecar
    runner = Runner(sidecar.proxy, completion_of(sidecar), RouteTables(sidecar.proxy))
    results = runner.run(file, file="new.yaml").results
    assert [(one.mismatches, one.error) for one in results] == [((), "")] * count


def test_shares_are_expected_of_several_ways():
    outcomes = tuple(
        OutcomeAnswer(probability=share, verdict="forwarded", cluster=name)
        for name, share in (("a", 0.25), ("b", 0.75))
    )
    answer = Answer(id=None, exact=True, assumptions=(), outcomes=outcomes)
    cases = cases_of(TraceRequest(host="a:1"), answer)
    assert [one["test_name"] for one in cases] == [
        "GET a:1: 25 % to cluster a",
        "GET a:1: 75 % to cluster b",
    ]
    assert cases[0]["validate"] == {"verdict": "forwarded", "cluster": "a", "probability": 0.25}


def test_an_address_that_stands_for_another_is_looked_up_again():
    outcome = OutcomeAnswer(probability=1.0, verdict="forwarded", cluster="a")
    answer = Answer(id=None, exact=True, assumptions=(), outcomes=(outcome,))
    request = TraceRequest(host="a:1", dst_ip="192.0.2.1", dst_port=1)
    (case,) = cases_of(request, answer, stand_in="192.0.2.1")
    assert case["input"] == {"host": "a:1", "dst_port": 1}


def test_of_what_cannot_be_told_nothing_is_expected():
    answer = Answer(
        id=None,
        exact=False,
        assumptions=(),
        outcomes=(OutcomeAnswer(probability=1.0, verdict="unknown"),),
    )
    with pytest.raises(UsageError, match="cannot be told"):
        cases_of(TraceRequest(), answer)


_ONE = '- {test_name: old, input: {host: "a:1"}, validate: {verdict: forwarded}}'
_FILES = {
    "indented": f"# of ours\ntests:\n  {_ONE}\n  # the end\n\nruntime: {{k: 1}}  # kept\n",
    "at the margin": f"tests:\n{_ONE}\n# the end\n",
    "without a line end": f"tests:\n{_ONE}",
    "JSON": '{"tests": [{"test_name": "old", "input": {"host": "a:1"},'
    ' "validate": {"verdict": "forwarded"}}\n]}\n',
    "a block": "tests:\n- test_name: old\n  input:\n    host: a:1\n  validate:\n"
    "    verdict: forwarded\n    # more\n",
    "a flow list": "tests: [{test_name: old, input: {host: 'a:1'},"
    " validate: {verdict: forwarded}},]\n",
}


@pytest.mark.parametrize("name", _FILES)
def test_what_a_file_holds_stays_when_tests_are_added(name):
    text = _FILES[name]
    added = with_tests(text, (_CASE, _CASE), where="x")
    assert [one.name for one in read_cases(added.encode(), where="x").cases] == [
        "old", "new", "new",
    ]  # fmt: skip
    kept = iter(added)
    assert all(letter in kept for letter in text if not letter.isspace() and letter != ",")
    assert added.count("#") == text.count("#")


def test_added_tests_come_before_a_comment_that_ends_the_list():
    added = with_tests(_FILES["at the margin"], (_CASE,), where="x")
    assert added.splitlines()[-1] == "# the end"


@pytest.mark.parametrize("text", ["other: 1\n", "tests: nothing\n", "[1"])
def test_a_file_of_something_else_is_refused(text):
    with pytest.raises(UsageError):
        with_tests(text, (_CASE,), where="x")


def test_a_list_with_an_anchor_is_added_to():
    text = f"tests: &t\n  {_ONE}\n"
    assert "\n  - test_name: new\n" in with_tests(text, (_CASE,), where="x")


def test_a_layout_that_cannot_be_added_to_is_refused():
    text = f"tests:\n-\n     {_ONE[2:]}\n"
    with pytest.raises(UsageError, match="cannot be added"):
        with_tests(text, (_CASE,), where="x")
