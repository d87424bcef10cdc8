"""Composite clusters: another cluster for each attempt of a request.

What Envoy does: attempt n goes to the n-th of the members that exist and can pick a host; the
member picks by its own policy. A `tcp_proxy` finds no host, since a connection has no attempts.
Checked against Envoy 1.40.0. Not modelled: further attempts.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import msgspec

from osmscope.rules.shares import Shares


class AttemptShare(msgspec.Struct, frozen=True):
    """How likely the first attempt goes to a member, and how that is spread."""

    cluster: str
    probability: Fraction
    shares: Shares


def first_attempt(members: Iterable[tuple[str, Shares]]) -> Iterator[AttemptShare]:
    """Spread the first attempt over members; what is missing to 1 finds no host (UH).

    Args:
        members: Name and shares of the members that exist, in order.
    """
    left = Fraction(1)
    for name, shares in members:
        taken = left * (1 - shares.unavailable)
        if taken:
            yield AttemptShare(name, taken, shares)
        left -= taken
        if not left:
            break
