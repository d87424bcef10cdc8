from __future__ import annotations

import pytest

from osmscope.report.table import Row, Table, columns
from osmscope.report.table_changes import table_changes

COLUMNS = columns("name", "health", wide=("last updated",))


def table(*rows: Row) -> Table:
    return Table(COLUMNS, rows)


def row(name: str, health: object = "healthy", updated: object = "1", key: str = "") -> Row:
    return Row((name, health, updated), (name,), key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ((row("a"),), (row("a"),), ()),
        ((row("a", key="k1"),), (row("b", key="k2"),), ("k1: gone", "k2: new")),
        (
            (row("a", key="k"),),
            (row("a", "unhealthy", None, key="k"),),
            ("k: health healthy → unhealthy", "k: last updated 1 → -"),
        ),
        ((row("a", ("x", "y")),), (row("a", ("x",)),), ("a x, y: gone", "a x: new")),
        ((row("a", ""), row("a", "")), (row("a", ""),), ("a -: gone",)),
        ((row("a"), row("b")), (row("b"), row("a")), ()),
    ],
    ids=["nothing", "rows", "cells", "without keys", "twice the same", "order"],
)
def test_rows_and_cells_that_are_others_are_told(
    before: tuple[Row, ...], after: tuple[Row, ...], changes: tuple[str, ...]
) -> None:
    assert table_changes(table(*before), table(*after)) == changes
