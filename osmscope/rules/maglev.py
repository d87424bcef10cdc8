"""The table of MAGLEV.

What Envoy does: hosts, sorted by their key, take turns in claiming the next free slot of a
permutation of their own; a lighter host skips turns. A request goes to the slot of its hash modulo
the table's size. Without a hash a random number is taken, so a host's share is that of its slots.
Checked against Envoy 1.40.0. Not modelled: `hash_balance_factor`, which has no effect on hosts
that are not overloaded.
"""

from array import array
from collections.abc import Sequence
from fractions import Fraction

import xxhash

DEFAULT_TABLE_SIZE = 65537


class Maglev:
    """Slots and the hosts they belong to."""

    __slots__ = ("_number", "_slots")

    def __init__(
        self,
        keys: Sequence[str],
        weights: Sequence[float],
        table_size: int = DEFAULT_TABLE_SIZE,
    ) -> None:
        """Build a table; `weights` are the hosts' shares of the whole."""
        self._number = len(keys)
        self._slots = _filled(keys, weights, table_size)

    def pick(self, hash_value: int) -> int:
        """Return the index of the host that a hash leads to."""
        return self._slots[hash_value % len(self._slots)]

    def shares(self) -> tuple[Fraction, ...]:
        """Return the share of each host if the hash is a random number."""
        counts = [0] * self._number
        for host in self._slots:
            counts[host] += 1
        return tuple(Fraction(count, len(self._slots)) for count in counts)

    def describe(self, hash_value: int) -> str:
        """Say where a hash lands."""
        return f"slot {hash_value % len(self._slots)} of {len(self._slots)} of the Maglev table"


def _filled(keys: Sequence[str], weights: Sequence[float], size: int) -> "array[int]":
    encoded = [key.encode() for key in keys]
    order = sorted(range(len(keys)), key=encoded.__getitem__)
    slots = array("i", [-1]) * size
    skips = {host: xxhash.xxh64_intdigest(encoded[host], 1) % (size - 1) + 1 for host in order}
    next_slot = {host: xxhash.xxh64_intdigest(encoded[host]) % size for host in order}
    heaviest = max(weights)
    targets = dict.fromkeys(order, 0.0)
    left = size
    iteration = 0
    while left:
        iteration += 1
        for host in order:
            if iteration * weights[host] < targets[host]:
                continue
            targets[host] += heaviest
            slot, skip = next_slot[host], skips[host]
            while slots[slot] >= 0:
                slot = (slot + skip) % size
            slots[slot] = host
            next_slot[host] = (slot + skip) % size
            left -= 1
            if not left:
                break
    return slots
