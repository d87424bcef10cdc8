"""A resource as lines: styled pieces that may link to other resources.

Decision: neutral data. What a line's styles look like, and how a link is followed, is the screen's.
"""

from __future__ import annotations

from typing import Literal

import msgspec

PieceStyle = Literal["plain", "strong", "faint", "good", "warn", "bad", "link"]


class Ref(msgspec.Struct, frozen=True, order=True):
    """One resource of a sidecar."""

    kind: str
    key: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a link leads: to a resource, to the parts of one, or to another pod."""

    ref: Ref | None = None
    kind: str = ""
    """Of parts: their kind."""
    scope: Ref | None = None
    """Of parts: what they are parts of."""
    address: str = ""
    """Of another pod: IP:port."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One reference of a resource to another."""

    words: str
    """What it is: `cluster a`, `3 endpoints`."""
    target: Target
    note: str = ""
    """`weight 50`, `mirror`."""
    is_main: bool = True
    """Whether a request goes along it."""
    missing: bool = False
    """Whether what it names is not there."""


class Piece(msgspec.Struct, frozen=True):
    """A text in one style."""

    text: str
    style: PieceStyle = "plain"


class Line(msgspec.Struct, frozen=True):
    """One line; a long one is wrapped by who shows it."""

    pieces: tuple[Piece, ...] = ()
    link: Link | None = None
    indent: int = 0


class Mark(msgspec.Struct, frozen=True):
    """A state that wants attention: a sign and a word, so that neither depends on colour."""

    sign: str
    word: str
    style: PieceStyle
