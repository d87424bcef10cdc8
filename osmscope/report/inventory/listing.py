"""A table with what a long list of it needs: marks, texts to filter by, where each row stands.

Decision: the texts are made when a filter first asks for them: a long list is on the screen sooner,
and the lists that nobody filters hold none.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import msgspec

from osmscope.report.inventory.document import Mark
from osmscope.report.table import Column, Row, Table
from osmscope.report.table_text import cell_text


class Listing(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One kind's table."""

    kind: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark | None, ...]
    positions: Mapping[str, int]
    """Where a key stands."""

    @functools.cached_property
    def texts(self) -> tuple[str, ...]:
        """What a filter looks at: a row's cells and mark, escaped, one below the other."""
        return tuple(map(_text, self.rows, self.marks))

    @functools.cached_property
    def folded(self) -> tuple[str, ...]:
        """The same in lower case."""
        return tuple(text.lower() for text in self.texts)

    def prepare(self) -> None:
        """Make the texts, so that the first key of a filter need not wait for them."""
        len(self.folded)


def _text(row: Row, mark: Mark | None) -> str:
    text = "\n".join(map(cell_text, row.cells))
    return text if mark is None else f"{text}\n{mark.word}"


def listing_of(kind: str, table: Table, marks: tuple[Mark | None, ...]) -> Listing:
    """Prepare a table for a list."""
    return Listing(
        kind=kind,
        columns=table.columns,
        rows=table.rows,
        marks=marks,
        positions={row.key: index for index, row in enumerate(table.rows)},
    )
