"""How the view of a sidecar is filtered: table, tree and detail pane, each in its way."""

from __future__ import annotations

from textual import on

from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.filtering import Filter, parse_filter
from osmscope.tui.prompt import Prompt
from osmscope.tui.resource_actions import ResourceActions
from osmscope.tui.table_list import TableList
from osmscope.tui.tree_list import TreeList


class Searching(ResourceActions):
    """Filters what is shown."""

    @property
    def table(self) -> TableList:
        """The table."""
        return self.query_one("#table", TableList)

    @property
    def outline(self) -> TreeList:
        """The tree."""
        return self.query_one("#tree", TreeList)

    @property
    def detail(self) -> DetailPane:
        """The detail pane."""
        return self.query_one("#detail", DetailPane)

    @property
    def lines(self) -> TableList | TreeList:
        """The table or the tree, whichever is shown."""
        return self.table if self.location.kind else self.outline

    def action_filter(self) -> None:
        """Ask for a filter; in the detail pane, for a search."""
        pane = self.detail if self.detail.has_focus else self.lines
        self.prompt.open("/", pane.filter.text)

    @on(Prompt.Changed)
    @on(Prompt.Entered)
    def _filtered(self, event: Prompt.Changed) -> None:
        if event.sign == "/":
            self.search(parse_filter(event.text))

    @on(Prompt.Given)
    def _unfiltered(self) -> None:
        self.search(Filter())

    def search(self, wanted: Filter) -> None:
        """Filter or search what had the focus."""
        if self.prompt.before is self.detail or self.detail.has_focus:
            self.detail.searched(wanted)
        elif self.location.kind:
            self.table.filtered(wanted)
            self.scope.keep_filter(self.location.kind, wanted)
        else:
            self.outline.searched(wanted)
        self.caption()
