"""Which columns of a table are shown where not all of them can be read."""

from __future__ import annotations

import pytest

from tests.tui.conftest import press, screen_text

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "size", "shown", "hidden"),
    [
        ("c", (80, 24), "ENDPOINTS", "TLS SNI"),
        ("c", (120, 36), "TLS SNI", ""),
        ("r", (80, 24), "MATCH", "DOMAINS"),
        ("r", (250, 50), "DOMAINS", ""),
        ("ep", (80, 24), "PRIORITY", "LOCALITY"),
        ("s", (80, 24), "EXPIRES", "NAMES"),
    ],
)
async def test_a_narrow_screen_leaves_out_what_the_others_need_room_for(
    open_app, kind, size, shown, hidden
):
    async with open_app(size=size) as pilot:
        await press(pilot, "enter", "colon", *kind, "enter")
        head = screen_text(pilot).splitlines()[3]
        assert shown in head
        assert not hidden or hidden not in head
        await press(pilot, "w")
        assert "…" in screen_text(pilot).splitlines()[3] or hidden in screen_text(pilot)


async def test_it_is_sorted_by_what_is_shown(open_app):
    async with open_app(size=(80, 24)) as pilot:
        await press(pilot, "enter", "colon", "r", "enter", "s", "s", "s")
        assert "MATCH ↑" in screen_text(pilot).splitlines()[3]
