"""Composite clusters: another cluster for each attempt of a request.

What Envoy does: attempt n goes to the n-th of the members that exist and can pick a host. The
member picks as it does for its own requests, whatever its type, but that no session is regarded. A
`tcp_proxy` finds no host, since a connection has no attempts. Checked against Envoy 1.40.0.
Not modelled: further attempts.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction


def asked(unavailable: Iterable[Fraction]) -> Iterator[Fraction]:
    """Yield the share of first attempts that each member is asked for; at last what finds no host.

    Args:
        unavailable: The share of requests for which a member finds no host, of the members that
            exist, in order.
    """
    left = Fraction(1)
    for share in unavailable:
        yield left
        left *= share
    yield left
