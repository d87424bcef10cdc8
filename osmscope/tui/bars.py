"""The lines around a view: crumbs, kinds, captions, and the actions that are possible."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from osmscope.tui import actions
from osmscope.tui.cells import fitted, shown
from osmscope.tui.performing import perform, possible


class Bar(Widget):
    """One line of pieces."""

    DEFAULT_CSS = """
    Bar { height: 1; background: $panel; color: $foreground; }
    Bar > .bar--strong { text-style: bold; }
    Bar > .bar--faint { color: $faint; text-style: $faint-style; }
    Bar > .bar--key { color: $accent; text-style: bold; }
    Bar > .bar--chosen { background: $primary; color: $background; text-style: bold; }
    Bar > .bar--good { color: $success; }
    Bar > .bar--warn { color: $warning; }
    Bar > .bar--bad { color: $error; text-style: bold; }
    """
    COMPONENT_CLASSES = {
        f"bar--{name}" for name in ("strong", "faint", "key", "chosen", "good", "warn", "bad")
    }
    pieces: reactive[tuple[tuple[str, str], ...]] = reactive(())

    def put(self, *pieces: tuple[str, str]) -> None:
        """Show pieces: texts and the names of their styles."""
        self.pieces = tuple((shown(text), name) for text, name in pieces)

    def render_line(self, y: int) -> Strip:
        """Draw the line; what does not fit is cut."""
        width, base = self.size.width, self.rich_style
        segments, used = [], 0
        for text, name in self.pieces:
            room = width - used
            text = text if cell_len(text) <= room else fitted(text, room)
            used += cell_len(text)
            segments.append(Segment(text, self._style(name, base)))
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, name: str, base: Style) -> Style:
        if not name:
            return base
        return base + self.get_component_rich_style(f"bar--{name}", partial=True)

    def index_at(self, x: int) -> int | None:
        """Return which piece stands at a column."""
        for index, (text, _) in enumerate(self.pieces):
            x -= cell_len(text)
            if x < 0:
                return index
        return None


class KindBar(Bar):
    """The kinds of resources, with their counts; a click chooses one."""

    class Chosen(Message):
        """A kind was clicked."""

        def __init__(self, kind: str) -> None:
            super().__init__()
            self.kind = kind

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._kinds: Sequence[tuple[str, str, str, str]] = ()
        self._chosen = ""

    def show(self, kinds: Sequence[tuple[str, str, str, str]], chosen: str) -> None:
        """Show kinds.

        Args:
            kinds: Name, title, short title and count of each.
            chosen: The name of the one that is listed.
        """
        self._kinds, self._chosen = kinds, chosen
        self._lay_out()

    def on_resize(self) -> None:
        """Use short titles where the long ones do not fit."""
        self._lay_out()

    def _lay_out(self) -> None:
        for form in (1, 2):
            pieces = []
            for name, *titles, count in self._kinds:
                text = f" {titles[form - 1]}{' ' + count if count else ''} "
                pieces.append((text, "chosen" if name == self._chosen else ""))
            if sum(len(text) for text, _ in pieces) <= self.size.width:
                break
        self.put(*pieces)

    def targets(self) -> Iterator[tuple[int, Callable[[], object]]]:
        """List the kinds' columns, and what choosing each does."""
        x = 0
        for (text, _), (name, *_rest) in zip(self.pieces, self._kinds, strict=False):
            yield x, functools.partial(self.post_message, self.Chosen(name))
            x += cell_len(text)

    def on_click(self, event: events.Click) -> None:
        """Choose the kind under the mouse."""
        index = self.index_at(event.x)
        if index is not None and index < len(self._kinds):
            self.post_message(self.Chosen(self._kinds[index][0]))


class ActionBar(Bar):
    """The footer: what can be done here, and with which key."""

    def on_mount(self) -> None:
        """Follow what is possible."""
        self.screen.bindings_updated_signal.subscribe(self, self.refreshed)
        self.call_after_refresh(self.refreshed)

    def refreshed(self, _: object = None) -> None:
        """Show the actions that are valid where the focus is."""
        pieces: list[tuple[str, str]] = []
        self._names = []
        room = self.size.width
        for name, keys in possible(self.screen).items():
            action = actions.BY_NAME[name]
            texts = (f" {keys[0]}", f" {action.label} ")
            room -= sum(map(cell_len, texts)) if action.in_footer else 0
            if action.in_footer and room >= 0:
                self._names.append(name)
                pieces += [(texts[0], "key"), (texts[1], "faint")]
        self.put(*pieces)

    def on_resize(self) -> None:
        """Offer as many as there is room for."""
        self.refreshed()

    async def on_click(self, event: events.Click) -> None:
        """Do the action under the mouse."""
        index = self.index_at(event.x)
        if index is not None:
            await perform(self.screen, self._names[index // 2])
