"""The detail pane: a resource in words, whose links can be followed, or as YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from rich.cells import cell_len, chop_cells
from textual.events import Resize

from osmscope.report.inventory.document import Line, Link, Piece
from osmscope.tui import actions
from osmscope.tui.cells import fitted, shown
from osmscope.tui.filtering import Filter
from osmscope.tui.line_list import LineList, Pieces

_TOKENS = re.compile(
    r'(?P<key>^\s*(?:- )*(?:"(?:[^"\\]|\\.)*"|[\w@.|/-]+)(?=:(?:\s|$)))'
    r'|(?P<text>"(?:[^"\\]|\\.)*")|(?P<value>\b(?:true|false|null|-?\d[\d.]*)\b)'
)
_STYLES = {"key": "link_key", "text": "good", "value": "warn"}
_STEP = 8
_INDENT = 2
_LEAST = 12
"""The least room for the last text of a line."""
_LONGEST = 1000
"""How much of a text is shown in words, so that it buries nothing; YAML and JSON hold all of it."""


class _Shown(msgspec.Struct, frozen=True):
    """One line of the screen."""

    pieces: tuple[Piece, ...]
    link: Link | None = None


class DetailPane(LineList):
    """A document."""

    CONTEXT = "detail"
    BINDINGS = actions.bindings("detail")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._texts: list[str] | None = None
        self._shown: list[_Shown] = []
        self._left = 0
        self.filter = Filter()

    def show_lines(self, lines: Sequence[Line], *, keep: bool = False) -> None:
        """Show a document in words.

        Args:
            lines: The document.
            keep: Whether the cursor stays: it is the same document again.
        """
        self._texts, self._lines = None, lines
        self._begin(keep=keep)

    def show_text(self, text: str, *, keep: bool = False) -> None:
        """Show a document as YAML or JSON."""
        self._texts, self._lines = text.rstrip("\n").split("\n"), ()
        self._begin(keep=keep)

    def _begin(self, *, keep: bool) -> None:
        self._left = 0
        self._wrap()
        if not keep:
            self.cursor = 0
        self.changed()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._wrap()
        self.changed()
        super().on_resize(event)

    def _wrap(self) -> None:
        width = max(self.size.width - 2, 20)  # without a blank before it and the scrollbar
        self._shown = [part for line in self._lines for part in _wrapped(line, width)]

    def searched(self, wanted: Filter) -> None:
        """Mark what fits, and go to the first of it from here on."""
        self.filter = wanted
        if wanted.matches is not None and not self.is_match(self.cursor):
            self.action_next_match()
        self.refresh()

    def matches(self) -> int:
        """Count the lines that fit the search."""
        return sum(self.is_match(index) for index in range(self.count()))

    def is_match(self, index: int) -> bool:
        """Whether a line fits the search."""
        fits = self.filter.matches
        return fits is not None and index < self.count() and fits(self.text(index))

    def is_target(self, index: int) -> bool:
        """Whether a line has a link; the rest of a document is read, not jumped to."""
        return self._texts is None and self._shown[index].link is not None

    def text(self, index: int) -> str:
        """Return a line as plain text."""
        if self._texts is not None:
            return self._texts[index]
        return "".join(piece.text for piece in self._shown[index].pieces)

    def link(self) -> Link | None:
        """Return the link of the line under the cursor."""
        if self._texts is not None or self.cursor >= len(self._shown):
            return None
        return self._shown[self.cursor].link

    def links(self) -> list[tuple[int, Link]]:
        """Return the lines that have links."""
        return [(index, line.link) for index, line in enumerate(self._shown) if line.link]

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._shown) if self._texts is None else len(self._texts)

    def pieces(self, index: int, width: int) -> Pieces:
        """Return a line; one that the search fits is marked."""
        found: Pieces
        if self._texts is not None:
            found = list(_highlighted(self._texts[index], self._left, width - 1))
        else:
            pieces = self._shown[index].pieces
            found = [(p.text, "" if p.style == "plain" else p.style) for p in pieces]
        if self.is_match(index):
            found = [(text, "match") for text, _ in found]
        return [(" ", ""), *found]

    def action_scroll_right(self) -> None:
        """Show what is to the right."""
        self._left += _STEP
        self.refresh()

    def action_scroll_left(self) -> None:
        """Show what is to the left."""
        self._left = max(0, self._left - _STEP)
        self.refresh()


def _highlighted(text: str, left: int, width: int) -> Iterator[tuple[str, str]]:
    """Cut a line of JSON or YAML to the screen and style its tokens."""
    text = fitted(text[left:], width).rstrip()
    end = 0
    for token in _TOKENS.finditer(text):
        yield text[end : token.start()], ""
        style = _STYLES[token.lastgroup or "key"]
        yield token[0], "strong" if style == "link_key" else style
        end = token.end()
    yield text[end:], ""


def _wrapped(line: Line, width: int) -> Iterator[_Shown]:
    """Break a line where the pane ends; what follows stands below its last piece."""
    indent = line.indent * _INDENT
    if not line.pieces:
        yield _Shown((Piece(""),))
        return
    *first, last = [Piece(_clean(piece.text), piece.style) for piece in line.pieces]
    start: list[Piece] = [Piece(" " * indent)]
    for piece in _narrowed(first, width - indent - _LEAST):
        start += [piece, Piece(" ")]
    used = sum(cell_len(piece.text) for piece in start)
    room = max(width - used, _LEAST)
    hang = Piece(" " * (used if width - used >= _LEAST else indent + _INDENT))
    for number, text in enumerate(_chunks(last.text, room)):
        piece = Piece(text, last.style)
        yield _Shown((*start, piece) if not number else (hang, piece), line.link)


def _narrowed(pieces: Sequence[Piece], room: int) -> Sequence[Piece]:
    """Cut the longest text, where the last of the line would else begin beyond the pane."""
    excess = sum(cell_len(piece.text) + 1 for piece in pieces) - room
    if excess <= 0:
        return pieces
    longest = max(pieces, key=lambda piece: cell_len(piece.text))
    cut = fitted(longest.text, max(cell_len(longest.text) - excess, _LEAST)).rstrip()
    return [Piece(cut, one.style) if one is longest else one for one in pieces]


def _clean(text: str) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return shown(cut)


def _chunks(text: str, room: int) -> Iterator[str]:
    """Cut text at blanks if there are any, else anywhere."""
    if cell_len(text) <= room:
        yield text
        return
    rest = text
    while rest:
        head = chop_cells(rest, room)[0]
        if len(head) < len(rest) and " " in head.strip() and rest[len(head)] != " ":
            head = head[: head.rindex(" ") + 1]
        yield head.rstrip()
        rest = rest[len(head) :].lstrip(" ")
