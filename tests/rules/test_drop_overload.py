"""Drop overload, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import msgspec
import pytest

from osmscope.resources.endpoint import LoadAssignmentPolicy
from osmscope.rules.drop_overload import drop_overload


def policy(numerator: int, denominator: str = "HUNDRED") -> LoadAssignmentPolicy:
    percentage = {"numerator": numerator, "denominator": denominator}
    drops = [{"category": "c", "drop_percentage": percentage}]
    return msgspec.convert({"drop_overloads": drops}, LoadAssignmentPolicy)


@pytest.mark.parametrize(
    ("numerator", "denominator", "probability", "flag", "details"),
    [
        (100, "HUNDRED", Fraction(1), "UDO", "unconditional_drop_overload"),
        (1_000_000, "MILLION", Fraction(1), "UDO", "unconditional_drop_overload"),
        (120, "HUNDRED", Fraction(1), "UDO", "unconditional_drop_overload"),
        (25, "HUNDRED", Fraction(1, 4), "DO", "drop_overload"),
        (5, "TEN_THOUSAND", Fraction(1, 2000), "DO", "drop_overload"),
    ],
)
def test_share(
    numerator: int, denominator: str, probability: Fraction, flag: str, details: str
) -> None:
    drop = drop_overload(policy(numerator, denominator))
    assert drop is not None
    assert drop.probability == probability
    assert (drop.reply.code, drop.reply.flags, drop.reply.details) == (503, (flag,), details)


@pytest.mark.parametrize("nothing", [LoadAssignmentPolicy(), policy(0)])
def test_nothing_is_dropped(nothing: LoadAssignmentPolicy) -> None:
    assert drop_overload(nothing) is None


@pytest.mark.parametrize(
    ("limit", "probability"), [(10, Fraction(1, 10)), (100, Fraction(1, 4)), ("x", Fraction(1, 4))]
)
def test_runtime_caps_the_share(limit: object, probability: Fraction) -> None:
    drop = drop_overload(policy(25), {"load_balancing_policy.drop_overload_limit": limit})
    assert drop is not None
    assert drop.probability == probability
    assert drop_overload(policy(25), {"load_balancing_policy.drop_overload_limit": 0}) is None
