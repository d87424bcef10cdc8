"""Jumping: letters appear on everything in sight, and a letter goes there.

Decision: letters of the home row come first, and never one that another starts with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widgets import Label

from osmscope.tui import actions
from osmscope.tui.bars import KindBar
from osmscope.tui.line_list import LineList

_LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class JumpTarget(msgspec.Struct, frozen=True):
    """A place on the screen, and what going there does."""

    offset: tuple[int, int]
    go: Callable[[], object]


def targets_of(screen: Screen[Any]) -> list[JumpTarget]:
    """List the kinds and the lines in sight of a screen."""
    found: list[JumpTarget] = []
    for bar in screen.query(KindBar):
        found += [JumpTarget((bar.region.x + x, bar.region.y), go) for x, go in bar.targets()]
    for lines in screen.query(LineList):
        if lines.display and lines.region.height:
            found += [
                JumpTarget((lines.content_region.x, lines.content_region.y + y), go)
                for y, go in _lines_in_sight(lines)
            ]
    return found


def _lines_in_sight(lines: LineList) -> Iterator[tuple[int, Callable[[], object]]]:
    top = int(lines.head(1) is not None)
    first = lines.scroll_offset.y
    for y in range(top, lines.content_size.height):
        index = first + y - top
        if index < lines.count() and lines.is_target(index):
            yield y, _to(lines, index)


def _to(lines: LineList, index: int) -> Callable[[], object]:
    def go() -> None:
        lines.focus()
        lines.cursor = index

    return go


def codes(count: int) -> list[str]:
    """Make as many codes as are needed: one letter each while they last, else two."""
    if count <= len(_LETTERS):
        return list(_LETTERS[:count])
    return [first + second for first in _LETTERS for second in _LETTERS][:count]


class JumpScreen(ModalScreen[JumpTarget | None]):
    """Letters over the view below; its answer is where to go, or None."""

    CONTEXT = "jump"
    BINDINGS: ClassVar = actions.bindings("jump")
    DEFAULT_CSS = """
    JumpScreen { background: transparent; }
    JumpScreen Label { position: absolute; width: auto; height: 1; background: $accent;
        color: $background; text-style: bold; }
    """

    def __init__(self, targets: list[JumpTarget]) -> None:
        super().__init__()
        self._targets = dict(zip(codes(len(targets)), targets, strict=False))
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Put the letters where they lead."""
        for code, target in self._targets.items():
            label = Label(code)
            label.styles.offset = Offset(*target.offset)
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go where the letters lead; anything else closes."""
        if event.key == "escape" or not event.is_printable:
            return
        event.stop()
        self._typed += event.character or ""
        target = self._targets.get(self._typed)
        if target is not None or not any(code.startswith(self._typed) for code in self._targets):
            self.dismiss(target)

    def action_close(self) -> None:
        """Go nowhere."""
        self.dismiss(None)
