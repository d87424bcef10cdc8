"""A table of any length: filtered, sorted, its columns fitted to the screen."""

from __future__ import annotations

import re

from osmscope.report.inventory.listing import Listing
from osmscope.report.table import Cell, Row
from osmscope.tui import actions
from osmscope.tui.cells import column_widths, fitted
from osmscope.tui.filtering import Filter
from osmscope.tui.line_list import LineList, Pieces

_MEASURED = 2000
"""How many rows are looked at for the widths of the columns."""
_WIDEST = 200
_READABLE = 16
"""Cells below which a column that is cut tells too little to stand there."""
_FLASH = 4.0
"""Seconds for which a row that changed is marked."""
_GAP = 2
_DIGITS = re.compile(r"(\d+)")


class TableList(LineList):
    """A table."""

    CONTEXT = "table"
    BINDINGS = actions.bindings("table")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.listing: Listing | None = None
        self.filter = Filter()
        self.is_wide = False
        self.sorted_by: int | None = None
        self._flashing: frozenset[str] = frozenset()
        self._last_key = ""
        self._scope: tuple[int, ...] | None = None
        self._order: list[int] = []
        self._natural: list[int] = []
        self._layout: tuple[int, list[tuple[int, int]]] = (0, [])

    def show(self, listing: Listing, positions: tuple[int, ...] | None, key: str) -> None:
        """Show a table, or some of its rows.

        Args:
            listing: The table.
            positions: The rows to show; None for all.
            key: The row to put the cursor on; "" for the first.
        """
        if self.listing is None or listing.kind != self.listing.kind:
            self.sorted_by = None
        self.listing, self._scope = listing, positions
        self._measure()
        self._arrange(key)

    def filtered(self, wanted: Filter) -> None:
        """Show only what fits."""
        # An expression that is half typed may fit nothing: the cursor then returns to its row.
        self._last_key = self.key() or self._last_key
        self.filter = wanted
        self._arrange(self._last_key)

    def flash(self, keys: frozenset[str]) -> None:
        """Mark rows for a moment: they changed.

        Args:
            keys: Those of the rows.
        """
        self._flashing = keys
        self.refresh()
        self.set_timer(_FLASH, self._settled)

    def _settled(self) -> None:
        self._flashing = frozenset()
        self.refresh()

    def key(self) -> str:
        """Return the key of the row under the cursor; "" where there is none."""
        row = self.row()
        return "" if row is None else row.key

    def row(self) -> Row | None:
        """Return the row under the cursor."""
        if self.listing is None or not 0 <= self.cursor < len(self._order):
            return None
        return self.listing.rows[self._order[self.cursor]]

    def total(self) -> int:
        """Return how many rows there are without a filter."""
        if self.listing is None:
            return 0
        return len(self.listing.rows) if self._scope is None else len(self._scope)

    def count(self) -> int:
        """Return how many rows are shown."""
        return len(self._order)

    def _arrange(self, key: str) -> None:
        listing = self.listing
        if listing is None:
            return
        chosen = list(range(len(listing.rows)))
        if self.filter.matches is not None:
            chosen = self.filter.choose(listing.texts, listing.folded)
        if self._scope is not None:
            inside = set(self._scope)
            chosen = [index for index in chosen if index in inside]
        if self.sorted_by is not None:
            column = self.sorted_by
            chosen.sort(key=lambda index: _sort_key(listing.rows[index].cells[column]))
        self._order = chosen
        position = listing.positions.get(key)
        cursor = self._order.index(position) if position in self._order else 0
        self.changed()
        if cursor == self.cursor:
            self.post_message(self.Moved(self))
        self.cursor = cursor
        self._show_cursor()

    def _shown_columns(self) -> list[int]:
        if self.listing is None:
            return []
        columns = enumerate(self.listing.columns)
        return [index for index, column in columns if self.is_wide or not column.wide]

    def _measure(self) -> None:
        """Find how wide the columns would be; a filter does not change that."""
        listing = self.listing
        if listing is None:
            return
        self._layout, self._natural = (0, []), []
        measured = range(len(listing.rows)) if self._scope is None else self._scope
        for index in self._shown_columns():
            arrow = 2 if index == self.sorted_by else 0
            longest = len(listing.columns[index].title) + arrow
            for position in measured[:_MEASURED]:
                longest = max(longest, _length(listing.rows[position].cells[index]))
            self._natural.append(min(longest, _WIDEST))

    def _columns(self, width: int) -> list[tuple[int, int]]:
        """List the columns that a width has room for, and the cells of each."""
        if self._layout[0] != width:
            self._layout = width, self._laid_out(width)
        return self._layout[1]

    def _laid_out(self, width: int) -> list[tuple[int, int]]:
        assert self.listing is not None
        natural = dict(zip(self._shown_columns(), self._natural, strict=True))
        while True:
            widths = column_widths(list(natural.values()), width - 3, _GAP)
            cut = [cells < min(wish, _READABLE)
                   for cells, wish in zip(widths, natural.values(), strict=True)]  # fmt: skip
            spare = [index for index in natural if self.listing.columns[index].spare]
            if self.is_wide or not any(cut) or not spare:
                return list(zip(natural, widths, strict=True))
            del natural[max(spare, key=natural.__getitem__)]

    def head(self, width: int) -> Pieces | None:
        """Return the titles of the columns; the one it is sorted by has an arrow."""
        if self.listing is None:
            return None
        pieces: Pieces = [("   ", "")]
        for index, cells in self._columns(width) if width > 1 else ():
            title = self.listing.columns[index].title.upper()
            title += " ↑" if index == self.sorted_by else ""
            pieces.append((fitted(title, cells) + " " * _GAP, "head"))
        return pieces

    def pieces(self, index: int, width: int) -> Pieces:
        """Return a row: its mark's sign, then its cells."""
        listing = self.listing
        if listing is None:
            return []
        position = self._order[index]
        row, mark = listing.rows[position], listing.marks[position]
        pieces: Pieces = [(f" {mark.sign} ", mark.style) if mark else ("   ", "")]
        style = mark.style if mark is not None else ""
        if row.key in self._flashing:
            pieces = [(" ≠ ", "match")]
        for number, (column, cells) in enumerate(self._columns(width)):
            name = "strong" if number == 0 else ""
            if row.key in self._flashing:
                name = "match"
            text = _one_line(row.cells[column])
            if mark is not None and text and (mark.word in text or text == "error"):
                name = style
            pieces.append((fitted(text, cells) + " " * _GAP, name))
        return pieces

    def is_match(self, index: int) -> bool:
        """Every row that is shown fits the filter."""
        return True

    def action_wide(self) -> None:
        """Show or hide the columns of the wide form."""
        self.is_wide = not self.is_wide
        self._measure()
        self._arrange(self.key())

    def action_sort(self) -> None:
        """Sort by the next column that is shown; after the last, not at all."""
        shown = [index for index, _ in self._layout[1]] or self._shown_columns()
        following = [index for index in shown if self.sorted_by is None or index > self.sorted_by]
        self.sorted_by = following[0] if following else None
        self._measure()
        self._arrange(self.key())


def _one_line(cell: Cell) -> str:
    if isinstance(cell, tuple):
        return ", ".join(cell)
    return "" if cell is None else str(cell)


def _length(cell: Cell) -> int:
    if isinstance(cell, tuple):
        return sum(map(len, cell)) + 2 * max(len(cell) - 1, 0)
    return 0 if cell is None else len(str(cell))


def _sort_key(cell: Cell) -> list[tuple[int, int | str]]:
    """Order numbers within text by their value: `b9` before `b10`."""
    parts = _DIGITS.split(_one_line(cell).lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
