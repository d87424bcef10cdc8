from __future__ import annotations

import pytest

from osmscope.report.json_table import json_table
from osmscope.report.table import Row, Table, columns
from osmscope.report.table_text import table_text

TABLE = Table(
    columns("name", "match", "state", wide=("version",)),
    (
        Row(("a" * 30, ("port 80", "SNI x"), "active", "7"), ("a",)),
        Row(("\x1b[31m[red]b", (), "warming", None), ("b",)),
    ),
)


def test_a_table_that_fits_is_a_grid():
    lines = table_text(TABLE, width=80).splitlines()
    assert lines[0].split() == ["NAME", "MATCH", "STATE"]
    assert lines[1].split() == ["a" * 30, "port", "80", "active"]
    assert lines[2].split() == ["SNI", "x"]
    assert lines[3].split() == ["\\x1b[31m[red]b", "-", "warming"]


def test_a_table_that_is_far_too_wide_becomes_records():
    assert table_text(TABLE, width=36).splitlines() == [
        "a" * 30,
        "  match  port 80",
        "         SNI x",
        "  state  active",
        "\\x1b[31m[red]b",
        "  match  -",
        "  state  warming",
    ]


def test_wide_adds_columns():
    assert table_text(TABLE, width=None, wide=True).splitlines()[0].split()[-1] == "VERSION"


def test_colour_adds_nothing_but_colour():
    import re

    colored = table_text(TABLE, width=80, color=True)
    assert "\x1b[32mactive" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored).split() == table_text(TABLE, width=80).split()


def test_objects_have_the_columns_as_keys():
    assert TABLE.documents()[1] == {
        "name": "\x1b[31m[red]b", "match": (), "state": "warming", "version": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "keys", "rows"),
    [
        ([{"a": 1}, {"b": [1]}], ["a", "b"], [(1, None), (None, "[1]")]),
        (["x", "y"], ["value"], [("x",), ("y",)]),
        ({"a": ["x", "y"]}, ["a"], [(("x", "y"),)]),
        (None, ["value"], [(None,)]),
        ([], ["value"], []),
    ],
)
def test_any_json_is_a_table(value, keys, rows):
    table = json_table(value)
    assert [column.title for column in table.columns] == keys
    assert [row.cells for row in table.rows] == rows
    assert table_text(table, width=80)


def test_a_single_column_that_is_far_too_wide_is_wrapped():
    text = table_text(json_table(["x" * 300]), width=80)
    assert max(map(len, text.splitlines())) <= 80
