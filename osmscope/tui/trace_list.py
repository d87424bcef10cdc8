"""The path of a traced request, as a list of lines that can be unfolded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len, chop_cells
from textual import events
from textual.message import Message

from osmscope.report.inventory.document import Piece
from osmscope.report.path_graph import GraphLine
from osmscope.tui import actions
from osmscope.tui.cells import fitted, shown
from osmscope.tui.line_list import LineList, Pieces

_GAP = "  "
_NARROWEST = 24
"""The least room for a text that is wrapped under its column; else it starts further left."""
_LEAST_TAIL = 10
_LONGEST = 2000
"""How much of a text is shown: a hostile name is longer than any reader's patience."""


class _Shown(msgspec.Struct, frozen=True):
    pieces: tuple[tuple[str, str], ...]
    line: GraphLine


class TraceList(LineList):
    """The path."""

    CONTEXT = "path"
    BINDINGS: ClassVar = actions.bindings("path")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._lines: Sequence[GraphLine] = ()
        self._shown: list[_Shown] = []
        self.is_compact = False
        """Whether what does not fit beside a name is cut: the path is seen at a glance."""

    class Left(Message):
        """The user wants to change the request."""

    def action_edit(self) -> None:
        """Go to the fields."""
        self.post_message(self.Left())

    def show(self, lines: Sequence[GraphLine]) -> None:
        """Show a path; the cursor stays with its decision, where that is still there."""
        before = self.line()
        self._lines = lines
        self._lay_out()
        if before is not None and before.fold:
            same = (i for i, one in enumerate(self._shown) if one.line.fold == before.fold)
            self.cursor = next(same, self.cursor)
        self.changed()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew."""
        self._lay_out()
        self.changed()
        super().on_resize(event)

    def compact(self, wanted: bool) -> None:
        """Cut reasons to what fits beside the names, or show them in full."""
        if wanted is not self.is_compact:
            self.is_compact = wanted
            self._lay_out()
            self.changed()

    def _lay_out(self) -> None:
        width = max(self.size.width - 1, 20)
        self._shown = [_Shown(tuple(pieces), line) for line in self._lines
                       for pieces in laid_out(line, width, is_compact=self.is_compact)]  # fmt: skip

    def line(self) -> GraphLine | None:
        """Return the line under the cursor."""
        return self._shown[self.cursor].line if self.cursor < len(self._shown) else None

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._shown)

    def pieces(self, index: int, width: int) -> Pieces:
        """Return a line."""
        return list(self._shown[index].pieces)


def laid_out(
    line: GraphLine, width: int, *, is_compact: bool = False
) -> Iterator[list[tuple[str, str]]]:
    """Break a line where the screen ends; the tail stands behind it where there is room.

    Args:
        line: The line.
        width: The cells of the screen.
        is_compact: Whether it takes one line, as near misses always do; what does not fit is cut.

    Yields:
        The pieces of each line of the screen: texts, and the names of their styles.
    """
    pieces = [Piece(_clean(piece.text), piece.style) for piece in line.pieces] or [Piece("")]
    tail = _clean(line.tail.text) if line.tail is not None else ""
    *first, last = pieces
    start: list[tuple[str, str]] = [(line.rail, "faint")]
    for piece in first:
        start += [(piece.text, _style(piece)), (" ", "")]
    used = sum(cell_len(text) for text, _ in start)
    least = _LEAST_TAIL if is_compact else _NARROWEST
    if used + least > width:
        start = [(fitted("".join(text for text, _ in start), max(width - least, 4)), "faint")]
        used = cell_len(start[0][0])
    under = _under(line, used)
    if is_compact or line.correction is not None:
        yield _in_one(start, last, tail, width - used)
        return
    chunks = list(_chunks(last.text, width - used))
    fits = len(chunks) == 1 and used + cell_len(last.text) + 2 + cell_len(tail) <= width
    for number, text in enumerate(chunks):
        shown_line = [*(under if number else start), (text, _style(last))]
        if fits and tail:
            shown_line += [(_GAP, ""), (tail, "faint")]
        yield shown_line
    if tail and not fits:
        for text in _chunks(tail, width - used):
            yield [*under, (text, "faint")]


def _in_one(
    start: list[tuple[str, str]], last: Piece, tail: str, room: int
) -> list[tuple[str, str]]:
    text = last.text if cell_len(last.text) <= room else fitted(last.text, room)
    room -= cell_len(text) + len(_GAP)
    pieces = [*start, (text, _style(last))]
    if tail and room >= _LEAST_TAIL:
        cut = tail if cell_len(tail) <= room else fitted(tail, room)
        pieces += [(_GAP, ""), (cut, "faint")]
    return pieces


def _under(line: GraphLine, used: int) -> list[tuple[str, str]]:
    """Return what stands before the further lines of a text."""
    rail = line.under or " " * cell_len(line.rail)
    return [(fitted(rail, used) if cell_len(rail) < used else rail[:used], "faint")]


def _clean(text: str) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return shown(cut)


def _style(piece: Piece) -> str:
    return "" if piece.style == "plain" else piece.style


def _chunks(text: str, room: int) -> Iterator[str]:
    """Cut text at blanks if there are any, else anywhere."""
    rest = text
    while cell_len(rest) > room:
        head = chop_cells(rest, room)[0]
        if " " in head.strip() and rest[len(head)] != " ":
            head = head[: head.rindex(" ") + 1]
        yield head.rstrip()
        rest = rest[len(head) :].lstrip(" ")
    yield rest
