"""A choice of one of several: where a reference has several ends."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from osmscope.report.inventory.document import Line
from osmscope.tui import actions
from osmscope.tui.bars import ActionBar
from osmscope.tui.cells import framed
from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.line_list import LineList


class ChoiceScreen(ModalScreen[int | None]):
    """A list to choose from; its answer is a position, or None."""

    CONTEXT = "choice"
    BINDINGS = actions.bindings("choice")
    DEFAULT_CSS = """
    ChoiceScreen { align: center middle; background: $background 60%; }
    ChoiceScreen > Vertical { width: 90%; max-width: 110; height: auto; max-height: 80%;
        border: round $primary; background: $surface; }
    ChoiceScreen LineList { height: auto; max-height: 20; }
    """

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """Put the list into a frame."""
        with Vertical() as frame:
            frame.border_title = framed(self._title)
            yield DetailPane(id="choices")
            yield ActionBar()

    def on_mount(self) -> None:
        """Show the list."""
        pane = self.query_one("#choices", DetailPane)
        pane.styles.height = min(len(self._lines), 20)
        pane.show_lines([Line(line.pieces, indent=0) for line in self._lines])
        pane.focus()

    @on(LineList.Followed)
    def _chosen(self, event: LineList.Followed) -> None:
        event.stop()
        self.dismiss(event.list.cursor)

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
