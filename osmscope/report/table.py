"""Tables as neutral data: columns, and rows of cells that hold one or several lines."""

from __future__ import annotations

import msgspec

Cell = str | int | float | bool | None | tuple[str, ...]
"""A tuple holds lines."""


class Column(msgspec.Struct, frozen=True):
    """One column."""

    title: str
    wide: bool = False
    """Whether it is left out of the narrow form."""
    spare: bool = False
    """Whether a screen may leave it out where the others would be cut beyond recognition."""

    @property
    def key(self) -> str:
        """The column's name in JSON: `lb_policy`."""
        return self.title.lower().replace(" ", "_")


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row, and the names by which a user asks for it.

    Rows hold no cycles: big dumps have a hundred thousand of them, on which no garbage collector
    needs to spend the time of a keystroke.
    """

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    key: str = ""
    """What tells it from all other rows of its table, also after a reload; see `keys`."""
    parent: str = ""
    """The key of what it is a part of: of a chain the listener's, of an endpoint the cluster's."""


class Table(msgspec.Struct, frozen=True):
    """A table."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def documents(self) -> list[dict[str, Cell]]:
        """Return each row as an object with the columns' keys."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row.cells, strict=True)) for row in self.rows]

    def narrowed(self) -> Table:
        """Return the table without the columns of the wide form."""
        kept = [index for index, column in enumerate(self.columns) if not column.wide]
        rows = tuple(
            msgspec.structs.replace(row, cells=tuple(row.cells[i] for i in kept))
            for row in self.rows
        )
        return Table(tuple(self.columns[i] for i in kept), rows)


def columns(
    *titles: str, wide: tuple[str, ...] = (), spare: tuple[str, ...] = ()
) -> tuple[Column, ...]:
    """Make columns.

    Args:
        titles: Their titles, in order.
        wide: Those of the wide form alone, which stand after the others.
        spare: Which of the titles a narrow screen can do without.
    """
    return (
        *(Column(title, spare=title in spare) for title in titles),
        *(Column(title, wide=True) for title in wide),
    )
