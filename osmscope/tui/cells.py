"""Text in columns: escaped, cut to a width, measured in terminal cells.

Decision: whatever a name holds, it takes the cells it was given, no more and no fewer. Terminals
differ in what they draw for characters that join the one before (accents of their own, variation
selectors, skin tones, flags): these are escaped, which also shows what would else be overlooked.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.highlighter import Highlighter
from rich.text import Text
from textual.content import Content

from osmscope.report.untrusted import escaped

_JOINING = (range(0xFE00, 0xFE10), range(0x1F3FB, 0x1F400), range(0x1F1E6, 0x1F200))
"""Variation selectors, skin tones, letters of flags."""
_LONGEST_TITLE = 200
NARROWEST = 6
"""The least that a column shrinks to, while a wider one is left."""


def shown(text: str) -> str:
    """Make text harmless and of a width that all terminals agree on."""
    text = escaped(text)
    if text.isascii():
        return text
    return "".join(_code(c) if _is_unsure(c) else c for c in text)


def _is_unsure(character: str) -> bool:
    code = ord(character)
    if code < 0x300:
        return False
    return get_character_cell_size(character) == 0 or any(code in some for some in _JOINING)


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode()


class _Harmless(Highlighter):
    """Shows what is typed, one character for one, so that the cursor stands where it is."""

    def __call__(self, text: str | Text) -> Text:
        plain = text if isinstance(text, str) else text.plain
        if plain.isascii() and plain.isprintable():
            return text if isinstance(text, Text) else Text(text)
        safe = "".join(c if len(shown(c)) == 1 else "\N{REPLACEMENT CHARACTER}" for c in plain)
        return Text(safe, no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Colour nothing."""


HARMLESS = _Harmless()
"""For fields: what a field holds may come from a dump, or from a clipboard."""


def fitted(text: str, width: int) -> str:
    """Cut or fill text to exactly `width` cells; what was cut ends in an ellipsis."""
    if width <= 0:
        return ""
    text = shown(text[: 2 * width + 2])  # a long one is cut before it is looked at
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def framed(title: str) -> Content:
    """Make the title of a frame, which would else be taken for markup."""
    return Content(shown(title[:_LONGEST_TITLE]))


def column_widths(natural: Sequence[int], room: int, gap: int = 2) -> list[int]:
    """Share a line's cells among columns: the widest give way first, the first column last.

    Args:
        natural: How wide each column would be.
        room: The cells of the line.
        gap: The cells between two columns.
    """
    if not natural:
        return []
    room -= gap * (len(natural) - 1)
    first = min(natural[0], max(room // 2, room - sum(natural[1:]), NARROWEST))
    return [first, *_shrunk(list(natural[1:]), room - first)]


def _shrunk(widths: list[int], room: int) -> list[int]:
    excess = sum(widths) - room
    while excess > 0:
        widest = max(widths, default=0)
        if widest <= NARROWEST:
            break
        seconds = [width for width in widths if width < widest]
        step = widest - max([*seconds, NARROWEST])
        tops = [index for index, width in enumerate(widths) if width == widest]
        take = min(step, -(-excess // len(tops)))
        for index in tops:
            widths[index] -= take
        excess -= take * len(tops)
    return widths
