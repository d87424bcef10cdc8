"""The ring of RING_HASH.

What Envoy does: the ring is sized so that the least host gets a whole number of points; hosts are
walked in order with running sums of what they are due. A point is the hash of the host's key, `_`
and a number counted per host; a request goes to the first point at or after its hash, around the
end. Without a hash a random number is taken, so a host's share is the length of its arcs. Sums are
in floating point here as there: the last digit decides about a point. Checked against Envoy 1.40.0.
Not modelled: `hash_balance_factor`, which has no effect on hosts that are not overloaded.
"""

import bisect
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec
import xxhash

_HASHES = 1 << 64
_MURMUR_SEED = 0xC70F6907
_MURMUR_FACTOR = 0xC6A4A7935BD1E995
_MASK = _HASHES - 1


class RingSize(msgspec.Struct, frozen=True, kw_only=True):
    """How a ring is made, with Envoy's defaults."""

    minimum: int = 1024
    maximum: int = 8 * 1024 * 1024
    hash_function: str = "XX_HASH"


class Ring:
    """Points and the hosts they belong to."""

    __slots__ = ("_hosts", "_number", "_points")

    def __init__(self, keys: Sequence[str], weights: Sequence[float], size: RingSize) -> None:
        """Build a ring; `weights` are the hosts' shares of the whole, in Envoy's order."""
        ring = sorted(_points(keys, weights, size), key=lambda point: point[0])
        self._points = [point for point, _ in ring]
        self._hosts = [host for _, host in ring]
        self._number = len(keys)

    def __len__(self) -> int:
        return len(self._points)

    def pick(self, hash_value: int) -> int:
        """Return the index of the host that a hash leads to."""
        return self._hosts[self._index(hash_value)]

    def shares(self) -> tuple[Fraction, ...]:
        """Return the share of each host if the hash is a random number."""
        arcs = [0] * self._number
        previous = self._points[-1] - _HASHES
        for point, host in zip(self._points, self._hosts, strict=True):
            arcs[host] += point - previous
            previous = point
        return tuple(Fraction(arc, _HASHES) for arc in arcs)

    def describe(self, hash_value: int) -> str:
        """Say where a hash lands, counted from 0."""
        return f"point {self._index(hash_value)} of {len(self._points)} on the ring"

    def _index(self, hash_value: int) -> int:
        index = bisect.bisect_left(self._points, hash_value)
        return index if index < len(self._points) else 0


def _points(keys: Sequence[str], weights: Sequence[float], size: RingSize) -> list[tuple[int, int]]:
    least = min(weights)
    scale = min(math.ceil(least * size.minimum) / least, float(size.maximum))
    hash_of = _hash_function(size.hash_function)
    points = []
    current = target = 0.0
    for host, (key, weight) in enumerate(zip(keys, weights, strict=True)):
        target += scale * weight
        index = 0
        while current < target:
            points.append((hash_of(f"{key}_{index}".encode()), host))
            index += 1
            current += 1
    return points


def _hash_function(name: str) -> Callable[[bytes], int]:
    return murmur_hash_2 if name == "MURMUR_HASH_2" else xxhash.xxh64_intdigest


def murmur_hash_2(data: bytes) -> int:
    """Hash as libstdc++'s `std::hash` of a string does on 64 bits."""
    value = _MURMUR_SEED ^ (len(data) * _MURMUR_FACTOR & _MASK)
    whole = len(data) & ~7
    for start in range(0, whole, 8):
        block = _mixed(int.from_bytes(data[start : start + 8], "little") * _MURMUR_FACTOR & _MASK)
        value = (value ^ (block * _MURMUR_FACTOR & _MASK)) * _MURMUR_FACTOR & _MASK
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MURMUR_FACTOR & _MASK
    return _mixed(_mixed(value) * _MURMUR_FACTOR & _MASK)


def _mixed(value: int) -> int:
    return value ^ (value >> 47)
