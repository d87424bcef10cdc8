"""Every request of the recorded meshes, traced in both of its sidecars and held against their logs.

The dumps are from before the first request; what happened is in ``requests.jsonl`` beside them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import msgspec
import pytest

from osmscope.trace.request import TraceRequest
from tests.mesh.comparison import (
    Json,
    answer_difference,
    client_held,
    recorded_tracers,
    server_held,
    share_differences,
    sni_difference,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
MESHES = ("bookstore", "bookstore-0.9")

tracers_of = functools.cache(lambda mesh: recorded_tracers(FIXTURES / mesh))


def happenings(*seen_by: str) -> list[object]:
    """The requests that these sidecars logged, by mesh and id."""
    return [
        pytest.param(mesh, happening, id=f"{mesh}-{happening['id']}")
        for mesh in MESHES
        for line in (FIXTURES / mesh / "requests.jsonl").read_text().splitlines()
        if all((happening := json.loads(line))[side] for side in seen_by)
    ]


@pytest.mark.parametrize(("mesh", "happening"), happenings("client"))
def test_the_client_s_sidecar_decides_as_traced(mesh: str, happening: Json) -> None:
    held = client_held(tracers_of(mesh), happening)
    assert held.difference == ""
    assert held.answer.exact or happening["request"]["protocol"] == "tcp"


@pytest.mark.parametrize(("mesh", "happening"), happenings("client", "server"))
def test_the_server_s_sidecar_decides_as_traced(mesh: str, happening: Json) -> None:
    held = server_held(tracers_of(mesh), happening)
    assert held.difference == ""
    assert sni_difference(tracers_of(mesh), happening) == ""
    assert held.answer.exact or happening["request"]["protocol"] == "tcp"


@pytest.mark.parametrize(("mesh", "happening"), happenings("client"))
def test_the_applications_see_what_both_traces_say(mesh: str, happening: Json) -> None:
    assert answer_difference(tracers_of(mesh), happening) == ""


@pytest.mark.parametrize("mesh", MESHES)
def test_requests_are_spread_as_traced(mesh: str) -> None:
    shares = json.loads((FIXTURES / mesh / "shares.json").read_text())
    assert list(share_differences(tracers_of(mesh), shares)) == []


@pytest.mark.parametrize(("mesh", "happening"), happenings("client", "server"))
def test_a_handshake_fails_for_the_reason_that_envoy_logs(mesh: str, happening: Json) -> None:
    response = server_held(tracers_of(mesh), happening).outcome.response
    refused = "CERTIFICATE_VERIFY_FAILED" in (happening["server"]["downstream_failure"] or "")
    assert refused == bool(response and "certificate" in (response.reason or "")), response


def test_where_no_listener_accepts_connections_are_refused() -> None:
    """OSM 0.9 gives no outbound listener to a sidecar that may call nobody."""
    lines = (FIXTURES / "bookstore-0.9/requests.jsonl").read_text().splitlines()
    (refused,) = (
        happening
        for happening in map(json.loads, lines)
        if "ConnectionRefused" in happening["answer"].get("error", "")
    )
    request = msgspec.convert(refused["request"], TraceRequest)
    (outcome,) = tracers_of("bookstore-0.9")[refused["pod"]].answer(request).outcomes
    assert (outcome.verdict, outcome.listener) == ("closed", None)
