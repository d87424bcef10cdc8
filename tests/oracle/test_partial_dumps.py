"""What is left out of a dump may make an answer unknown, or inexact; never exact and wrong."""

import json

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import trace_request
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.test_endpoint_discovery import CASES
from tests.oracle.test_upstream_rules import BOOTSTRAP, DECIDED, foretold, happened

pytestmark = pytest.mark.envoy

SECTIONS = ("Bootstrap", "Clusters", "Endpoints", "Listeners", "Routes", "Secrets")
LOGGED = {"a tunnel is a request", "no pending for tcp"}
"""Envoy logs the endpoint of these too, which no connection reaches."""


@pytest.fixture(scope="module")
def batch(envoy_oracle: Oracle) -> Batch:
    decided = [one for name, (one, _) in DECIDED.items() if name not in LOGGED]
    return envoy_oracle.ask([*decided, *(one for one, _ in CASES.values())], BOOTSTRAP)


def without(config_dump: bytes, names: tuple[str, ...]) -> bytes:
    left = [
        section
        for section in json.loads(config_dump)["configs"]
        if not any(f".{name}ConfigDump" in section["@type"] for name in names)
    ]
    return json.dumps({"configs": left}).encode()


@pytest.mark.parametrize("with_clusters", [True, False])
@pytest.mark.parametrize("names", [(), *((name,) for name in SECTIONS)], ids=str)
def test_no_answer_is_exact_and_wrong(
    batch: Batch, names: tuple[str, ...], with_clusters: bool
) -> None:
    dump = Dump.read(without(batch.config_dump, names), where="config_dump")
    clusters = read_clusters(batch.clusters, where="clusters") if with_clusters else None
    tracer = Tracer(Proxy(dump, clusters))
    compared = 0
    for result in batch.results:
        for outcome in result.outcomes:
            if outcome.truth is None:
                continue
            answer = tracer.answer(trace_request(result, outcome.request, batch.node_ip))
            told = {way for way, share in foretold(answer).items() if share}
            assert not answer.exact or happened(outcome.truth) in told, (result.case, answer)
            compared += 1
    assert compared > 150
