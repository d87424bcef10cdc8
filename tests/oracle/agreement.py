"""Holds osmscope's answers against what Envoy did."""

import contextlib
import json
import time
from collections.abc import Iterator

import msgspec

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer
from tests.oracle.case import Json, Outcome, Result
from tests.oracle.certificates import client_facts
from tests.oracle.checks import CHECKS
from tests.oracle.envoy_batch import Batch
from tests.oracle.explained import Checked, Explained
from tests.oracle.rule_coverage import RuleCoverage
from tests.trace.truth_comparison import difference


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One request, answered by both."""

    result: Result
    outcome: Outcome
    answer: Answer
    difference: str
    """"" where they agree."""


def verdicts(batch: Batch, coverage: RuleCoverage | None = None) -> Iterator[Verdict]:
    """Yield each request that Envoy logged with both answers."""
    dump = Dump.read(batch.config_dump, where="config_dump")
    proxy = Proxy(dump, read_clusters(batch.clusters, where="clusters"))
    tracer = Tracer(proxy)
    for result in batch.results:
        for outcome in result.outcomes:
            if outcome.truth is not None:
                request = trace_request(result, outcome.request, batch.node_ip)
                watching = contextlib.nullcontext() if coverage is None else coverage.watching()
                with watching:
                    asked = tracer if coverage is None else Tracer(proxy)
                    answer = asked.answer(request)
                found = difference(recorded(outcome, answer), answer)
                checked = () if found else tuple(_checked(tracer, result, outcome, request))
                found = found or next((one.difference for one in checked if one.difference), "")
                if coverage is not None and not found:
                    coverage.agreed(one.rule for one in checked)
                yield Verdict(result=result, outcome=outcome, answer=answer, difference=found)


def _checked(
    tracer: Tracer, result: Result, outcome: Outcome, request: TraceRequest
) -> Iterator[Checked]:
    """Compare what the family is checked for beside where its requests go."""
    check = CHECKS.get(result.case.family)
    if check is not None:
        answer, explanation = tracer.explain(request, brief=True)
        explained = Explained(
            case=result.case,
            outcome=outcome,
            sidecar=tracer.sidecar,
            answer=answer,
            steps=explanation.steps,
        )
        yield from check(explained)


def trace_request(result: Result, request: Json, node_ip: str) -> TraceRequest:
    """Return a drawn request as a user would ask it."""
    fields = {name: value for name, value in request.items() if name != "certificate"}
    if "certificate" in request:
        fields["client_certificate"] = client_facts(request["certificate"])
    if "h2" not in (fields.get("protocol"), *fields.get("alpn", ())):
        fields["headers"] = {"connection": "close"} | fields.get("headers", {})
    # The TCP peer is always the one that wrote the PROXY header.
    fields |= {"listener": result.listener, "direct_src_ip": "127.0.0.1", "node_ip": node_ip}
    fields |= {"now": time.time()}
    return msgspec.convert(fields, TraceRequest)


def recorded(outcome: Outcome, answer: Answer) -> Json:
    """Return what happened to the request itself.

    Args:
        outcome: What happened.
        answer: Where osmscope says that it goes.
    """
    http = outcome.truth is not None and outcome.truth["kind"] == "http"
    # What tcp_proxy passes on is no request of Envoy's.
    response = outcome.response if http else None
    if response is not None and response["upstream"] is not None:
        # Further tries, and redirects that Envoy followed, are other requests.
        own = {share.address for one in answer.outcomes for share in one.endpoints}
        first = next((one for one in outcome.received if one["address"] in own), None)
        response = response | {"upstream": first or response["upstream"]}
    observed = {"response": response, "error": outcome.error}
    return outcome.request | {"truth": outcome.truth, "observed": observed}


def describe(verdict: Verdict) -> str:
    """Tell a difference so that it can be looked into."""
    case = {"listener": verdict.result.case.listener, "clusters": verdict.result.case.clusters}
    return "\n".join(
        (
            f"{verdict.result.case.family}: {verdict.difference}",
            f"  exact: {verdict.answer.exact} {list(verdict.answer.assumptions)}",
            f"  request: {json.dumps(verdict.outcome.request)}",
            f"  configuration: {json.dumps(case)}",
            f"  Envoy: {json.dumps(verdict.outcome.truth)} {json.dumps(verdict.outcome.response)}",
            f"  osmscope: {msgspec.json.encode(verdict.answer.outcomes).decode()}",
        )
    )
