"""Two lines above the footer that say what to press next, while the tour goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical

from osmscope.tui.bars import Bar

_ACTION = re.compile(r"\{(\w+)\}")
_NEXT = "{tour_next} next  esc ends "


class TourBar(Vertical):
    """A step of the tour; nothing where there is none."""

    DEFAULT_CSS = """
    TourBar { height: 2; display: none; }
    TourBar.open { display: block; }
    TourBar Bar { background: $panel; }
    """

    def compose(self) -> ComposeResult:
        """Put what to press above what is seen."""
        yield Bar(id="tour-does")
        yield Bar(id="tour-shows")

    def show(self, title: str, texts: tuple[str, str], key_of: Callable[[str], str]) -> None:
        """Show a step.

        Args:
            title: How far the tour is.
            texts: What to press, and what is seen.
            key_of: Returns the key of an action.
        """
        does, shows = (list(pieces_of(text, key_of)) for text in texts)
        right = [(text, name or "faint") for text, name in pieces_of(_NEXT, key_of)]
        line = [(f" {title} ", "chosen"), (" ", ""), *((text, name or "strong")
                for text, name in does)]  # fmt: skip
        gap = self.app.size.width - sum(cell_len(text) for text, _ in (*line, *right))
        self.query_one("#tour-does", Bar).put(*line, (" " * max(gap, 2), ""), *right)
        self.query_one("#tour-shows", Bar).put((" ", ""), *shows)
        self.add_class("open")
        self.screen.add_class("touring")

    def close(self) -> None:
        """Go away."""
        self.remove_class("open")
        self.screen.remove_class("touring")


def pieces_of(text: str, key_of: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Cut a text at its keys, which stand in it by the names of their actions."""
    for index, part in enumerate(_ACTION.split(text)):
        if part:
            yield (key_of(part), "key") if index % 2 else (part, "")
