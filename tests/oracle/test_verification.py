"""A real Envoy agrees with the trace of every request that was sent in the recorded meshes."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard

from osmscope.dump.clusters import read_clusters
from osmscope.oracle.json_tree import nested
from osmscope.oracle.runnable import runnable
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
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
    # These dumps were taken without `include_eds`: they tell no endpoints.
    told = {("agree", ""), ("agree", "that is as far as the trace can tell: to the cluster")}
    assert found.keys() <= told
    assert sum(found.values()) == len(requests)


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, "agree"),
        ({"protocol": "h2"}, "agree"),
        ({"protocol": "tcp"}, "agree"),
        ({"protocol": "h2", "method": "POST", "headers": {"content-length": "5"}}, "agree"),
        ({"protocol": "h2", "headers": {"content-length": "70000"}}, "not compared"),
        ({"protocol": "h2", "headers": {"x-a": " b "}}, "agree"),
        ({"method": "CONNECT", "host": "a:80"}, "agree"),
        ({"method": "POST", "headers": {"content-length": "3"}}, "agree"),
        ({"dst_ip": "2001:db8::7", "src_ip": None}, "agree"),
        ({"dst_ip": None}, "not compared"),
        ({"protocol": "udp"}, "not compared"),
        ({"runtime": {"a": 1}}, "agree"),
        ({"random_value": 3}, "agree"),
        ({"src_ip": "127.0.0.1", "node_ip": "10.0.0.5"}, "agree"),
        ({"path": "/a%2fb"}, "agree"),
        ({"host": None}, "agree"),
        ({"listener": "none"}, "not compared"),
        ({"host": "a\nb"}, "not compared"),
    ],
)
def test_what_can_be_sent_is_compared(fields, result):
    request = sidecars.request(**fields)
    proxy = sidecars.behind(sidecars.EVERYTHING, stat_prefix="s").proxy
    assert verify_once(proxy, request).result == result


@pytest.mark.parametrize("domains", [["*"], ["a"], ["a", "*"]])
@pytest.mark.parametrize(
    "fields",
    [
        {"path": "/a%2fb"},
        {"path": "/a%2fb", "headers": {"x-forwarded-proto": "http"}},
        {"path": "/a%2fb", "host": "z"},
        {"host": None},
        {"host": None, "headers": {"x-forwarded-proto": "http"}},
        {"path": "x"},
        {"method": "OPTIONS", "path": "*"},
        {"method": "QUERY"},
    ],
)
def test_what_is_refused_before_its_route_is_found_has_a_virtual_host(domains, fields):
    table = sidecars.table(sidecars.host("all", domains, sidecars.route("a")))
    redirects = {
        "normalize_path": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
    }
    proxy = sidecars.behind(
        table, stat_prefix="s", clusters=[sidecars.cluster("a")], **redirects
    ).proxy
    found = verify_once(proxy, sidecars.request(**{"host": "a", **fields}))
    assert (found.result, found.difference) == ("agree", "")


def test_runtime_keys_are_those_of_each_request():
    half = {"default_value": {"numerator": 0}, "runtime_key": "k"}
    routes = (sidecars.route("b", match={"runtime_fraction": half}), sidecars.route("a"))
    clusters = [sidecars.cluster("a"), sidecars.cluster("b")]
    proxy = sidecars.behind(
        sidecars.table(sidecars.host("all", ["*"], *routes)), stat_prefix="s", clusters=clusters
    ).proxy
    wanted = [({"k": 100}, "b"), (None, "a"), ({"k": "100"}, "b"), ({"k": 0}, "a")]
    with Verification(proxy) as envoy:
        for runtime, cluster in wanted:
            found = envoy.verify(sidecars.request(runtime=runtime))
            assert (found.result, found.real and found.real.cluster) == ("agree", cluster)


def test_what_the_endpoint_receives_is_compared():
    action = {"prefix_rewrite": "/new", "host_rewrite_literal": "b"}
    table = sidecars.table(
        sidecars.host("all", ["*"], sidecars.route("a", prefix="/old", action=action)),
        request_headers_to_add=[{"header": {"key": "x-a", "value": "1"}}],
    )
    proxy = sidecars.behind(table, stat_prefix="s", clusters=[sidecars.cluster("a")]).proxy
    found = verify_once(proxy, sidecars.request(path="/old/x", host="a"))
    assert (found.result, found.simulated.sends) == ("agree", "GET b/new/x")


def test_a_host_that_drains_does_not_count_in_the_copy_either():
    hosts = {"10.1.0.1:80": "HEALTHY", "10.1.0.2:80": "DEGRADED", "10.1.0.3:80": "DRAINING"}
    statuses = [
        {"address": sidecars.address(one), "health_status": {"eds_health_status": state}}
        for one, state in hosts.items()
    ]
    clusters = {"cluster_statuses": [{"name": "a", "host_statuses": statuses}]}
    dump = sidecars.behind(
        sidecars.EVERYTHING, stat_prefix="s", clusters=[sidecars.cluster("a", *hosts)]
    ).proxy.dump
    proxy = Proxy(dump, read_clusters(json.dumps(clusters).encode(), where="clusters"))
    copy = runnable(proxy, ThrowAwayKeys(), Path("/tmp"))
    states = [part["health_status"] for part in nested(copy.bootstrap) if "health_status" in part]
    assert states == ["HEALTHY", "DEGRADED", "DRAINING"]


def test_chains_that_envoy_holds_in_no_order_prove_nothing():
    everywhere = {"prefix_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 0}]}
    manager = sidecars.manager(sidecars.EVERYTHING, stat_prefix="s")
    first = sidecars.chain(manager, name="one", match={**everywhere, "destination_port": 80})
    second = sidecars.chain(
        manager, name="two", match={"source_ports": [7], "destination_port": 80}
    )
    sections = sidecars.sections(
        [sidecars.listener(first, second)], clusters=[sidecars.cluster("a")]
    )
    proxy = sidecars.tracer(sections).proxy
    found = verify_once(proxy, sidecars.request(dst_port=80))
    if found.result != "agree":  # which of the two Envoy takes changes from start to start
        assert (found.result, found.difference) == ("not compared", "")
        assert "either way" in found.reason


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
