"""Composite clusters, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.rules.composite import asked

FINDS, HALF, FINDS_NONE = Fraction(0), Fraction(1, 2), Fraction(1)


@pytest.mark.parametrize(
    ("unavailable", "shares"),
    [
        ([FINDS, FINDS], [1, 0, 0]),
        ([FINDS_NONE, FINDS], [1, 1, 0]),
        ([HALF, FINDS], [1, Fraction(1, 2), 0]),
        ([HALF, HALF], [1, Fraction(1, 2), Fraction(1, 4)]),
        ([FINDS_NONE], [1, 1]),
        ([], [1]),
    ],
)
def test_the_first_attempt_goes_to_the_first_member_that_finds_a_host(
    unavailable: list[Fraction], shares: list[Fraction]
) -> None:
    assert list(asked(unavailable)) == shares
