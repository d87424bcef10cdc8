"""A view of one table that can be filtered."""

from __future__ import annotations

from textual import on

from osmscope.tui.filtering import Filter, parse_filter
from osmscope.tui.prompt import Prompt
from osmscope.tui.table_list import TableList
from osmscope.tui.view_screen import ViewScreen


class TableView(ViewScreen):
    """Filters its table, and says so in its caption."""

    @property
    def table(self) -> TableList:
        """The table."""
        return self.query_one(TableList)

    def recaption(self) -> None:
        """Write the caption anew."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.prompt.open("/", self.table.filter.text)

    @on(Prompt.Changed)
    @on(Prompt.Entered)
    def _filtered(self, event: Prompt.Changed) -> None:
        if event.sign == "/":
            self.table.filtered(parse_filter(event.text))
            self.recaption()

    @on(Prompt.Given)
    def unfiltered(self) -> None:
        """Show all of it."""
        self.table.filtered(Filter())
        self.recaption()

    def counted(self) -> tuple[tuple[str, str], ...]:
        """Say how much of the table is shown, and by which filter."""
        table, total = self.table, self.table.total()
        if not table.filter.text:
            return ((str(total), "faint"),)
        return (f"{table.count()} of {total}", "faint"), (f"  /{table.filter.text}", "key")
