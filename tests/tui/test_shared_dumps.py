"""The main screens on the real dumps beside the checkout, where they are at hand.

Nothing of these dumps may be kept here, so what is held is what can be said without them: each
screen is whole and shows what it is about, two runs in two themes show the same, and the request
that reaches a resource lands as `osmscope trace` says.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from osmscope.tui.cells import shown
from osmscope.tui.settings import Settings
from tests.tui.conftest import counted, press, settle
from tests.tui.test_hostile_names import whole

pytestmark = pytest.mark.anyio


@pytest.fixture
def dumps(shared: Path) -> list[Path]:
    """The dumps, in order."""
    return sorted((shared / "osm-dumps").glob("*.json"))


async def drawn(pilot, dumps):
    """Go through the main screens of each dump; return the texts and the traces of each."""
    screens = {"mesh": whole(pilot)}
    answers = {}
    for index, path in enumerate(dumps):
        await press(pilot, "colon", *"pods", "enter", "g", *["j"] * index, "enter")
        await press(pilot, "colon", "c", "enter")
        await counted(pilot)
        screens[f"{path.name} clusters"] = whole(pilot)
        listing = pilot.app.view.table.listing
        assert shown(listing.rows[0].cells[0])[:20] in screens[f"{path.name} clusters"]
        await press(pilot, "0", "l", "j", "l", "j", "l")
        screens[f"{path.name} tree"] = whole(pilot)
        await press(pilot, "exclamation_mark")
        screens[f"{path.name} problems"] = whole(pilot)
        await press(pilot, "left_square_bracket", "colon", "l", "enter", "slash", *"outbound")
        await press(pilot, "enter", "t")
        if pilot.app.view.VIEW != "trace":  # none can reach it
            screens[f"{path.name} trace"] = whole(pilot)
            continue
        while pilot.app.view.is_waiting:
            await settle(pilot)
        screens[f"{path.name} trace"] = whole(pilot)
        await press(pilot, "c")
        pilot.app.clear_notifications()
        told = pilot.app.view.told
        answers[pilot.app.clipboard] = told.report.result
    return screens, answers


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: "x".join(map(str, size)))
async def test_the_main_screens_are_whole_and_the_same_twice(open_app, dumps, size):
    dumps = dumps if size == (80, 24) else dumps[:1]
    seen = []
    for theme in ("dark", "light"):
        settings = Settings(theme=theme)
        async with open_app(*map(str, dumps), size=size, settings=settings) as pilot:
            seen.append(await drawn(pilot, dumps))
    (screens, answers), again = seen
    assert answers == again[1]
    for name, text in screens.items():
        assert text == again[0][name], name
    for path in dumps:
        assert path.name in screens["mesh"]
    assert len(answers) >= len(dumps) // 2
    if size != (80, 24):
        return
    for command, result in answers.items():
        words = [sys.executable, "-m", *shlex.split(command)]
        environment = {**os.environ, "COLUMNS": "240"}
        done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
        assert done.stderr == ""
        assert result in done.stdout.splitlines()[0]
