"""The step at the head of a trace, and the answer where a request goes past the sidecar."""

import json
from pathlib import Path

import msgspec
import pytest

from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.rules.interception import Listed, Redirection
from osmscope.rules.result import Outcome, matched, missed, unknown
from osmscope.trace.answer import Answer, Explanation, OutcomeAnswer
from osmscope.trace.batch import Batch
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.interception import (
    Interception,
    as_said,
    past_the_sidecar,
    resting_on,
    with_step,
)
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

REDIRECTION = Redirection(
    own_addresses=("10.244.1.21",), excluded_ports=(Listed("3306", "a list"),)
)


@pytest.fixture(scope="module")
def proxy(bookstore: Path) -> Proxy:
    """The sidecar of a pod whose Envoy listens on ports of its own, such as 15010."""
    (folder,) = bookstore.glob("pods/*/bookstore-v1-*")
    return Proxy(Dump.read((folder / "config_dump.json").read_bytes(), where="d"))


def request(**fields: object) -> TraceRequest:
    return TraceRequest(**{"dst_ip": "10.96.0.1", "dst_port": 80, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Outcome.MATCH),
        ({"dst_port": 3306}, Outcome.NO_MATCH),
        ({"dst_ip": "127.0.0.1"}, Outcome.NO_MATCH),
        ({"dst_ip": "127.0.0.1", "dst_port": 15001}, Outcome.MATCH),
        ({"dst_ip": "10.244.1.21", "dst_port": 15001}, Outcome.MATCH),
        ({"direction": "inbound"}, Outcome.MATCH),
        ({"listener": "outbound-listener", "dst_port": 3306}, None),
    ],
)
def test_it_is_found(proxy: Proxy, fields: dict[str, object], expected: Outcome | None) -> None:
    found = Interception(REDIRECTION, proxy).find(request(**fields))
    assert (None if found is None else found.outcome) is expected


def test_what_envoy_itself_listens_on_reaches_it_without_help(proxy: Proxy) -> None:
    left_out = Redirection(excluded_inbound_ports=(Listed("15003", "a"), Listed("7", "a")))
    interception = Interception(left_out, proxy)
    found = interception.find(request(direction="inbound", dst_port=15003))
    assert found is not None
    assert found.is_match
    assert "Envoy itself listens there" in found.reason
    found = interception.find(request(direction="inbound", dst_port=7))
    assert found is not None
    assert found.outcome is Outcome.NO_MATCH


def test_an_address_that_only_stands_for_another_decides_nothing(proxy: Proxy) -> None:
    ranges = Redirection(excluded_ranges=(Listed("10.96.0.0/16", "a list"),))
    found = Interception(ranges, proxy).find(request(), is_stand_in=True)
    assert found is not None
    assert found.is_unknown


def test_past_the_sidecar_is_an_outcome_that_is_not_known() -> None:
    answer = past_the_sidecar(request(id="q"), missed("a list leaves port 80 out"))
    line = json.loads(msgspec.json.encode(answer))
    assert line["intercepted"] is False
    assert [outcome["verdict"] for outcome in line["outcomes"]] == ["unknown"]
    assert line["assumptions"] == [
        "it goes past the sidecar, straight to 10.96.0.1:80: a list leaves port 80 out"
    ]
    assert (line["id"], line["exact"]) == ("q", False)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"dst_ip": None, "host": "web"}, "web"),
        ({"dst_ip": None}, "where it is sent"),
        ({"dst_port": None}, "10.96.0.1"),
    ],
)
def test_it_is_said_where_it_goes(fields: dict[str, object], where: str) -> None:
    (said,) = past_the_sidecar(request(**fields), missed("so")).assumptions
    assert said == f"it goes past the sidecar, straight to {where}: so"


def test_an_answer_rests_on_what_is_not_known() -> None:
    answer = Answer(
        id=1,
        exact=True,
        assumptions=("a",),
        outcomes=(OutcomeAnswer(probability=1.0, verdict="unknown"),),
    )
    assert resting_on(answer, None) is answer
    assert resting_on(answer, matched("so")) is answer
    resting = resting_on(answer, unknown("the MeshConfig"))
    assert resting.assumptions == (
        "the request is led to the sidecar: the MeshConfig is not known", "a",
    )  # fmt: skip
    assert not resting.exact
    assert "intercepted" not in json.loads(msgspec.json.encode(resting))


@pytest.mark.parametrize(
    ("found", "chosen", "failed"),
    [
        (matched("so"), "to the sidecar", False),
        (missed("so"), "straight to 10.96.0.1:80", True),
        (unknown("it"), "", False),
    ],
)
def test_the_step_stands_at_the_head(found, chosen: str, failed: bool) -> None:
    explanation = with_step(Explanation(), request(), found)
    (step,) = explanation.steps
    assert (step.kind, step.chosen, step.failed) == ("interception", chosen, failed)
    assert with_step(Explanation(), request(), None).steps == ()


def test_the_batch_form_tells_it_too(proxy: Proxy) -> None:
    completion = Completion(Destinations(proxy), "10.244.1.21", as_mesh_client=False)
    batch = Batch(Tracer(proxy), completion, Interception(REDIRECTION, proxy))
    lines = [
        b'{"id": "out", "dst_ip": "10.96.0.1", "dst_port": 3306}',
        b'{"id": "in", "dst_ip": "10.96.0.1", "dst_port": 9, "host": "a"}',
    ]
    out, into = (json.loads(line) for line in batch.answer_lines(lines))
    assert out["intercepted"] is False
    assert "intercepted" not in into


@pytest.mark.parametrize("direction", [None, "outbound", "inbound"])
def test_udp_goes_past_the_sidecar(proxy: Proxy, direction: str | None) -> None:
    found = Interception(REDIRECTION, proxy).find(
        request(protocol="udp", dst_port=53, direction=direction)
    )
    assert found is not None
    assert found.outcome is Outcome.NO_MATCH
    assert found.reason == "UDP is not led to the sidecar"


def test_what_a_dump_alone_tells_of_udp_is_nothing(proxy: Proxy) -> None:
    answer, explanation = Tracer(proxy).explain(request(protocol="udp", dst_port=53))
    assert [outcome.verdict for outcome in answer.outcomes] == ["unknown"]
    assert answer.assumptions == ("what Envoy does with UDP is not known",)
    assert not answer.exact
    assert explanation.steps[0].failed


def test_a_request_is_shown_without_an_address_that_stands_for_another() -> None:
    asked = request(host="a:53", dst_ip="192.0.2.1")
    assert as_said(asked, is_stand_in=False) is asked
    answer = past_the_sidecar(as_said(asked, is_stand_in=True), missed("it is UDP"))
    assert answer.assumptions == ("it goes past the sidecar, straight to a:53: it is UDP",)
