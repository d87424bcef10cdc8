from __future__ import annotations

import pytest

from osmscope.oracle.access_log import LogLine, read_line
from osmscope.oracle.comparison import compare
from osmscope.oracle.sent_request import SentRequest
from osmscope.trace.answer import Answer, EndpointShare, OutcomeAnswer, Response, UpstreamRequest
from osmscope.trace.connection import AMBIGUOUS_CHAIN
from osmscope.trace.request import TraceRequest

STOOD_IN = {"127.77.1.1:9": "10.1.0.1:80", "127.77.1.2:9": ""}
FORWARDED = {
    "filter_chain": "c",
    "virtual_host": "v",
    "route": "r",
    "cluster": "a",
    "verdict": "forwarded",
}
LOGGED = {"kind": "http", "filter_chain": "c", "virtual_host": "v", "route": "r", "cluster": "a"}


def outcome(**fields) -> OutcomeAnswer:
    chosen = {"probability": 1.0, **FORWARDED, **fields}
    if chosen["verdict"] == "forwarded":
        share = EndpointShare(address="10.1.0.1:80", probability=1.0, priority=0, health="HEALTHY")
        chosen.setdefault("endpoints", (share,))
    return OutcomeAnswer(**chosen)


def compared(line: dict[str, object], *outcomes: OutcomeAnswer):
    answer = Answer(id=None, exact=True, assumptions=(), outcomes=outcomes or (outcome(),))
    return compare(answer, LogLine(**{**LOGGED, **line}), STOOD_IN)


REACHED = {"endpoint": "127.77.1.1:9", "code": 200, "details": "via_upstream"}


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        (REACHED, ""),
        (REACHED | {"endpoint": "127.77.1.2:9"}, ""),
        (REACHED | {"endpoint": "127.77.1.9:9"}, "endpoint"),
        (REACHED | {"filter_chain": "d"}, "filter_chain"),
        (REACHED | {"virtual_host": "w", "route": "s"}, "virtual_host"),
        (REACHED | {"route": None}, "route"),
        (REACHED | {"cluster": "b"}, "cluster"),
        ({"code": 404, "flags": "NR", "details": "route_not_found"}, "verdict"),
        ({"kind": "tcp", "endpoint": "127.77.1.1:9", "virtual_host": "v"}, ""),
    ],
)
def test_the_first_field_that_differs_is_named(line, difference):
    found = compared(line)
    assert found.difference == difference
    assert found.result == ("differ" if difference else "agree")


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        ({"code": 404, "flags": "NR", "details": "route_not_found"}, ""),
        ({"code": 403, "flags": "NR", "details": "route_not_found"}, "code"),
        ({"code": 404, "flags": "NR,DC", "details": "route_not_found"}, "flags"),
        ({"code": 404, "flags": "NR", "details": "other"}, "details"),
        ({"code": 404, "flags": "NR", "details": "route_not_found", "location": "/"}, "location"),
    ],
)
def test_an_answer_of_envoys_own_is_compared_in_full(line, difference):
    response = Response(code=404, flags=("NR",), details="route_not_found")
    assert compared(line, outcome(verdict="responded", response=response)).difference == difference


def test_what_happened_must_be_among_the_outcomes():
    other = outcome(cluster="b", probability=0.5)
    found = compared(REACHED, other, outcome(probability=0.5))
    assert (found.result, found.simulated.cluster) == ("agree", "a")
    assert compared(REACHED | {"cluster": "z"}, other, outcome(probability=0.5)).result == "differ"


def differing(details: str, *assumptions: str):
    answer = Answer(id=None, exact=False, assumptions=assumptions, outcomes=(outcome(),))
    line = LogLine(**LOGGED, code=401, details=details)
    return compare(answer, line, STOOD_IN)


