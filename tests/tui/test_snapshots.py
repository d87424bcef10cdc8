"""Each screen as a picture; OSMSCOPE_GOLDEN=write draws them anew.

They are drawn by the versions of Textual and Rich that the extra `test` names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from osmscope.tui.settings import Settings
from tests.tui import screens
from tests.tui.conftest import counted, press

pytestmark = pytest.mark.anyio
GOLDEN = Path(__file__).parent / "pictures"
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
MAIN = [
    (name, theme, size)
    for name in screens.MAIN
    for theme in ("dark", "light")
    for size in ((80, 24), (160, 50))
]
OTHERS = [(name, "dark", (120, 36)) for name in screens.OTHERS]
THEMES = [("clusters", theme, (120, 36)) for theme in ("contrast", "ansi")]


@pytest.mark.parametrize(
    ("name", "theme", "size"),
    [*MAIN, *OTHERS, *THEMES],
    ids=lambda value: "x".join(map(str, value)) if isinstance(value, tuple) else value,
)
async def test_the_screen_is_as_it_was(open_app, name, theme, size):
    keys = {**screens.MAIN, **screens.OTHERS}[name]
    async with open_app(size=size, settings=Settings(theme=theme)) as pilot:
        *before, last = (screens.NAMES.get(key, key) for key in keys)
        await press(pilot, *before)
        await counted(pilot)
        await press(pilot, last)
        await counted(pilot)
        drawn = pilot.app.export_screenshot(title="osmscope")
    file = GOLDEN / f"{name}.{theme}.{size[0]}x{size[1]}.svg"
    if os.environ.get("OSMSCOPE_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn)
    wanted = file.read_text()
    assert _TEXT.findall(drawn) == _TEXT.findall(wanted)
    assert drawn == wanted


def test_no_picture_is_left_over():
    wanted = {f"{n}.{t}.{w}x{h}.svg" for n, t, (w, h) in (*MAIN, *OTHERS, *THEMES)}
    assert {path.name for path in GOLDEN.iterdir()} == wanted
