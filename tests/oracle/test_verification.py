"""A real Envoy agrees with the trace of every request that was sent in the recorded meshes."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard

from osmscope.oracle.verification import Verification, verify_once
from osmscope.resources.proxy import Proxy
from osmscope.rules import route_match
from osmscope.rules.facts import Headers
from osmscope.trace.request import TraceRequest
from tests.mesh.comparison import recorded_tracers, server_request
from tests.trace import sidecars
from tests.trace.real_dumps import proxy_of, read

pytestmark = pytest.mark.envoy

FIXTURES = Path(__file__).parents[2] / "fixtures"
EVERY = 8
"""Of the requests to each of the real dumps, one in this many is sent."""


def results(proxy: Proxy, requests: Iterable[TraceRequest]) -> Iterator[tuple[str, str]]:
    with Verification(proxy) as envoy:
        for request in requests:
            found = envoy.verify(request)
            yield found.result, f"{found.difference}{found.reason}"


def counted(found: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return dict(collections.Counter(found))


@pytest.fixture(scope="module", params=["bookstore", "bookstore-0.9"])
def mesh(request):
    folder = FIXTURES / request.param
    lines = (folder / "requests.jsonl").read_text().splitlines()
    return recorded_tracers(folder), [json.loads(line) for line in lines]


def test_the_clients_of_a_mesh_agree(mesh):
    tracers, happenings = mesh
    found = []
    for pod in tracers:
        sent = [one["request"] for one in happenings if one["pod"] == pod and one["client"]]
        requests = [msgspec.convert(one, TraceRequest) for one in sent]
        found += results(tracers[pod].proxy, requests)
    assert set(found) == {("agree", "")}


def test_the_servers_of_a_mesh_agree(mesh):
    tracers, happenings = mesh
    by_pod: dict[str, list[TraceRequest]] = {}
    for one in happenings:
        if one["client"] and one["server"]:
            by_pod.setdefault(one["server"]["pod"], []).append(server_request(tracers, one))
    for pod, requests in by_pod.items():
        assert counted(results(tracers[pod].proxy, requests)) == {("agree", ""): len(requests)}


@pytest.mark.parametrize(
    "name",
    [
        "osm-0.9-bookbuyer",
        "osm-0.10-bookstore",
        "osm-1.1-curl",
        "osm-1.1-curl-egress",
        "osm-1.1-httpbin-1",
        "osm-1.1-httpbin-2",
    ],
)
def test_real_dumps_agree(shared, name):
    packed = (shared / "truth" / f"{name}.json.zst").read_bytes()
    case = json.loads(zstandard.ZstdDecompressor().stream_reader(packed).read())
    requests = [
        msgspec.convert(
            {k: v for k, v in one.items() if k not in ("truth", "observed")}, TraceRequest
        )
        for one in case["requests"][::EVERY]
    ]
    found = counted(results(proxy_of(read(shared, name)), requests))
    assert found == {("agree", ""): len(requests)}


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, "agree"),
        ({"protocol": "h2"}, "agree"),
        ({"protocol": "tcp"}, "agree"),
        ({"method": "POST", "headers": {"content-length": "3"}}, "agree"),
        ({"dst_ip": "2001:db8::7", "src_ip": None}, "agree"),
        ({"dst_ip": None}, "not compared"),
        ({"runtime": {"a": 1}}, "not compared"),
        ({"protocol": "udp"}, "not compared"),
        ({"listener": "none"}, "not compared"),
        ({"host": "a\nb"}, "not compared"),
    ],
)
def test_what_can_be_sent_is_compared(fields, result):
    request = sidecars.request(**fields)
    proxy = sidecars.behind(sidecars.EVERYTHING, stat_prefix="s").proxy
    assert verify_once(proxy, request).result == result


def test_what_envoy_refuses_is_not_compared():
    found = verify_once(
        sidecars.behind(sidecars.EVERYTHING, codec_type=77).proxy, sidecars.request()
    )
    assert found.result == "not compared"
    assert "Envoy refuses the copy" in found.reason


def test_a_rule_that_is_wrong_is_found(monkeypatch):
    asks_for_a_header = {"headers": [{"name": "x", "exact_match": "1"}]}
    routes = (sidecars.route("b", match=asks_for_a_header), sidecars.route("a"))
    table = sidecars.table(sidecars.host("all", ["*"], *routes))
    clusters = [sidecars.cluster("a"), sidecars.cluster("b")]
    proxy = sidecars.behind(table, stat_prefix="s", clusters=clusters).proxy
    assert verify_once(proxy, sidecars.request()).result == "agree"
    always = route_match.match_headers([], Headers.of([]))
    monkeypatch.setattr(route_match, "match_headers", lambda matchers, headers: always)
    found = verify_once(proxy, sidecars.request())
    assert (found.result, found.difference) == ("differ", "route")
    assert (found.simulated.route, found.real and found.real.route) == ("#0", "#1")
