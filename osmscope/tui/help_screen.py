"""The help: what can be done where the focus is, generated from the registry, searchable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from osmscope.report.inventory.document import Line, Link, Piece, Target
from osmscope.tui import actions
from osmscope.tui.bars import ActionBar
from osmscope.tui.cells import HARMLESS
from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.filtering import parse_filter
from osmscope.tui.line_list import LineList

_KEYS = 18


class HelpScreen(ModalScreen[str | None]):
    """A list of actions; its answer is the one to do, or None."""

    CONTEXT = "help"
    BINDINGS = actions.bindings("help")
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > Vertical { width: 90%; max-width: 100; height: 90%;
        border: round $primary; background: $surface; }
    HelpScreen Input { height: 1; border: none; padding: 0 1; background: $panel; }
    HelpScreen Input:focus { border: none; }
    """

    def __init__(self, possible: Mapping[str, Sequence[str]], notes: Sequence[str] = ()) -> None:
        super().__init__()
        self._possible, self._notes = possible, notes

    def compose(self) -> ComposeResult:
        """Put the search above the list."""
        with Vertical() as frame:
            frame.border_title = "What can be done here"
            yield Input(
                placeholder="type to search by word or key; ⏎ ⏎ does it",
                compact=True,
                highlighter=HARMLESS,
            )
            yield DetailPane(id="help-lines")
            yield ActionBar()

    def on_mount(self) -> None:
        """Show everything, ready to search."""
        self._show("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        pane = self.query_one(DetailPane)
        first = next((index for index, _ in pane.links()), 0)
        pane.cursor = first
        pane.focus()

    def on_key(self, event: object) -> None:
        """Let the arrows move in the list while the field has the focus."""
        key = getattr(event, "key", "")
        if key == "down" and self.query_one(Input).has_focus:
            self.query_one(DetailPane).focus()

    def _show(self, text: str) -> None:
        wanted = parse_filter(text)
        lines: list[Line] = []
        for name, context in actions.CONTEXTS.items():
            found = [a for a in self._of(name) if self._fits(a, wanted.matches)]
            if not found:
                continue
            if lines:
                lines.append(Line())
            lines.append(Line((Piece(context.title, "strong"),)))
            for action in found:
                keys = " ".join(self._possible[action.name])
                pieces = (Piece(keys.ljust(_KEYS), "link"), Piece(action.words))
                link = Link(words=action.name, target=Target())
                lines.append(Line(pieces, indent=1, link=link))
        if not text:
            lines += [Line(), *(Line((Piece(note, "faint"),)) for note in self._notes)]
        self.query_one(DetailPane).show_lines(lines or [Line((Piece("nothing fits", "faint"),))])

    def _of(self, context: str) -> list[actions.Action]:
        """List the possible actions of a context; each is shown where it stands first."""
        order = list(actions.CONTEXTS)
        return [
            action
            for action in actions.ACTIONS
            if action.name in self._possible and context == min(action.where, key=order.index)
        ]

    def _fits(self, action: actions.Action, matches: object) -> bool:
        if not callable(matches):
            return True
        keys = " ".join(self._possible[action.name])
        return bool(matches(f"{action.name} {action.words} {keys}"))

    @on(LineList.Followed)
    def _followed(self, event: LineList.Followed) -> None:
        event.stop()
        link = self.query_one(DetailPane).link()
        if link is not None:
            self.dismiss(link.words)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
