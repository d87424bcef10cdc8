"""Runtime keys that decide about paths and zones, put to a real Envoy: a table.

Keys of one bootstrap hold for all of its cases: each row of `RUNTIMES` is an Envoy of its own.
"""

import json
from typing import Any

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import trace_request, verdicts
from tests.oracle.case import Case
from tests.oracle.envoy_batch import Oracle
from tests.oracle.envoy_files import endpoint
from tests.oracle.upstream_cases import OWN, case, options, own, request, routed, to

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

CONNECTION_MANAGER = "http_connection_manager"
NORMALIZE = f"{CONNECTION_MANAGER}.normalize_path"
ACTION = f"{CONNECTION_MANAGER}.path_with_escaped_slashes_action"
FRAGMENT = "envoy.reloadable_features.http_reject_path_with_fragment"
OWN_ZONE = "upstream.zone_routing.force_local_zone.min_size"

RUNTIMES: dict[str, Json] = {
    "none": {},
    "paths are normalized": {NORMALIZE: 100, ACTION: 2, FRAGMENT: False, OWN_ZONE: 2},
    "paths are redirected": {ACTION: 3, FRAGMENT: 0, OWN_ZONE: 3},
    "escapes are taken out": {NORMALIZE: "0", ACTION: "4", FRAGMENT: "false", OWN_ZONE: 0},
    "nothing is enabled": {NORMALIZE: 0, ACTION: 2, f"{ACTION}_enabled": 0},
}
OPTIONS: list[Json] = [
    {},
    {"normalize_path": True},
    {"normalize_path": False},
    {"path_with_escaped_slashes_action": "KEEP_UNCHANGED"},
    {"path_with_escaped_slashes_action": "REJECT_REQUEST"},
    {"path_with_escaped_slashes_action": "IMPLEMENTATION_SPECIFIC_DEFAULT"},
]
PATHS = ("/a/../b?c", "/a%2Fb", "/a#b", "/a/../b%5cc/./#d?e")
PEERS = [
    {
        "locality": {"region": "r1", "zone": zone},
        "lb_endpoints": [{"endpoint": {"address": {"socket_address": {
            "address": f"127.6.{zone[1]}.1", "port_value": 9}}}}],
    }
    for zone in ("z1", "z2")
]  # fmt: skip


def path_case(options: Json) -> Case:
    listener = routed(to(OWN), **options)
    return case(listener, own("127.8.3.1"), requests=[request(path=path) for path in PATHS])


def zone_case() -> Case:
    """Two endpoints in the own zone, four in another."""
    groups = [
        {
            "locality": {"region": "r1", "zone": f"z{zone}"},
            "lb_endpoints": [endpoint(f"127.5.{zone}.{n}") for n in range(1, count + 1)],
        }
        for zone, count in ((1, 2), (2, 4))
    ]
    cluster = own(load_assignment={"endpoints": groups})
    return case(routed(to(OWN)), cluster, requests=[request() for _ in range(60)])


def bootstrap(runtime: Json) -> Json:
    peers = {"name": "peers", "type": "STATIC"}
    peers["load_assignment"] = {"cluster_name": "peers", "endpoints": json.loads(json.dumps(PEERS))}
    return {
        "layered_runtime": {"layers": [{"name": "static", "static_layer": runtime}]},
        "cluster_manager": {"local_cluster_name": "peers"},
        "static_resources": {"clusters": [peers]},
    }


@pytest.mark.parametrize("name", RUNTIMES)
def test_envoy_agrees(envoy_oracle: Oracle, name: str) -> None:
    cases = [*map(path_case, OPTIONS), zone_case()]
    batch = envoy_oracle.ask(cases, bootstrap(RUNTIMES[name]))
    found = list(verdicts(batch))
    assert len(found) == len(OPTIONS) * len(PATHS) + 60
    assert {(one.difference, one.answer.exact) for one in found} == {("", True)}
    zones = {str((one.outcome.truth or {})["endpoint"])[:7] for one in found[-60:]}
    forced = RUNTIMES[name].get(OWN_ZONE) == 2
    assert zones == ({"127.5.1"} if forced else {"127.5.1", "127.5.2"})
    told = {one.address[:7] for one in found[-1].answer.outcomes[0].endpoints}
    assert told == zones


def test_features_that_no_rule_knows_are_named(envoy_oracle: Oracle) -> None:
    """The value of each header is matched alone by default; joined, here."""
    feature = "envoy.reloadable_features.match_headers_individually"
    match = {"headers": [{"name": "x", "string_match": {"exact": "1,2"}}]}
    listener = routed(to(OWN, match=match))
    asked = case(listener, own("127.8.3.1"), requests=[request(headers={"x": ["1", "2"]})])
    batch = envoy_oracle.ask([asked], bootstrap({feature: False}))
    (verdict,) = verdicts(batch)
    assert verdict.difference
    assert not verdict.answer.exact
    assert any(feature in words for words in verdict.answer.assumptions)


@pytest.mark.parametrize(("percent", "protocol"), [(0, "HTTP/1.1"), (100, "HTTP/2")])
def test_http2_is_spoken_as_told(envoy_oracle: Oracle, percent: int, protocol: str) -> None:
    explicit = {"http2_protocol_options": {}}
    cluster = own("127.8.3.1", **options(explicit_http_config=explicit))
    asked = case(routed(to(OWN)), cluster, requests=[request()])
    batch = envoy_oracle.ask([asked], bootstrap({"upstream.use_http2": percent}))
    (outcome,) = batch.results[0].outcomes
    assert outcome.truth is not None
    assert outcome.truth["upstream_protocol"] == protocol
    dump = Dump.read(batch.config_dump, where="config_dump")
    tracer = Tracer(Proxy(dump, read_clusters(batch.clusters, where="clusters")))
    told = tracer.explain(trace_request(batch.results[0], outcome.request, batch.node_ip))[1]
    (step,) = [one for one in told.steps if one.kind == "upstream_tls"]
    assert ("HTTP/2" in step.reason) is (protocol == "HTTP/2")
