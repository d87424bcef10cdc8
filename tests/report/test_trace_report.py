from __future__ import annotations

import msgspec
import pytest

from osmscope.report.trace_report import (
    Setting,
    describe_request,
    describe_response,
    percent,
    trace_report,
)
from osmscope.trace.answer import Response
from osmscope.trace.request import TraceRequest


@pytest.mark.parametrize(
    ("name", "sign", "result"),
    [
        ("split", "good", "reaches 3 endpoints of 2 clusters"),
        ("missing_host", "bad", "is answered by Envoy: 404 (NR) route_not_found"),
        ("closed", "bad", "is closed: (NR) filter_chain_not_found"),
        ("unknown", "unknown", "cannot be told"),
        ("partly", "bad", "is answered by Envoy: 503 (FI) fault_filter_abort in 10 % of cases"),
        ("hostile", "good", "reaches 10.0.0.1:80"),
    ],
)
def test_the_headline_answers(case, name, sign, result):
    answer, explanation, request = case(name)
    report = trace_report(answer, explanation, request, Setting(source="a"))
    assert (report.sign, report.result) == (sign, result)


def test_a_dump_without_a_name_leaves_no_gap_in_the_headline(case):
    report = trace_report(*case("split"), Setting(source=""))
    assert report.subject.startswith("→ GET ")


def test_equal_failures_are_one(case):
    answer, explanation, request = case("closed")
    (closed,) = answer.outcomes
    half = msgspec.structs.replace(closed, probability=0.5)
    both = msgspec.structs.replace(answer, outcomes=(half, half))
    report = trace_report(both, explanation, request, Setting(source="a"))
    assert report.result == "is closed: (NR) filter_chain_not_found"


def test_an_address_that_only_stands_for_another_is_not_what_is_reached(case):
    answer, explanation, _ = case("hostile")
    request = TraceRequest(host="web.org", dst_ip="10.0.0.1", dst_port=80)
    report = trace_report(answer, explanation, request, Setting(source="a", stand_in="10.0.0.1"))
    assert report.result == "reaches the address of web.org, port 80"
    assert report.branches[0].owners == {"10.0.0.1:80": "stands for the real address"}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (TraceRequest(host="a:1", path="/x", method="PUT"), "PUT a:1/x"),
        (TraceRequest(host="a", path="/"), "GET a"),
        (TraceRequest(host="a", tls=True), "GET https://a"),
        (TraceRequest(dst_ip="10.0.0.1", dst_port=5, protocol="tcp"), "tcp 10.0.0.1:5"),
        (TraceRequest(protocol="tcp"), "tcp an unknown destination"),
    ],
)
def test_a_request_is_named_as_a_user_would(request_, words):
    assert describe_request(request_) == words


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (None, "no answer"),
        (Response(code=404, flags=("NR",), details="x"), "404 (NR) x"),
        (Response(code=301, location="https://a/"), "301 to https://a/"),
        (Response(code=0, reason="the handshake fails"), "the handshake fails"),
    ],
)
def test_a_response_is_written_as_the_access_log_has_it(response, words):
    assert describe_response(response) == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "100 %"), (0.5, "50 %"), (1 / 3, "33.3 %"), (0.0001, "<0.1 %"), (0.0, "0 %")],
)
def test_shares_are_short(probability, words):
    assert percent(probability) == words
