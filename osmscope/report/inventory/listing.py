"""A table with what a long list of it needs: marks, texts to filter by, where each row stands."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from osmscope.report.inventory.document import Mark
from osmscope.report.table import Column, Row, Table
from osmscope.report.table_text import cell_text


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One kind's table."""

    kind: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark | None, ...]
    texts: tuple[str, ...]
    """What a filter looks at: a row's cells and mark, escaped, one below the other."""
    folded: tuple[str, ...]
    """The same in lower case."""
    positions: Mapping[str, int]
    """Where a key stands."""


def listing_of(kind: str, table: Table, marks: tuple[Mark | None, ...]) -> Listing:
    """Prepare a table for a list."""
    texts = []
    for row, mark in zip(table.rows, marks, strict=True):
        text = "\n".join(map(cell_text, row.cells))
        texts.append(text if mark is None else f"{text}\n{mark.word}")
    return Listing(
        kind=kind,
        columns=table.columns,
        rows=table.rows,
        marks=marks,
        texts=tuple(texts),
        folded=tuple(text.lower() for text in texts),
        positions={row.key: index for index, row in enumerate(table.rows)},
    )
