"""What differs between two readings of one table, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.report.table import Cell, Row, Table


def table_changes(before: Table, after: Table) -> tuple[str, ...]:
    """List what differs: rows that are new or gone, and cells that are others, each a clause.

    Args:
        before: The earlier reading.
        after: The later one, with the same columns.
    """
    return tuple(_changes(before, after))


def _changes(before: Table, after: Table) -> Iterator[str]:
    old, new = _by_key(before), _by_key(after)
    for key, row in old.items():
        if key not in new:
            yield f"{_called(row)}: gone"
    for key, row in new.items():
        was = old.get(key)
        if was is None:
            yield f"{_called(row)}: new"
            continue
        for column, one, other in zip(after.columns, was.cells, row.cells, strict=True):
            if one != other:
                yield f"{_called(row)}: {column.title} {_text(one)} → {_text(other)}"


def _by_key(table: Table) -> dict[tuple[str, int], Row]:
    """The rows by what tells them apart; those that nothing tells apart, by their order."""
    found: dict[tuple[str, int], Row] = {}
    counts: dict[str, int] = {}
    for row in table.rows:
        key = row.key or _called(row)
        counts[key] = counts.get(key, 0) + 1
        found[key, counts[key]] = row
    return found


def _called(row: Row) -> str:
    names = dict.fromkeys(_text(cell) for cell in row.cells[:2])
    return row.key or " ".join(names)


def _text(cell: Cell) -> str:
    if isinstance(cell, tuple):
        return ", ".join(cell) or "-"
    return "-" if cell is None or cell == "" else str(cell)
