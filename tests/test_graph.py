from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.graph import proxy_graph, trace_graph
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, EndpointShare, Explanation, OutcomeAnswer, Response, Step

PODS = Path(__file__).parents[1] / "fixtures/bookstore/pods"


@pytest.fixture(scope="module")
def bookbuyer():
    folder = next(PODS.glob("*/bookbuyer*"))
    dump = Dump.read((folder / "config_dump.json").read_bytes(), where="bookbuyer")
    clusters = read_clusters((folder / "clusters.json").read_bytes(), where="bookbuyer")
    return proxy_graph(Proxy(dump, clusters))


def test_a_chain_leads_over_its_table_to_endpoints(bookbuyer):
    import networkx

    reached = networkx.descendants(bookbuyer, "listener:outbound-listener")
    kinds = {bookbuyer.nodes[key]["kind"] for key in reached}
    assert kinds == {
        "filter_chain", "route_config", "virtual_host", "route", "cluster", "endpoint", "secret",
    }  # fmt: skip


def test_a_split_has_its_weights(bookbuyer):
    weights = {
        data["label"]
        for source, target, data in bookbuyer.edges(data=True)
        if source.startswith("route:") and target.startswith("cluster:bookstore/bookstore-v1")
    }
    assert "weight 50" in weights


def test_live_endpoints_have_their_health(bookbuyer):
    endpoints = [data for _, data in bookbuyer.nodes(data=True) if data["kind"] == "endpoint"]
    assert "healthy" in {data["health"] for data in endpoints}


def test_every_attribute_is_plain(bookbuyer):
    for _, data in bookbuyer.nodes(data=True):
        assert all(isinstance(value, str | bool | int) for value in data.values())


def test_a_reference_to_nothing_is_a_node_that_dangles():
    kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    tcp = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
    chains = [
        {"name": "http", "filters": [{"typed_config": {
            "@type": f"type.googleapis.com/{kind}", "rds": {"route_config_name": "gone"}}}]},
        {"name": "tcp", "filters": [{"typed_config": {
            "@type": f"type.googleapis.com/{tcp}",
            "weighted_clusters": {"clusters": [{"name": "lost", "weight": 3}]}}}]},
    ]  # fmt: skip
    listener = {"name": "l", "filter_chains": chains, "default_filter_chain": {"name": "d"}}
    section = {
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "static_listeners": [{"listener": listener}],
    }
    graph = proxy_graph(Proxy(Dump.read(msgspec.json.encode({"configs": [section]}), where="made")))
    dangling = {key for key, data in graph.nodes(data=True) if data.get("dangling")}
    assert dangling == {"route_config:gone", "cluster:lost"}
    assert graph.edges["filter_chain:l#1", "cluster:lost"]["label"] == "weight 3"
    assert graph.edges["listener:l", "filter_chain:l#default"]["label"] == "default"


def test_a_traced_path_ends_at_endpoints_or_at_what_stops_it():
    endpoint = EndpointShare(address="10.0.0.1:80", probability=1.0, priority=0, health="HEALTHY")
    common = {"listener": "l", "filter_chain": "f", "route_config": "t", "virtual_host": "v"}
    outcomes = (
        OutcomeAnswer(probability=0.75, verdict="forwarded", route_index=0, cluster="c",
                      endpoints=(endpoint,), **common),
        OutcomeAnswer(probability=0.25, verdict="responded", response=Response(code=503), **common),
    )  # fmt: skip
    answer = Answer(id=1, exact=True, assumptions=(), outcomes=outcomes)
    steps = (Step(kind="filter_chain", chosen="f", reason="by port"),)
    graph = trace_graph(answer, Explanation(steps=steps))
    assert graph.nodes["filter_chain:f"]["reason"] == "by port"
    assert graph.edges["route:v #0", "cluster:c"]["label"] == "0.75"
    assert graph.edges["virtual_host:v", "end:1"]["label"] == "0.25"
    assert graph.nodes["end:1"]["label"] == "responded 503"


def test_without_any_station_the_request_itself_is_one():
    outcome = OutcomeAnswer(probability=1.0, verdict="unknown")
    answer = Answer(id=None, exact=False, assumptions=(), outcomes=(outcome,))
    assert list(trace_graph(answer, Explanation()).nodes) == ["request:request", "end:0"]
