"""Text in columns: escaped, cut to a width, measured in terminal cells.

Decision: whatever a name holds, it takes the cells it was given, no more and no fewer. What a
terminal may draw with another width than it says (variation selectors, joined emoji) is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from osmscope.report.untrusted import escaped

_SELECTORS = range(0xFE00, 0xFE10)
NARROWEST = 6
"""The least that a column shrinks to, while a wider one is left."""


def shown(text: str) -> str:
    """Make text harmless and of a width that all terminals agree on."""
    text = escaped(text)
    if text.isascii():
        return text
    return "".join(rf"\u{ord(c):04x}" if ord(c) in _SELECTORS else c for c in text)


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
