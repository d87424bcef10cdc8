"""What the tests of the trace view do as a user."""

from __future__ import annotations

from osmscope.session.request_form import RequestForm
from tests.tui.conftest import settle

BUYER = "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"
V1 = "bookstore/bookstore-v1-7f9c4c8d5-x2jlp"
STORE = "bookstore.bookstore:14001"
# A host that no virtual host has, at the address of one that has many.
MISSING = {"target": "bookstore.bookstor:14001/books-bought", "dst_ip": "10.96.18.11"}


async def trace(pilot, *headers, member=BUYER, **values):
    """Open the view with a request in it."""
    await pilot.app.trace(member, RequestForm(values, headers))
    await explained(pilot)


async def explained(pilot):
    """Wait until near misses and losers are there, too."""
    await settle(pilot)
    await pilot.pause(0.3)
    await settle(pilot)


async def type_text(pilot, text):
    """Type without waiting in between."""
    await pilot.press(*(_KEYS.get(letter, letter) for letter in text))
    await explained(pilot)


_KEYS = {":": "colon", "/": "slash", ".": "full_stop", "-": "minus", " ": "space"}


async def at(pilot, label):
    """Put the cursor on a decision."""
    path = pilot.app.view.path
    lines = ["".join(text for text, _ in path.pieces(n, 200)) for n in range(path.count())]
    path.cursor = next(n for n, line in enumerate(lines) if f" {label} " in line)
    await settle(pilot)


def clipboard(pilot):
    return pilot.app.clipboard


def toasts(pilot):
    return [notice.message for notice in pilot.app._notifications]
