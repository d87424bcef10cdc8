"""Endpoints that a session names, as a table of what a real Envoy 1.40.0 did."""

import base64

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    ask,
    behind,
    brief,
    cluster,
    endpoints,
    extension,
    shares,
    typed,
)

HEADER = "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"
STATE = {"name": "envoy.http.stateful_session.header", "typed_config": typed(HEADER, name="x-s")}
NO_HOST = "503 UH no_healthy_upstream"


def sticky(**fields):
    kind = f"{HTTP}.stateful_session.v3.StatefulSession"
    return extension("session", kind, session_state=STATE, **fields)


def session(address):
    return {"x-s": base64.b64encode(address.encode()).decode()}


def picked(answer):
    (outcome,) = answer.outcomes
    found = [endpoint.address for endpoint in outcome.endpoints]
    return found or brief(outcome)


TWO = ("10.0.0.1:1", "10.0.0.2:1")


@pytest.mark.parametrize(
    ("hosts", "named", "strict", "expected"),
    [
        (TWO, "10.0.0.2:1", False, ["10.0.0.2:1"]),
        (TWO, "10.0.0.2:1", True, ["10.0.0.2:1"]),
        (TWO, "10.0.0.9:1", False, list(TWO)),
        (TWO, "10.0.0.9:1", True, NO_HOST),
        (("10.0.0.1:1", "10.0.0.2:1!"), "10.0.0.2:1", False, ["10.0.0.1:1"]),
        (("10.0.0.1:1", "10.0.0.2:1!"), "10.0.0.2:1", True, NO_HOST),
    ],
)
def test_a_session_keeps_its_endpoint(hosts, named, strict, expected):
    answer = ask(
        behind(EVERYTHING, sticky(strict=strict), clusters=[cluster("a", *hosts)]),
        headers=session(named),
    )
    assert (picked(answer), answer.exact) == (expected, True)


def test_what_a_dump_does_not_tell_of_its_status_is_assumed():
    status = {"common_lb_config": {"override_host_status": {"statuses": ["HEALTHY"]}}}
    sidecar = behind(EVERYTHING, sticky(), clusters=[cluster("a", *TWO, **status)])
    answer = ask(sidecar, headers=session(TWO[1]))
    assert picked(answer) == [TWO[1]]
    assert answer.assumptions == (
        "whether the endpoint that the session names is HEALTHY/UNKNOWN: it may be taken",
    )


def test_limits_hold_for_sessions_too():
    limited = cluster("a", *TWO, circuit_breakers={"thresholds": [{"max_requests": 0}]})
    sidecar = behind(EVERYTHING, sticky(), clusters=[limited])
    assert brief(ask(sidecar, headers=session(TWO[0])).outcomes[0]).startswith("503 UO")


@pytest.mark.parametrize(("strict", "expected"), [(False, ["10.0.0.1:1"]), (True, NO_HOST)])
def test_members_of_an_aggregate_are_no_endpoints_of_it(strict, expected):
    kind = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"
    custom = {"name": "x", "typed_config": typed(kind, clusters=["m"])}
    clusters = [{"name": "a", "cluster_type": custom}, cluster("m", "10.0.0.1:1")]
    sidecar = behind(EVERYTHING, sticky(strict=strict), clusters=clusters)
    assert picked(ask(sidecar, headers=session("10.0.0.1:1"))) == expected


def test_overload_is_dropped_first():
    drop = {"category": "x", "drop_percentage": {"numerator": 100}}
    eds = [endpoints("a", *TWO, policy={"drop_overloads": [drop]})]
    sidecar = behind(EVERYTHING, sticky(), clusters=[{"name": "a", "type": "EDS"}], eds=eds)
    found = shares(ask(sidecar, headers=session(TWO[0])))
    assert found == {"503 UDO unconditional_drop_overload": 1.0}


def test_unknown_endpoints_stay_unknown():
    sidecar = behind(EVERYTHING, sticky(strict=True), clusters=[{"name": "a", "type": "EDS"}])
    assert brief(ask(sidecar, headers=session(TWO[0])).outcomes[0]) == "unknown"
