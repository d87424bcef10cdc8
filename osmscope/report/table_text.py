"""A table as text, its cells wrapped to the terminal and never cut."""

from __future__ import annotations

import io

from osmscope.report.table import Cell, Table
from osmscope.report.text_layout import Page
from osmscope.report.untrusted import escaped

_FOLDED_AT_MOST = 1.3
"""How much wider than the terminal a table may be for its cells to be folded."""
_STYLES = {
    "active": "green",
    "static": "green",
    "healthy": "green",
    "warming": "yellow",
    "draining": "yellow",
    "error": "red",
    "missing": "red",
}


def table_text(table: Table, *, width: int | None, color: bool = False, wide: bool = False) -> str:
    """Write a table; as one record below the other where its rows are far wider than the terminal.

    Args:
        table: What to write.
        width: How many columns the terminal has; None for as many as the table needs.
        color: Whether to colour states.
        wide: Whether to show the columns of the wide form too.
    """
    shown = table if wide else table.narrowed()
    natural = _natural_width(shown)
    if width is not None and natural > width * _FOLDED_AT_MOST:
        return _records(shown, width, color=color)
    return _grid(shown, natural if width is None else width, color=color)


def _grid(table: Table, width: int, *, color: bool) -> str:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in table.columns:
        grid.add_column(Text(column.title.upper()), overflow="fold")
    for row in table.rows:
        grid.add_row(
            *(Text(text, style=_STYLES.get(text, "")) for text in map(cell_text, row.cells))
        )
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        highlight=False,
        legacy_windows=False,
    )
    console.print(grid)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _records(table: Table, width: int, *, color: bool) -> str:
    page = Page(width=width, color=color)
    longest = max((len(column.title) for column in table.columns[1:]), default=0) + 4
    for row in table.rows:
        page.put("", cell_text(row.cells[0]), "strong")
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True):
            label = f"  {column.title}".ljust(longest)
            for index, line in enumerate(cell_text(cell).split("\n")):
                page.put(" " * longest if index else label, line)
    return page.text()


def cell_text(cell: Cell) -> str:
    """Write a cell; its lines are escaped each on its own."""
    if isinstance(cell, tuple):
        return "\n".join(map(escaped, cell)) or "-"
    if cell is None or cell == "":
        return "-"
    return escaped(str(cell))


def _natural_width(table: Table) -> int:
    """How wide a table is that folds nothing."""

    def longest(cells: list[Cell]) -> int:
        return max(len(line) for cell in cells for line in cell_text(cell).split("\n"))

    return sum(
        longest([column.title, *(row.cells[index] for row in table.rows)]) + 2
        for index, column in enumerate(table.columns)
    )
