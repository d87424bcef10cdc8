"""Two sidecars, or two resources, side by side: what differs by meaning."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

import msgspec

from osmscope.diff.meaning import ABSENT, Absent, Change, changes
from osmscope.diff.resources import ResourceChange, compare, missing_kinds
from osmscope.report import documents
from osmscope.report.inventory.document import Line, Mark, Piece, PieceStyle, Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME
from osmscope.report.inventory.listing import listing_of
from osmscope.report.table import Row, Table, columns
from osmscope.session.places import Place, Placed

MARKS = {
    "added": Mark("+", "only in B", "good"),
    "removed": Mark("−", "only in A", "bad"),
    "changed": Mark("≠", "differs", "warn"),
}
"""What a difference is called, by what it is."""
_SIDES = {what: mark.word for what, mark in MARKS.items()}
_PATH = 60
"""How much of a path is shown in a list: its end tells what it is."""
_SHOWN = 400
"""How many characters of a value are shown in a list."""


class Side(msgspec.Struct, frozen=True):
    """One of two that are compared."""

    place: Place
    inventory: Inventory


def sidecar_comparison(before: Side, after: Side) -> Placed:
    """List the resources that differ between two sidecars.

    Raises:
        DumpError: A section cannot be read.
    """
    found = compare(before.inventory.proxy, after.inventory.proxy)
    table = Table(
        columns("resource", "kind", "differs", "where"),
        tuple(_resource_row(one, index) for index, one in enumerate(found)),
    )
    return Placed(
        listing=listing_of("comparison", table, tuple(MARKS[one.what] for one in found)),
        places=tuple(place_of(one, before.place.member, after.place.member) for one in found),
        details=tuple(tuple(resource_lines(one, _SIDES)) for one in found),
    )


def not_compared(before: Side, after: Side) -> tuple[str, ...]:
    """Name the kinds that only one of the dumps shows."""
    missing = missing_kinds(before.inventory.proxy, after.inventory.proxy)
    return tuple(kind.replace("_", " ") for kind in missing)


def resource_comparison(before: Side, after: Side) -> Placed:
    """List the fields that differ between two resources of one kind."""
    found = tuple(changes(_body(before), _body(after)))
    table = Table(
        columns("field", "A", "B"),
        tuple(_field_row(one, index) for index, one in enumerate(found)),
    )
    return Placed(
        listing=listing_of("fields", table, tuple(MARKS[_what(one)] for one in found)),
        places=tuple(after.place for _ in found),
        details=tuple(tuple(change_lines(one)) for one in found),
    )


def _body(side: Side) -> object:
    body = side.inventory.body(side.place.ref) if side.place.ref is not None else b""
    return documents.parsed(body) if body else ABSENT


def _what(change: Change) -> str:
    if isinstance(change.before, Absent):
        return "added"
    return "removed" if isinstance(change.after, Absent) else "changed"


def place_of(one: ResourceChange, before: str, after: str) -> Place:
    """Say where a resource that differs is to be found.

    Args:
        one: What differs.
        before: The key of the sidecar that is compared.
        after: The key of the one that it is compared with, where it is looked for first.
    """
    kind, name = one.kind, one.name
    if kind in ("endpoint", "host"):
        kind, name = "cluster", name.partition(" ")[0]
    member = before if one.what == "removed" else after
    return Place(member, Ref(kind, name) if kind in BY_NAME else None)


def where_words(one: ResourceChange) -> str:
    """Name the fields of a resource that differ, the first few."""
    return ", ".join(dict.fromkeys(change.path for change in one.changes[:8]))


def _resource_row(one: ResourceChange, index: int) -> Row:
    count = f"in {len(one.changes)} places" if len(one.changes) > 1 else "in 1 place"
    words = count if one.what == "changed" else MARKS[one.what].word
    cells = (one.name, one.kind.replace("_", " "), words, where_words(one))
    return Row(cells, (one.name,), f"{one.kind} {one.name} {index}")


def resource_lines(one: ResourceChange, called: Mapping[str, str]) -> Iterator[Line]:
    """Write a difference for a reader.

    Args:
        one: What differs.
        called: What being added, removed and changed is called.
    """
    mark = MARKS[one.what]
    kind = one.kind.replace("_", " ")
    said = Piece(f"{mark.sign} {called[one.what]}", mark.style)
    yield Line((said, Piece(f"{kind} {one.name}", "strong")))
    for change in one.changes:
        yield Line()
        yield from change_lines(change)


def _field_row(change: Change, index: int) -> Row:
    path = change.path or "all of it"
    path = path if len(path) <= _PATH else f"…{path[1 - _PATH :]}"
    cells = (path, _short(change.before), _short(change.after))
    return Row(cells, (change.path,), f"{change.path} {index}")


def change_lines(change: Change) -> Iterator[Line]:
    """Write one difference for a reader: its place, then A and B."""
    yield Line((Piece(change.path or "all of it", "strong"),))
    if change.moved:
        yield Line((Piece("the order differs", "warn"),), indent=1)
    before, after = change.before, change.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield from _text_lines(before, after)
        return
    yield from _value_lines("A", "−", "bad", before)
    yield from _value_lines("B", "+", "good", after)


def _text_lines(before: str, after: str) -> Iterator[Line]:
    """Compare texts, such as scripts, line by line."""
    styles: dict[str, PieceStyle] = {"-": "bad", "+": "good"}
    for line in difflib.ndiff(before.split("\n"), after.split("\n")):
        sign, text = line[0], line[2:]
        if sign == " ":
            yield Line((Piece(f"  {text}", "faint"),), indent=1)
        elif sign in styles:
            said = "−" if sign == "-" else "+"
            yield Line((Piece(f"{said} {text}", styles[sign]),), indent=1)


def _value_lines(side: str, sign: str, style: PieceStyle, value: object) -> Iterator[Line]:
    if isinstance(value, Absent):
        yield Line((Piece(f"{sign} {side}", "faint"), Piece("not there", "faint")), indent=1)
        return
    for number, line in enumerate(_long(value).split("\n")):
        label = f"{sign} {side}" if not number else "   "
        yield Line((Piece(label, "faint"), Piece(line, style)), indent=1)


def _long(value: object) -> str:
    if isinstance(value, dict | list):
        return documents.as_yaml(value).rstrip("\n")
    return _plain(value)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _short(value: object) -> str:
    if isinstance(value, Absent):
        return "—"
    text = _plain(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
