"""A resource in words: what it is, what it says, where it leads and who refers to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from osmscope.errors import DumpError
from osmscope.report.inventory.document import Line, Link, Mark, Piece, PieceStyle, Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME
from osmscope.report.table import Cell
from osmscope.report.table_text import cell_text

SHOWN = 200
"""How many links of one direction are listed before the rest is only counted."""


def words(inventory: Inventory, ref: Ref) -> tuple[Line, ...]:
    """Write a resource for a reader.

    Raises:
        DumpError: It cannot be read.
    """
    return tuple(_lines(inventory, ref))


def _lines(inventory: Inventory, ref: Ref) -> Iterator[Line]:
    kind = BY_NAME[ref.kind]
    cells = inventory.cells(ref)
    yield Line((Piece(kind.one, "faint"), Piece(inventory.title(ref), "strong")))
    if not cells:
        yield Line((Piece("is referred to, but the dump has none of this name", "bad"),), indent=1)
    mark = inventory.mark(ref)
    if mark is not None:
        yield Line((Piece(f"{mark.sign} {mark.word}", mark.style),), indent=1)
    width = max(map(len, cells), default=0)
    for title, cell in list(cells.items())[1:]:
        yield from _field(title, width, cell)
    yield from _section("leads to", "→", inventory.links(ref))
    yield from _section("referred to by", "←", inventory.referrers(ref))


def _field(title: str, width: int, cell: Cell) -> Iterator[Line]:
    if cell in (None, "", ()):
        return
    for index, text in enumerate(cell_text(cell).split("\n")):
        label = "" if index else title
        yield Line((Piece(label.ljust(width), "faint"), Piece(text)), indent=1)


def _section(title: str, sign: str, links: Sequence[Link]) -> Iterator[Line]:
    if not links:
        return
    yield Line()
    yield Line((Piece(title, "faint"),))
    for link in links[:SHOWN]:
        yield link_line(link, sign)
    if len(links) > SHOWN:
        yield Line((Piece(f"and {len(links) - SHOWN} more", "faint"),), indent=1)


def link_line(link: Link, sign: str) -> Line:
    """Write one link."""
    style: PieceStyle = "bad" if link.missing else "link"
    pieces = [Piece(sign, "faint"), Piece(link.words, style)]
    if link.note:
        pieces.append(Piece(link.note, "faint"))
    if link.missing:
        pieces.append(Piece("? not in the dump", "bad"))
    return Line(tuple(pieces), link=link, indent=1)


def failure(error: DumpError) -> tuple[Line, ...]:
    """Say that a resource cannot be read."""
    mark = Mark("✗", "cannot be read", "bad")
    return (
        Line((Piece(f"{mark.sign} {mark.word}", mark.style),)),
        Line((Piece(str(error)),), indent=1),
    )
