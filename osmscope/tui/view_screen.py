"""The base of all views: crumbs on top, a prompt and the actions at the bottom, a view between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from osmscope.tui.bars import ActionBar, Bar
from osmscope.tui.cells import shown
from osmscope.tui.jump_screen import JumpScreen, JumpTarget, targets_of
from osmscope.tui.location import Location
from osmscope.tui.prompt import Prompt
from osmscope.tui.tour_bar import TourBar

if TYPE_CHECKING:
    from osmscope.diff.resources import ResourceChange
    from osmscope.tui.app import ScopeApp


class ViewScreen(Screen[None]):
    """A view."""

    VIEW: ClassVar[str] = ""
    DEFAULT_CSS = """
    ViewScreen { background: $surface; layout: vertical; }
    ViewScreen #crumbs { background: $panel; }
    """

    @property
    def scope(self) -> ScopeApp:
        """The app, as what it is."""
        from osmscope.tui.app import ScopeApp

        assert isinstance(self.app, ScopeApp)
        return self.app

    def compose(self) -> ComposeResult:
        """Put the lines around the view."""
        yield Bar(id="crumbs")
        yield from self.compose_view()
        yield TourBar(id="tour")
        yield Prompt(id="prompt")
        yield ActionBar(id="actions")

    def compose_view(self) -> Iterable[Widget]:
        """Make the widgets of the view itself."""
        raise NotImplementedError

    def show(self, location: Location) -> None:
        """Show a location of this view."""
        raise NotImplementedError

    def place(self) -> Location:
        """Return where the user is."""
        raise NotImplementedError

    @property
    def sign(self) -> str:
        """How the request that is traced here ends; "" where none is, or that is not known yet."""
        return ""

    def above(self) -> Location | None:
        """Return what is above where the user is; None at the top."""
        return None

    def member_changed(self, key: str) -> None:
        """Be told that a sidecar's state is another one."""

    def progressed(self, key: str) -> None:
        """Be told that the reading of a sidecar has come further."""

    def watched(self) -> tuple[str, ...]:
        """Return the keys of the sidecars that are looked at."""
        member = self.place().member
        return (member,) if member else ()

    def flash(self, key: str, found: tuple[ResourceChange, ...]) -> None:
        """Be told what of a sidecar is another one than when it was read before."""

    def targets(self) -> list[JumpTarget]:
        """List what can be jumped to."""
        return targets_of(self)

    def jump(self) -> None:
        """Let letters appear on everything that can be jumped to."""

        def chosen(target: JumpTarget | None) -> None:
            if target is not None:
                target.go()

        self.app.push_screen(JumpScreen(self.targets()), chosen)

    def ask_command(self) -> None:
        """Ask for a kind, a view or an action by name."""
        self.prompt.open(":", words=self.scope.command_words())

    @on(Prompt.Entered)
    async def _commanded(self, event: Prompt.Entered) -> None:
        if event.sign == ":":
            await self.scope.run_command(event.text)

    def leave(self) -> bool:
        """Close, stop or clear what is open in this view; False where nothing is."""
        return False

    def crumbs(self, *parts: str, right: str = "", style: str = "faint") -> None:
        """Write where the user is.

        Args:
            parts: From the mesh down.
            right: What stands at the right end.
            style: How that looks.
        """
        pieces: list[tuple[str, str]] = [(" ", "")]
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            pieces += [(part, "strong" if last else "faint"), ("" if last else " › ", "faint")]
        used = sum(cell_len(shown(text)) for text, _ in pieces)
        gap = self.app.size.width - used - cell_len(shown(right)) - 1
        if right and gap > 1:
            pieces += [(" " * gap, ""), (right, style)]
        self.query_one("#crumbs", Bar).put(*pieces)

    @property
    def prompt(self) -> Prompt:
        """The prompt of this view."""
        return self.query_one("#prompt", Prompt)
