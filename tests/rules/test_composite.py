"""Composite clusters, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.rules.composite import first_attempt
from osmscope.rules.shares import Shares

FINDS = Shares()
HALF = Shares(unavailable=Fraction(1, 2))
FINDS_NONE = Shares(unavailable=Fraction(1))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([("a", FINDS), ("b", FINDS)], {"a": Fraction(1)}),
        ([("a", FINDS_NONE), ("b", FINDS)], {"b": Fraction(1)}),
        ([("a", HALF), ("b", FINDS)], {"a": Fraction(1, 2), "b": Fraction(1, 2)}),
        ([("a", HALF), ("b", HALF)], {"a": Fraction(1, 2), "b": Fraction(1, 4)}),
        ([("a", FINDS_NONE)], {}),
        ([], {}),
    ],
)
def test_the_first_attempt_goes_to_the_first_member_that_finds_a_host(
    members: list[tuple[str, Shares]], expected: dict[str, Fraction]
) -> None:
    assert {part.cluster: part.probability for part in first_attempt(members)} == expected
