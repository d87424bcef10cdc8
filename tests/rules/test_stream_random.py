"""One random number for routes, weights and mirrors: counted number by number, and by rule."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.rules import stream_random
from osmscope.rules.stream_random import Draw, Drawn, likelihood, narrowed


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_remembered() -> None:
    """Other rules' tests ask the same: what they were answered is no test of this rule."""
    stream_random._likelihood.cache_clear()


def drawn(*draws: tuple[int, int, int]) -> Drawn:
    result: Drawn = ()
    for draw in draws:
        result = narrowed(result, Draw(*draw))
    return result


def counted(draws: tuple[tuple[int, int, int], ...]) -> Fraction:
    whole = math.lcm(*(modulus for modulus, _, _ in draws))
    fitting = sum(
        all(start <= number % modulus < end for modulus, start, end in draws)
        for number in range(whole)
    )
    return Fraction(fitting, whole)


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        ((), Fraction(1)),
        (((100, 0, 30),), Fraction(3, 10)),
        (((100, 30, 100), (100, 0, 50)), Fraction(1, 5)),
        (((100, 0, 50), (100, 50, 100)), Fraction(0)),
        (((97, 0, 31), (97, 31, 97)), Fraction(0)),
        (((100, 0, 50), (7, 0, 3)), Fraction(3, 14)),
        (((100, 0, 50), (10_000, 0, 100)), Fraction(1, 200)),
        (((100, 0, 50), (10_000, 0, 100), (1_000_000, 0, 50)), Fraction(50, 1_000_000)),
        (((1_000_000, 0, 10), (1000, 0, 5)), Fraction(5, 1_000_000)),
    ],
)
def test_conditions_hold_together(draws: tuple[tuple[int, int, int], ...], expected: Fraction):
    assert likelihood(drawn(*draws)) == expected


def test_what_a_condition_leaves():
    assert Draw(100, 0, 30).rest == Draw(100, 30, 100)


def test_what_is_known_is_taken_for_granted():
    known = drawn((100, 0, 50))
    assert likelihood(known, known) == 1
    assert likelihood(drawn((100, 0, 50), (100, 0, 25)), known) == Fraction(1, 2)


@st.composite
def conditions(draw: st.DrawFn) -> tuple[int, int, int]:
    modulus = draw(st.sampled_from([1, 2, 3, 4, 6, 7, 10, 12, 20]))
    start = draw(st.integers(0, modulus - 1))
    return modulus, start, draw(st.integers(start + 1, modulus))


@given(st.lists(conditions(), min_size=1, max_size=4))
def test_it_is_as_if_all_numbers_were_counted(draws: list[tuple[int, int, int]]):
    assert likelihood(drawn(*draws)) == counted(tuple(draws))


def test_too_many_pieces_are_taken_as_independent():
    large = [(997, 0, 400), (99_991, 0, 50_000), (1_000_003, 0, 9)]
    expected = math.prod(Fraction(end, modulus) for modulus, _, end in large)
    assert likelihood(drawn(*large)) == expected


def test_orders_do_not_matter():
    draws = [(100, 0, 50), (7, 0, 3), (30, 5, 11)]
    assert len({drawn(*order) for order in itertools.permutations(draws)}) == 1
