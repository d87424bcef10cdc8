"""The Maglev table, held against the picks of Envoy 1.40.0."""

from fractions import Fraction

import pytest
import xxhash

from osmscope.rules.maglev import Maglev

KEYS = [f"127.1.0.{n}:22900" for n in (1, 2, 3)]
EQUAL = Maglev(KEYS, [1 / 3] * 3)
WEIGHTED = Maglev(KEYS, [1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize(
    ("value", "equal", "weighted"),
    [
        ("", 2, 2),
        ("0", 2, 2),
        ("1", 1, 3),
        ("alice", 3, 3),
        ("bob", 3, 3),
        ("user-42", 2, 2),
    ],
)
def test_picks(value: str, equal: int, weighted: int) -> None:
    hash_value = xxhash.xxh64_intdigest(value.encode())
    assert EQUAL.pick(hash_value) + 1 == equal
    assert WEIGHTED.pick(hash_value) + 1 == weighted


def test_a_small_table() -> None:
    table = Maglev(KEYS, [1 / 3] * 3, 11)
    assert [table.pick(slot) + 1 for slot in range(11)] == [2, 1, 1, 2, 3, 1, 2, 3, 2, 3, 1]
    assert table.shares() == (Fraction(4, 11), Fraction(4, 11), Fraction(3, 11))
    assert table.describe(12) == "slot 1 of 11 of the Maglev table"


def test_order_of_hosts_does_not_matter() -> None:
    table = Maglev(KEYS[::-1], [1 / 3] * 3, 11)
    assert [3 - table.pick(slot) for slot in range(11)] == [2, 1, 1, 2, 3, 1, 2, 3, 2, 3, 1]


def test_shares_follow_the_weights() -> None:
    shares = WEIGHTED.shares()
    assert sum(shares) == 1
    assert [round(share * 6) for share in shares] == [1, 2, 3]
