"""Localities, as a table of what Envoy 1.40.0 was observed to do."""

from fractions import Fraction

import pytest

from osmscope.resources.endpoint import Locality
from osmscope.rules.locality import (
    LocalityCounts,
    in_order,
    locality_shares,
    normalized_weights,
)


def test_the_own_locality_comes_first() -> None:
    a, m, z = (Locality(zone=zone) for zone in "amz")
    assert in_order([z, a, m, a], m) == (m, a, z)
    assert in_order([z, a, m], None) == (a, m, z)


def test_order_is_by_region_then_zone_then_sub_zone() -> None:
    places = [Locality(region=r, zone=z, sub_zone=s) for r, z, s in ("abb", "bba", "aba", "aac")]
    assert [place.text() for place in in_order(places, None)] == [
        "a/a/c",
        "a/b/a",
        "a/b/b",
        "b/b/a",
    ]


@pytest.mark.parametrize(
    ("localities", "shares"),
    [
        ([(1, 2, 2), (3, 2, 2)], (Fraction(1, 4), Fraction(3, 4))),
        ([(1, 1, 2), (1, 2, 2)], (Fraction(7, 17), Fraction(10, 17))),
        ([(1, 1, 4), (1, 4, 4)], (Fraction(35, 135), Fraction(100, 135))),
        ([(1, 2, 2), (0, 2, 2)], (Fraction(1), Fraction(0))),
        ([(1, 0, 0), (1, 2, 2)], (Fraction(0), Fraction(1))),
        ([(0, 2, 2), (0, 2, 2)], None),
        ([(1, 0, 2)], None),
    ],
)
def test_weights_are_scaled_by_availability(
    localities: list[tuple[int, int, int]], shares: tuple[Fraction, ...] | None
) -> None:
    assert locality_shares([LocalityCounts(*numbers) for numbers in localities]) == shares


def test_overprovisioning_factor() -> None:
    localities = [LocalityCounts(1, 1, 2), LocalityCounts(1, 2, 2)]
    assert locality_shares(localities, 100) == (Fraction(1, 3), Fraction(2, 3))


@pytest.mark.parametrize(
    ("groups", "weights"),
    [
        ([(1, [1, 1, 2])], [[0.25, 0.25, 0.5]]),
        ([(1, [1, 1]), (3, [1, 2])], [[0.125, 0.125], [0.25, 0.5]]),
        ([(0, [1, 1]), (3, [1])], [[0.0, 0.0], [1.0]]),
        ([(0, [1])], [[0.0]]),
        ([(1, [])], [[]]),
    ],
)
def test_weights_for_a_table(
    groups: list[tuple[int, list[int]]], weights: list[list[float]]
) -> None:
    assert normalized_weights(groups) == weights
