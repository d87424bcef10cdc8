"""Lines of a terminal: styled pieces, wrapped to a width.

Decision: plain ANSI codes and no library, because a trace has to start fast; colour is only ever a
second sign, so the text without it says the same.
"""

from __future__ import annotations

import textwrap
from typing import Literal

import msgspec

from osmscope.report.untrusted import escaped

Style = Literal["good", "bad", "unknown", "strong", "faint", "plain"]

_CODES: dict[Style, str] = {
    "good": "32;1",
    "bad": "31;1",
    "unknown": "33;1",
    "strong": "1",
    "faint": "2",
    "plain": "",
}


class Page(msgspec.Struct):
    """Text that grows line by line."""

    width: int
    color: bool = False
    lines: list[str] = []

    def paint(self, text: str, style: Style) -> str:
        """Escape text and colour it, if colours are wanted."""
        safe = escaped(text)
        code = _CODES[style]
        return f"\x1b[{code}m{safe}\x1b[0m" if self.color and code and safe else safe

    def put(
        self, prefix: str, text: str, style: Style = "plain", *, hang: str | None = None
    ) -> None:
        """Add text after a prefix, wrapped; further lines start with `hang`, or as many blanks."""
        rest = " " * len(prefix) if hang is None else hang
        for index, line in enumerate(wrapped(escaped(text), self.width - len(prefix))):
            self.lines.append((rest if index else prefix) + self.paint(line, style))

    def put_pieces(
        self, prefix: str, first: tuple[str, Style], second: tuple[str, Style], *, hang: str
    ) -> None:
        """Add two texts on one line, or, where they do not fit, one below the other."""
        texts = [escaped(text) for text, _ in (first, second)]
        if texts[1] and len(prefix) + len(texts[0]) + 2 + len(texts[1]) <= self.width:
            pieces = [self.paint(texts[0], first[1]), self.paint(texts[1], second[1])]
            self.lines.append(prefix + "  ".join(pieces))
            return
        self.put(prefix, texts[0], first[1], hang=hang)
        if texts[1]:
            self.put(hang, texts[1], second[1], hang=hang)

    def blank(self) -> None:
        """Add an empty line, unless there is one."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        """Return all lines, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self.lines).strip("\n") + "\n"


def wrapped(text: str, width: int) -> list[str]:
    """Break text into lines; a name that is longer than a line is broken where the line ends."""
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False, drop_whitespace=True) or [""]
