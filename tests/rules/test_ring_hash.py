"""The ring, held against the picks of Envoy 1.40.0."""

from fractions import Fraction

import pytest
import xxhash

from osmscope.rules.ring_hash import Ring, RingSize, murmur_hash_2

KEYS = [f"127.1.0.{n}:22900" for n in (1, 2, 3)]
EQUAL = [1 / 3] * 3
WEIGHTED = [1 / 6, 2 / 6, 3 / 6]


@pytest.mark.parametrize(
    ("value", "equal", "weighted"),
    [
        ("", 1, 2),
        ("0", 3, 3),
        ("1", 1, 1),
        ("alice", 1, 3),
        ("bob", 1, 3),
        ("user-42", 3, 3),
    ],
)
def test_picks(value: str, equal: int, weighted: int) -> None:
    hash_value = xxhash.xxh64_intdigest(value.encode())
    assert Ring(KEYS, EQUAL, RingSize()).pick(hash_value) + 1 == equal
    assert Ring(KEYS, WEIGHTED, RingSize()).pick(hash_value) + 1 == weighted


@pytest.mark.parametrize(
    ("weights", "size"),
    [(EQUAL, 1026), (WEIGHTED, 1026), ([5 / 16, 5 / 16, 5 / 16, 1 / 16], 1024)],
)
def test_size_gives_the_least_host_a_whole_number_of_points(
    weights: list[float], size: int
) -> None:
    ring = Ring([f"127.1.0.{n}:1" for n in range(len(weights))], weights, RingSize())
    assert len(ring) == size


def test_first_and_last_point() -> None:
    ring = Ring(KEYS, EQUAL, RingSize())
    first, last = 1380445133376949, 18431758626645249388
    assert [ring.pick(h) + 1 for h in (0, first, last, last + 1)] == [3, 3, 1, 3]
    assert ring.describe(first) == ring.describe(last + 1) == "point 0 of 1026 on the ring"
    assert ring.describe(first + 1) == "point 1 of 1026 on the ring"
    assert ring.describe(last) == "point 1025 of 1026 on the ring"


def test_maximum_ring_size() -> None:
    assert len(Ring(KEYS, EQUAL, RingSize(minimum=10, maximum=10))) == 10


def test_shares_are_the_lengths_of_arcs() -> None:
    shares = Ring(KEYS, EQUAL, RingSize()).shares()
    assert sum(shares) == 1
    assert all(abs(share - Fraction(1, 3)) < Fraction(1, 10) for share in shares)
    assert Ring(["a"], [1.0], RingSize()).shares() == (1,)


@pytest.mark.parametrize(
    ("text", "hash_value"),
    [
        ("", 6142509188972423790),
        ("1", 10159970873491820195),
        ("12345678", 10113836418918046885),
        ("127.0.0.1:80_0", 17613279263364193813),
    ],
)
def test_murmur_hash_2(text: str, hash_value: int) -> None:
    assert murmur_hash_2(text.encode()) == hash_value


def test_murmur_hash_2_makes_other_points() -> None:
    ring = Ring(["a"], [1.0], RingSize(minimum=1, hash_function="MURMUR_HASH_2"))
    assert len(ring) == 1
    assert ring.pick(0) == 0
