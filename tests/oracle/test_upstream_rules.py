"""What clusters, routes and runtime make of a request, as a real Envoy 1.40.0 does: a table.

One Envoy has all configurations. Where lots decide, the same request is sent many times, and each
way has to get the share that osmscope says, within five standard deviations.
"""

import base64
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from osmscope.trace.answer import Answer
from osmscope.trace.picking import ASKED_BEFORE
from tests.oracle.agreement import Verdict, verdicts
from tests.oracle.case import Case
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.rule_coverage import RuleCoverage
from tests.oracle.upstream_cases import (
    request,
)
from tests.oracle.upstream_rule_cases import BOOTSTRAP, DECIDED, PORT, SHARED

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

MANY = 500
DEVIATIONS = 5
ROUNDING = 2


@pytest.fixture(scope="module")
def batch(envoy_oracle: Oracle) -> Batch:
    for one in SHARED.values():
        one.requests = [request()] * MANY
        for route in _routes(one):
            if route.get("cluster", "") is None:
                del route["cluster"]
    cases = [*(one for one, _ in DECIDED.values()), *SHARED.values()]
    for asked in (asked for one in cases for asked in one.requests):
        if "x-s" in asked["headers"]:
            address = asked["headers"]["x-s"].replace(PORT, str(envoy_oracle.endpoint_port))
            asked["headers"] = {"x-s": base64.b64encode(address.encode()).decode()}
    return envoy_oracle.ask(cases, BOOTSTRAP)


def _routes(one: Case) -> Iterator[Json]:
    manager = one.listener["filter_chains"][0]["filters"][0]["typed_config"]
    for host in manager.get("route_config", {}).get("virtual_hosts", ()):
        yield from (route["route"] for route in host["routes"])


@pytest.fixture(scope="module")
def answered(batch: Batch, rule_coverage: RuleCoverage | None) -> dict[str, list[Verdict]]:
    """What became of each case, by the name of its listener."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts(batch, rule_coverage):
        found.setdefault(verdict.result.listener, []).append(verdict)
    return found


def happened(truth: Json) -> str:
    """Say what Envoy logged as the table does."""
    flags = "" if truth.get("flags", "-") == "-" else truth["flags"]
    code, details = str(truth.get("code", 0)), truth.get("details", "")
    if truth.get("endpoint") and "overflow" not in details and "X" not in flags:
        return f"reaches {truth['endpoint'].rpartition(':')[0]}"
    return " ".join(filter(None, (code, flags, details)))


def foretold(answer: Answer) -> dict[str, float]:
    """Say what osmscope answers as the table does, with the probability of each."""
    found: Counter[str] = Counter()
    for outcome in answer.outcomes:
        response = outcome.response
        if response is not None:
            flags = ",".join(response.flags)
            words = filter(None, (str(response.code), flags, response.details or ""))
            found[" ".join(words)] += outcome.probability
        for one in outcome.endpoints if response is None else ():
            host = one.address.rpartition(":")[0]
            found[f"reaches {host}"] += outcome.probability * one.probability
        if response is None and not outcome.endpoints:
            found[outcome.verdict] += outcome.probability
    return found


@pytest.mark.parametrize("name", DECIDED)
def test_envoy_decides_like_that(
    batch: Batch, answered: dict[str, list[Verdict]], name: str
) -> None:
    number = list(DECIDED).index(name)
    assert batch.results[number].rejected == ""
    expected = DECIDED[name][1]
    for verdict in answered[f"case-{number}"]:
        truth = verdict.outcome.truth
        assert truth is not None
        assert set(verdict.answer.assumptions) <= {ASKED_BEFORE}
        told = foretold(verdict.answer)
        assert {one for one in told if not one.startswith(expected)} == set()
        assert happened(truth).startswith(expected)


@pytest.mark.parametrize("name", SHARED)
def test_lots_fall_as_foretold(batch: Batch, answered: dict[str, list[Verdict]], name: str) -> None:
    number = len(DECIDED) + list(SHARED).index(name)
    assert batch.results[number].rejected == ""
    found = answered[f"case-{number}"]
    assert len(found) == MANY
    answer = found[0].answer
    assert answer.exact, answer.assumptions
    expected = foretold(answer)
    observed = Counter(happened(one.outcome.truth or {}) for one in found)
    for way in expected.keys() | observed.keys():
        share = expected.get(way, 0.0)
        bound = DEVIATIONS * math.sqrt(MANY * share * (1 - share)) + ROUNDING * bool(share)
        assert abs(observed[way] - MANY * share) <= bound, (way, expected, observed)
