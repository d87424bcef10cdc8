"""Endpoints by EDS, put to a real Envoy: what a dump tells of them, and what it has to name."""

import json
from typing import Any

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import recorded, trace_request
from tests.oracle.case import Case, Result
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.envoy_files import endpoint
from tests.oracle.upstream_cases import action, own, request
from tests.trace.truth_comparison import difference

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

ONE, TWO, THREE = "127.8.3.1", "127.8.3.2", "127.8.3.3"
SPARE = [
    {"lb_endpoints": [endpoint(ONE), endpoint(TWO, health_status="UNHEALTHY")]},
    {"priority": 1, "lb_endpoints": [endpoint(THREE)]},
]
PLACES = [
    {
        "locality": {"zone": zone},
        "load_balancing_weight": weight,
        "lb_endpoints": [endpoint(address)],
    }
    for zone, weight, address in (("y", 1, ONE), ("z", 9, TWO))
]
DROPPED = {"drop_overloads": [{"category": "x", "drop_percentage": {"numerator": 100}}]}
VERSIONS = {"subset_selectors": [{"keys": ["v"]}]}
OF_PATH = {"hash_policy": [{"header": {"header_name": ":path"}}]}
TO_2 = {"metadata_match": {"filter_metadata": {"envoy.lb": {"v": "2"}}}}


def eds(*groups: Json, policy: Json | None = None, **fields: Any) -> Json:
    assignment: Json = {"endpoints": list(groups)} | ({"policy": policy} if policy else {})
    return own(load_assignment=assignment, type="EDS", **fields)


def labelled(**labels: str) -> Json:
    """A group of two endpoints, whose metadata has each of these with a 1 or a 2 behind it."""
    return {
        "lb_endpoints": [
            endpoint(one, metadata={"filter_metadata": {"envoy.lb": {k: v + n}}})
            for n, one in (("1", ONE), ("2", TWO))
            for k, v in labels.items()
        ]
    }


CASES: dict[str, tuple[Case, str]] = {
    "one": (action(eds({"lb_endpoints": [endpoint(ONE)]})), "drops no requests"),
    "none": (action(eds()), "drops no requests"),
    "dropped": (action(eds({"lb_endpoints": [endpoint(ONE)]}, policy=DROPPED)),
                "drops no requests"),
    "spare": (action(eds(*SPARE, policy={"overprovisioning_factor": 200})),
              "has no overprovisioning factor"),
    "places": (action(eds(*PLACES, common_lb_config={"locality_weighted_lb_config": {}})),
               "gives no weight to localities"),
    "subsets": (action(eds(labelled(v=""), lb_subset_config=VERSIONS), **TO_2),
                "by which subsets are made"),
    "subsets of no criteria": (action(eds(labelled(v=""), lb_subset_config=VERSIONS)),
                               "drops no requests"),
    "hash keys": (action(eds(labelled(hash_key="k"), lb_policy="MAGLEV"), **OF_PATH),
                  "gives no hash key to endpoints"),
}  # fmt: skip


@pytest.fixture(scope="module")
def batch(envoy_oracle: Oracle) -> Batch:
    for one, _ in CASES.values():
        one.requests = [request(path=f"/{number}") for number in range(20)]
    return envoy_oracle.ask([one for one, _ in CASES.values()])


def answers(batch: Batch, config_dump: bytes, result: Result) -> list[tuple[str, Answer]]:
    """Return how each answer differs from what Envoy did, "" where it does not."""
    dump = Dump.read(config_dump, where="config_dump")
    tracer = Tracer(Proxy(dump, read_clusters(batch.clusters, where="clusters")))
    found = []
    for outcome in result.outcomes:
        answer = tracer.answer(trace_request(result, outcome.request, batch.node_ip))
        found.append((difference(recorded(outcome, answer), answer), answer))
    return found


@pytest.mark.parametrize("name", CASES)
def test_with_the_endpoints_answers_are_exact(batch: Batch, name: str) -> None:
    result = batch.results[list(CASES).index(name)]
    found = answers(batch, batch.config_dump, result)
    assert {(one, answer.exact) for one, answer in found} == {("", True)}


@pytest.mark.parametrize("name", CASES)
def test_without_them_it_is_named_what_is_not_known(batch: Batch, name: str) -> None:
    result = batch.results[list(CASES).index(name)]
    dumped = json.loads(batch.config_dump)
    sections = [one for one in dumped["configs"] if "EndpointsConfigDump" not in one["@type"]]
    for _, answer in answers(batch, json.dumps({"configs": sections}).encode(), result):
        assert not answer.exact
        assert any(CASES[name][1] in words for words in answer.assumptions)
        assert all("include_eds" in words for words in answer.assumptions)
