from __future__ import annotations

import pytest

from osmscope.tui.filtering import parse_filter

ROWS = ("bookstore/bookstore-v1|14001", "bookstore/bookstore-v2|14001", "osm-controller",
        "Bookbuyer", "a.b")  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "fitting"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("book", [0, 1, 3]),
        ("Book", [3]),
        ("v[12]", [0, 1]),
        ("^osm|v2", [1, 2]),
        ("!book", [2, 4]),
        ("!", [0, 1, 2, 3, 4]),
        ("-f bsv2", [1]),
        ("-f", [0, 1, 2, 3, 4]),
        ("!-f bsv", [2, 3, 4]),
        ("a.b", [4]),
        ("v1|", [0, 1, 2, 3, 4]),
    ],
)
def test_what_fits(typed, fitting):
    assert parse_filter(typed).choose(ROWS) == fitting


@pytest.mark.parametrize("typed", ["v1(", "[", "*", "(?=x)"])
def test_what_is_no_expression_is_meant_as_it_stands_and_told(typed):
    found = parse_filter(typed)
    assert found.problem
    assert found.choose([typed, "x"]) == [0]


@pytest.mark.parametrize("typed", ["book", "Book", "!book", "-f bsv", "v[12]", "v1|", "service-05"])
def test_the_fast_way_finds_the_same(typed):
    folded = [row.lower() for row in ROWS]
    assert parse_filter(typed).choose(ROWS, folded) == parse_filter(typed).choose(ROWS)


def test_an_expression_too_large_for_the_fast_way_finds_the_same():
    found = parse_filter(r"(?:\pL\pN|x){112}")
    assert not found.problem
    assert found.choose(["x" * 112, "x" * 111, ""]) == [0]


def test_no_expression_takes_exponential_time():
    assert parse_filter("(a+)+$").choose(["a" * 50_000 + "b"]) == []
