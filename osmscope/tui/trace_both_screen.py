"""One request through A and through B, side by side."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.worker import get_current_worker

from osmscope.session.sources import Sidecar
from osmscope.session.trace_comparison import TracedBoth, trace_both
from osmscope.session.typed_request import Typed
from osmscope.tui import actions
from osmscope.tui.bars import ActionBar, Bar
from osmscope.tui.cells import framed
from osmscope.tui.detail_pane import DetailPane

_SIDE_BY_SIDE = 130
"""From how many columns the traces stand side by side."""


class _Done(Message):
    def __init__(self, result: TracedBoth) -> None:
        super().__init__()
        self.result = result


class TraceBothScreen(ModalScreen[None]):
    """What differs, and both traces below."""

    CONTEXT = "both"
    BINDINGS: ClassVar = actions.bindings("both")
    DEFAULT_CSS = """
    TraceBothScreen { align: center middle; background: $background 60%; }
    TraceBothScreen > Vertical { width: 96%; height: 94%; border: round $primary;
        background: $surface; }
    TraceBothScreen #differences { height: 30%; min-height: 3; border-bottom: solid $panel; }
    TraceBothScreen #sides { layout: vertical; height: 1fr; }
    TraceBothScreen .side { height: 1fr; width: 1fr; }
    TraceBothScreen.beside #sides { layout: horizontal; }
    """

    def __init__(self, request: str, typed: Typed, sides: tuple[Sidecar, Sidecar]) -> None:
        """Take the request, as typed and as read, and A and B."""
        super().__init__()
        self._request, self._typed, self._sides = request, typed, sides

    def compose(self) -> ComposeResult:
        """Put what differs above the two traces."""
        with Vertical() as frame:
            frame.border_title = framed(f"A and B: {self._request}")
            yield DetailPane(id="differences")
            with Container(id="sides"):
                for name in ("a", "b"):
                    with Vertical(classes="side"):
                        yield Bar(id=f"name-{name}")
                        yield DetailPane(id=f"side-{name}")
            yield ActionBar()

    def on_mount(self) -> None:
        """Begin."""
        beside = self.app.size.width >= _SIDE_BY_SIDE
        self.set_class(beside, "beside")
        for name, sidecar in zip("ab", self._sides, strict=True):
            words = (f" {name.upper()} ", "chosen"), (f" {sidecar.name}", "strong")
            self.query_one(f"#name-{name}", Bar).put(*words)
        self.query_one("#differences", DetailPane).focus()
        width = self.app.size.width
        self._trace((width // 2 if beside else width) - 6)

    @work(thread=True, exclusive=True, group="both")
    def _trace(self, width: int) -> None:
        worker = get_current_worker()
        found = trace_both(*self._sides, self._typed, width)
        if not worker.is_cancelled:
            self.post_message(_Done(found))

    def on__done(self, event: _Done) -> None:
        """Show what came of it."""
        self.query_one("#differences", DetailPane).show_lines(event.result.differences)
        for name, text in zip("ab", event.result.sides, strict=True):
            self.query_one(f"#side-{name}", DetailPane).show_text(text)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
