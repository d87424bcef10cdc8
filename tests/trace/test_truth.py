"""Held against what real Envoys did with thousands of requests (`../shared/truth`).

At least 99.9 % of all requests agree in every field; and no answer that calls itself exact differs.
It prints the share of each group and the commonest differences. Where nobody says what Envoy's own
address is, only the `x-forwarded-for` of loopback clients is open, and the answer says so.
"""

import re
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import pytest

from tests.trace.truth_comparison import NODE_IP, Case, case_paths

LEAST = 0.999
VALUES = re.compile(r"'[^']*'|[0-9]+")


def test_answers_agree_with_envoy(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    wrongly_exact = []
    for path in case_paths():
        case = Case(path)
        for request, answer, difference in case.comparisons(NODE_IP):
            total[case.group] += 1
            if not difference:
                agreed[case.group] += 1
                continue
            differences[f"{case.group} {VALUES.sub('…', difference)}"] += 1
            if answer.exact:
                wrongly_exact.append((case.name, request["id"], difference))
    with capsys.disabled():
        print("\n" + _table(agreed, total, differences))
    assert not wrongly_exact
    assert agreed.total() / total.total() >= LEAST


def test_of_the_dump_alone_only_what_is_forwarded_for_loopback_clients_is_open(
    shared: Path,
) -> None:
    for path in case_paths():
        for request, answer, difference in Case(path).comparisons():
            if difference:
                assert difference.startswith("header x-forwarded-for"), (path, request["id"])
                assert request["src_ip"] == "127.0.0.1"
                assert any("(node_ip)" in text for text in answer.assumptions)


def _table(agreed: Counter[str], total: Counter[str], differences: Counter[str]) -> str:
    lines = [
        f"{group:14} {agreed[group]:5} of {count:5}  {agreed[group] / count:.2%}"
        for group, count in sorted(total.items())
    ]
    lines.append(f"{'all':14} {agreed.total():5} of {total.total():5}")
    lines += [f"{count:5} × {text}" for text, count in differences.most_common(10)]
    return "\n".join(lines)


@pytest.mark.parametrize("path", [p for p in case_paths() if "fuzz-lb" in p.name], ids=str)
def test_shares_are_those_of_envoy(path: Path) -> None:
    """Each endpoint gets its share, within five standard deviations of the count."""
    case = Case(path)
    observed: dict[str, Counter[str]] = defaultdict(Counter)
    expected: dict[str, dict[str, Fraction]] = {}
    for request, answer, difference in case.comparisons():
        assert not difference
        if any("weighted_priority_health" in text for text in answer.assumptions):
            continue  # the dump does not say what these shares depend on, and the answer says so
        key = str(request["truth"].get("route"))
        observed[key][request["truth"].get("endpoint", "none")] += 1
        expected[key] = {
            endpoint.address: Fraction(outcome.probability) * Fraction(endpoint.probability)
            for outcome in answer.outcomes
            for endpoint in outcome.endpoints
        }
    for key, counts in observed.items():
        count = counts.total()
        for address, share in expected[key].items():
            deviation = (float(share * (1 - share)) * count) ** 0.5
            assert abs(counts[address] - float(share) * count) <= 5 * deviation + 1, (key, address)
