"""Where lots decide, each endpoint gets the share that osmscope says, within a stated bound.

Of n requests an endpoint with share p gets np, give or take. The bound is five standard deviations
of a binomial count, plus two for round robin's rounding: a correct share breaks it about once in
two million. What gets nothing by osmscope's word must get nothing.
"""

import math
from collections import Counter

import pytest

from tests.oracle.agreement import Verdict, describe, verdicts
from tests.oracle.draw import Draw
from tests.oracle.envoy_batch import Oracle
from tests.oracle.families.shares import ASKED, draw_shares
from tests.oracle.rule_coverage import RuleCoverage

pytestmark = pytest.mark.envoy

DEVIATIONS = 5
ROUNDING = 2
SHARE_OF_CASES = 0.2
"""How much of `--oracle-cases` goes into shares."""


def test_shares_are_those_of_envoy(
    envoy_oracle: Oracle, rule_coverage: RuleCoverage | None, pytestconfig: pytest.Config
) -> None:
    draw = Draw(f"shares {pytestconfig.option.oracle_seed}")
    count = math.ceil(SHARE_OF_CASES * pytestconfig.option.oracle_cases / ASKED)
    batch = envoy_oracle.ask([draw_shares(draw) for _ in range(count)])
    by_listener: dict[str, list[Verdict]] = {}
    for verdict in verdicts(batch, rule_coverage):
        by_listener.setdefault(verdict.result.listener, []).append(verdict)
    assert by_listener
    failures = [_beyond_the_bound(answered) for answered in by_listener.values()]
    assert [failure for failure in failures if failure] == []


def _beyond_the_bound(answered: list[Verdict]) -> str:
    first = answered[0]
    expected: Counter[str] = Counter()
    for outcome in first.answer.outcomes:
        for endpoint in outcome.endpoints:
            expected[endpoint.address] += outcome.probability * endpoint.probability
        if not outcome.endpoints:
            expected["none"] += outcome.probability
    observed = Counter(str((one.outcome.truth or {}).get("endpoint", "none")) for one in answered)
    total = len(answered)
    for address in expected.keys() | observed.keys():
        share = expected[address]
        bound = DEVIATIONS * math.sqrt(total * share * (1 - share)) + ROUNDING * bool(share)
        if abs(observed[address] - total * share) > bound:
            return f"{address}: {observed[address]}, not {total * share:.1f}\n{describe(first)}"
    return ""