@pytest.mark.parametrize(
    ("details", "assumption", "reason"),
    [
        ("no_credential_for_basic_auth", "the password is right", ""),
        ("invalid_credential_for_basic_auth", "the password is right", "the credentials"),
        ("unknown_api_key", "the key is known", "the credentials"),
        ("jwt_authn_access_denied{Jwt_verification_fails}", "it is valid", "the credentials"),
        ("other", AMBIGUOUS_CHAIN + "two are the same", "either way"),
        ("local_rate_limited", "", "time or load"),
        ("downstream_remote_disconnect", "", "gave up"),
    ],
)
def test_what_a_difference_does_not_prove_is_not_compared(details, assumption, reason):
    found = differing(details, assumption)
    assert reason in found.reason
    assert found.result == ("not compared" if reason else "differ")
    assert found.assumed == (assumption,)


def sent(path: str, exact: bool, **headers: tuple[str, ...]):
    upstream = UpstreamRequest(method="GET", host="h", path="/", headers={"x": ("1",)} | headers)
    answer = Answer(
        id=None, exact=exact, assumptions=(), outcomes=(outcome(upstream_request=upstream),)
    )
    head = f"GET {path} HTTP/1.1\r\nHost: h\r\nX: 1\r\nx-request-id: r".encode()
    received = TraceRequest(host="h"), SentRequest.received(head)
    return compare(answer, LogLine(**LOGGED, **REACHED), STOOD_IN, received)


@pytest.mark.parametrize(
    ("path", "exact", "headers", "difference"),
    [
        ("/", True, {}, ""),
        ("/b", True, {}, "sends"),
        ("/b", False, {}, "sends"),
        ("/", True, {"y": ("2",)}, "headers"),
        ("/", False, {"y": ("2",)}, ""),
    ],
)
def test_what_the_endpoint_receives_is_held_against_the_trace(path, exact, headers, difference):
    found = sent(path, exact, **headers)
    assert found.difference == difference
    assert found.simulated.headers == tuple(f"{n}: {', '.join(v)}" for n, v in headers.items())


def test_a_route_without_a_name_goes_by_its_index():
    line = REACHED | {"route": "osmscope-unnamed-route-2"}
    assert compared(line, outcome(route=None, route_index=2)).result == "agree"
    assert compared(line, outcome(route=None, route_index=1)).difference == "route"


@pytest.mark.parametrize(
    ("cluster", "line", "result"),
    [
        ("a", REACHED, "agree"),
        ("b", REACHED, "differ"),
        (None, REACHED, "not compared"),
    ],
)
def test_an_unknown_outcome_is_held_as_far_as_it_goes(cluster, line, result):
    assert compared(line, outcome(verdict="unknown", cluster=cluster)).result == result


def test_a_circuit_breaker_may_refuse_after_the_pick():
    details = "upstream_reset_before_response_started{overflow}"
    refused = Response(code=503, flags=("UO",), details=details)
    line = REACHED | {"code": 503, "flags": "UO", "details": details}
    answered = outcome(verdict="responded", response=refused)
    assert compared(line, answered).result == "agree"


def test_what_depends_on_time_is_not_compared():
    found = compared({"code": 429, "flags": "RL", "details": "local_rate_limited"})
    assert found.result == "not compared"
    assert "depends on time" in found.reason


def test_a_closed_connection_says_why_it_ended():
    line = {"kind": "listener", "filter_chain": "c", "termination": "rbac_denied", "flags": None}
    response = Response(code=0, details="rbac_denied")
    closed = OutcomeAnswer(probability=1.0, verdict="closed", filter_chain="c", response=response)
    answer = Answer(id=None, exact=True, assumptions=(), outcomes=(closed,))
    assert compare(answer, LogLine(**line), {}).result == "agree"


def test_what_envoy_has_nothing_to_say_of_is_none():
    line = read_line(b'{"kind":"tcp","code":0,"flags":"-","route":null,"cluster":"a","details":""}')
    assert line == LogLine(kind="tcp", cluster="a")
