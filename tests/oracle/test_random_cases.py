"""Random configurations and requests: what osmscope says is what a real Envoy does.

The number of a run and its seed are in pytest's header; `--oracle-cases N --oracle-seed S` draws
the same again. A case is one request to one drawn configuration. What differs is cut down to the
least that still differs, kept in `regressions/`, and from then on always asked. An answer that is
not exact may differ only where what it assumed is the reason (`explanations.py`).

Batches are drawn from a seed, not by hypothesis: it draws one example after the other, and here
hundreds have to be known before one Envoy starts with them.
"""

import math
from collections import Counter

import pytest

from tests.oracle.agreement import Verdict, describe, verdicts
from tests.oracle.case import Case, load_regressions
from tests.oracle.draw import Draw
from tests.oracle.drawn_cases import FAMILIES
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.explanations import unexplained
from tests.oracle.rule_coverage import RuleCoverage
from tests.oracle.shrinking import shrink

pytestmark = pytest.mark.envoy

BATCH = 150
"""Configurations of one Envoy."""

MOST_REJECTED = 0.5
"""The share of a family's configurations that Envoy may refuse: more, and it tests too little."""

DEVIATIONS = 3
"""By how much more it may be by chance, where few are drawn."""


@pytest.mark.parametrize("family", FAMILIES)
def test_random_cases_agree_with_envoy(
    family: str,
    envoy_oracle: Oracle,
    rule_coverage: RuleCoverage | None,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw = Draw(f"{family} {pytestconfig.option.oracle_seed}")
    wanted = math.ceil(pytestconfig.option.oracle_cases / len(FAMILIES))
    counts: Counter[str] = Counter()
    while counts["answered"] < wanted:
        batch = envoy_oracle.ask(_batch(family, draw, wanted - counts["answered"]))
        different = _count(batch, counts, rule_coverage)
        if different:
            pytest.fail(_kept(envoy_oracle, different, pytestconfig.option.oracle_seed))
    with capsys.disabled():
        print(f" {dict(counts)}", end="")
    drawn = counts["configurations"]
    assert counts["rejected"] <= MOST_REJECTED * drawn + DEVIATIONS * math.sqrt(drawn) / 2


def test_cases_that_once_differed_agree(envoy_oracle: Oracle) -> None:
    batch = envoy_oracle.ask([case for _, case in load_regressions()])
    assert [result.rejected for result in batch.results if result.rejected] == []
    assert [describe(one) for one in verdicts(batch) if unexplained(one, batch)] == []


def _batch(family: str, draw: Draw, wanted: int) -> list[Case]:
    cases: list[Case] = []
    while len(cases) < BATCH and sum(len(case.requests) for case in cases) < wanted:
        cases.append(FAMILIES[family](draw))
    return cases


def _count(batch: Batch, counts: Counter[str], coverage: RuleCoverage | None) -> list[Verdict]:
    """Add up what became of a batch; return the differences that nothing explains."""
    counts["configurations"] += len(batch.results)
    counts["rejected"] += sum(bool(result.rejected) for result in batch.results)
    different = []
    for verdict in verdicts(batch, coverage):
        counts["answered"] += 1
        counts["not exact"] += not verdict.answer.exact
        if unexplained(verdict, batch):
            different.append(verdict)
        elif verdict.difference:
            counts["explained differences"] += 1
    return different


def _kept(oracle: Oracle, different: list[Verdict], seed: int) -> str:
    """Cut the first difference down and keep it; return what there is to say."""
    first = min(different, key=lambda one: one.result.case.size())
    case = shrink(oracle, first)
    kind = first.difference.split(":")[0].replace(" ", "-")
    path = case.save(f"{case.family}-{kind}-{seed}")
    again = next((one for one in verdicts(oracle.ask([case])) if one.difference), first)
    return f"{len(different)} answers differ; the least is kept as {path.name}\n{describe(again)}"
