"""Fractions with runtime keys, as a table of what Envoy 1.40.0 does."""

from fractions import Fraction

import pytest

from osmscope.resources.matcher import FractionalPercent, RuntimeFractionalPercent
from osmscope.rules.runtime_fraction import draw, fits, probability
from osmscope.rules.stream_random import Draw

HALF = RuntimeFractionalPercent(default_value=FractionalPercent(numerator=50), runtime_key="k")


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (0, "HUNDRED", Fraction(0)),
        (50, "HUNDRED", Fraction(1, 2)),
        (100, "HUNDRED", Fraction(1)),
        (150, "HUNDRED", Fraction(1)),
        (5, "TEN_THOUSAND", Fraction(5, 10_000)),
        (5, "MILLION", Fraction(5, 1_000_000)),
    ],
)
def test_default_value(numerator: int, denominator: str, expected: Fraction) -> None:
    default = FractionalPercent(numerator=numerator, denominator=denominator)
    assert probability(RuntimeFractionalPercent(default_value=default), {}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, Fraction(0)),
        (10, Fraction(1, 10)),
        (250, Fraction(1)),
        ("10", Fraction(1, 10)),
        ({"numerator": 3, "denominator": "MILLION"}, Fraction(3, 1_000_000)),
        ({"numerator": 3}, Fraction(3, 100)),
        ({"denominator": "MILLION"}, Fraction(0)),
        ({"numerator": 3, "denominator": "DOZEN"}, Fraction(1, 2)),
        (True, Fraction(1, 2)),
        (-1, Fraction(1, 2)),
        ("many", Fraction(1, 2)),
        (None, Fraction(1, 2)),
    ],
)
def test_runtime_key_overrides_the_default(value: object, expected: Fraction) -> None:
    assert probability(HALF, {"k": value}) == expected


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [({}, Draw(100, 0, 50)), ({"k": 0}, Draw(100, 0, 0)), ({"k": 250}, Draw(100, 0, 100))],
)
def test_the_random_numbers_that_fit(runtime: dict[str, object], expected: Draw) -> None:
    assert draw(HALF, runtime) == expected


def test_a_key_that_is_not_set_leaves_the_default() -> None:
    assert probability(HALF, {"other": 0}) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("random_value", "expected"), [(0, True), (49, True), (50, False), (99, False), (100, True)]
)
def test_the_remainder_has_to_be_below_the_numerator(random_value: int, expected: bool) -> None:
    assert fits(HALF, {}, random_value) is expected
