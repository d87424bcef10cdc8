"""The one random number of a request: which values of it lead where, and how likely they are.

What Envoy does: a request has one random number of 64 bits. `runtime_fraction` of every route, the
weights of a route's clusters and the fraction of a mirror all look at that same number, each at its
remainder by another modulus. So what one of them decided narrows what the others can decide: behind
a route that takes remainders by 100 below 50, two clusters of weight 50 are not drawn evenly, the
first one gets everything. Checked against Envoy 1.40.0. Not modelled: that 2^64 is no multiple of
the moduli, which shifts shares by less than 1e-9; beyond 100,000 pieces, moduli are taken as
independent.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import msgspec

_MOST_PIECES = 100_000


class Draw(msgspec.Struct, frozen=True, order=True):
    """A condition: the random number's remainder by the modulus is in [start, end)."""

    modulus: int
    start: int
    end: int

    @property
    def rest(self) -> Draw:
        """What a condition that starts at 0 leaves."""
        return Draw(self.modulus, self.end, self.modulus)


Drawn = tuple[Draw, ...]
"""Conditions that all hold, one for each modulus, in their order."""


def narrowed(drawn: Drawn, draw: Draw) -> Drawn:
    """Add a condition."""
    kept = [one for one in drawn if one.modulus != draw.modulus]
    for one in drawn:
        if one.modulus == draw.modulus:
            draw = Draw(one.modulus, max(one.start, draw.start), min(one.end, draw.end))
    return tuple(sorted([*kept, draw]))


def likelihood(drawn: Drawn, given: Drawn = ()) -> Fraction:
    """Return the share of random numbers for which conditions hold.

    Args:
        drawn: The conditions, `given` among them.
        given: What is known of the number; only such numbers are looked at.
    """
    return Fraction(1) if drawn == given else _likelihood(drawn) / _likelihood(given)


@functools.lru_cache(maxsize=4096)
def _likelihood(drawn: Drawn) -> Fraction:
    if any(draw.start >= draw.end for draw in drawn):
        return Fraction(0)
    if not drawn:
        return Fraction(1)
    modulus, pieces = drawn[0].modulus, [(drawn[0].start, drawn[0].end)]
    for draw in drawn[1:-1]:
        whole = math.lcm(modulus, draw.modulus)
        if whole // modulus * len(pieces) + whole // draw.modulus > _MOST_PIECES:
            return math.prod((_likelihood((one,)) for one in drawn), start=Fraction(1))
        pieces = list(_joined(_repeated(modulus, pieces, whole), draw))
        modulus = whole
    if len(drawn) == 1:
        return Fraction(drawn[0].end - drawn[0].start, modulus)
    return _of_two(modulus, pieces, drawn[-1])


def _repeated(modulus: int, pieces: list[tuple[int, int]], whole: int) -> Iterator[tuple[int, int]]:
    for base in range(0, whole, modulus):
        yield from ((base + start, base + end) for start, end in pieces)


def _joined(pieces: Iterator[tuple[int, int]], draw: Draw) -> Iterator[tuple[int, int]]:
    for start, end in pieces:
        for base in range(start // draw.modulus * draw.modulus, end, draw.modulus):
            low, high = max(start, base + draw.start), min(end, base + draw.end)
            if low < high:
                yield low, high


def _of_two(modulus: int, pieces: list[tuple[int, int]], draw: Draw) -> Fraction:
    """Join conditions of two moduli: they depend on each other only by their common divisor.

    Each class of remainders by the divisor has `every` numbers of the second condition, and those
    of a run of classes have one more.
    """
    divisor = math.gcd(modulus, draw.modulus)
    every, more = divmod(draw.end - draw.start, divisor)
    first = draw.start % divisor
    found = sum(
        every * (end - start)
        + _in_classes(end, divisor, first, more)
        - _in_classes(start, divisor, first, more)
        for start, end in pieces
    )
    return Fraction(found * divisor, modulus * draw.modulus)


def _in_classes(limit: int, divisor: int, first: int, number: int) -> int:
    """Count the numbers below a limit whose remainder is one of a run of classes, round the end."""
    rounds, left = divmod(limit, divisor)
    inside = max(0, min(left, first + number) - first)
    return rounds * number + inside + max(0, min(left, first + number - divisor))
