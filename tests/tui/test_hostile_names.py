"""Hostile names in every column of every screen: the screen stays whole, and nothing gets out.

`whole` is what holds on every screen: each line takes exactly the terminal's cells, nothing on it
is a control or turns the direction of writing, and what stands around the view is in its place.
"""

from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from osmscope.report.untrusted import escaped
from osmscope.tui.app import ScopeApp
from osmscope.tui.cells import fitted, shown
from tests.tui.conftest import NOW, press, screen_text, settle
from tests.tui.hostile import PIECES, hostile, hostile_mesh

pytestmark = pytest.mark.anyio
_UNSURE = {"Mn", "Me", "Cf", "Cc", "Cs", "Zl", "Zp"}
ASKED = {
    "mesh": ("w", "s", "y", "c", "m", "asterisk", "escape", "slash", "x", "escape"),
    "kinds": ("enter", *(("tab", "j", "w", "w") * 11), "s", "y", "Y", "c"),
    "detail": ("i", "v", "l", "v", "j", "z", "z", "z", "escape", "O", "escape"),
    "links": ("colon", "r", "enter", "enter", "escape", "O", "escape", "m", "j", "d"),
    "tree": ("escape", "colon", "t", "enter", *(("j", "l") * 12), "slash", "n", "enter"),
    "jump": ("asterisk", "escape", "question_mark", "escape", "J", "at", "enter", "j", "escape"),
    "palette": ("ctrl+p", "b", "o", "o", "escape"),
    "witness": ("left_square_bracket", "colon", "c", "enter", "G", "k", "k", "O", "escape", "t"),
    "trace": ("w", "j", "i", "slash", "x", "enter", "c", "C", "J", "H", "escape", "1", "b"),
    "problems": ("exclamation_mark", "w", "j", "i", "enter", "y"),
    "certificates": ("colon", *"certificates", "enter", "w", "j", "y", "enter"),
    "updates": ("colon", *"updates", "enter"),
    "compare": ("colon", *"pods", "enter", "g", "m", "j", "d", "x", "w", "j", "i", "i"),
    "both": ("t", "x", "enter", "j", "escape", "enter"),
    "clusters": ("colon", "c", "enter", "m", "j", "d", "j", "escape"),
    "failed": ("colon", *"pods", "enter", "G", "enter", "t", "escape", "question_mark", "escape"),
}  # fmt: skip
"""Where → the keys, one after the other."""


def whole(pilot):
    """Hold that the screen is whole; return its text."""
    app = pilot.app
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    assert len(strips) == height
    for strip in strips:
        text = "".join(segment.text for segment in strip)
        assert strip.cell_length == width == cell_len(text)
        assert text.isprintable(), text
        assert not [c for c in text if unicodedata.category(c) in _UNSURE], ascii(text)
        assert not any(0x1F3FB <= ord(c) <= 0x1F3FF or 0x1F1E6 <= ord(c) <= 0x1F1FF for c in text)
    text = screen_text(pilot)
    lines = text.splitlines()
    if app.screen is app.view:
        assert lines[0].startswith(" osmscope › "), text
        prompt = app.view.prompt
        assert " help " in lines[-1] or prompt.is_open, text
    return text


@pytest.mark.parametrize(
    ("seed", "size"),
    [(0, (80, 24)), (5, (160, 50))],
    ids=lambda value: str(value).replace(", ", "x"),
)
async def test_every_screen_stays_whole(tmp_path, seed, size):
    app = ScopeApp(hostile_mesh(tmp_path, seed), now=lambda: NOW)
    seen = set()
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        whole(pilot)
        for place, keys in ASKED.items():
            for key in keys:
                await press(pilot, key)
                text = whole(pilot)
                seen.add(app.screen.CONTEXT if hasattr(app.screen, "CONTEXT") else "palette")
            assert r"\x1b" in text or r"\u" in text or place in ("updates",), text
            assert app.clipboard.isprintable() or "\n  " in app.clipboard
    wanted = {"mesh", "browse", "trace", "listing", "compare", "help", "query", "jump", "choice"}
    wanted |= {"palette"} | ({"both"} if seed == 0 else set())
    assert seen >= wanted


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_a_text_takes_the_cells_it_was_given(piece):
    for text in (piece, piece * 100, f"a{piece}", hostile("a")):
        assert shown(text).isprintable()
        for width in (0, 1, 2, 3, 7, 40, 20_000):
            assert cell_len(fitted(text, width)) == width


def test_what_can_be_read_stays_as_it_is():
    for text in ("café", "名前", "bookstore/bookstore-v1|14001", "Grüße ✓ ≠ →", "각"):
        assert shown(text) == text == escaped(text)
