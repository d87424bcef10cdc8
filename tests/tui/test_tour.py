"""The tour of the bookstore: what each step says to press leads to the next one."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from osmscope.tui import actions
from osmscope.tui.memory import Memory
from osmscope.tui.settings import Settings
from osmscope.tui.tour_bar import _NEXT, TourBar, pieces_of
from osmscope.tui.tour_steps import ELSEWHERE, END, STEPS, Scene
from tests.tui.conftest import press, screen_text, settle

pytestmark = pytest.mark.anyio
PRESSED = {
    "mesh": ("enter",),
    "sidecar": ("colon", "r", "enter"),
    "route": ("j", "enter", "enter"),
    "cluster": ("enter",),
    "endpoint": ("enter",),
    "other pod": ("t",),
    "trace": ("i",),
    "path": ("slash", "n", "o", "p", "e"),
    "near miss": ("enter", "1"),
    "problems": ("left_square_bracket", "exclamation_mark"),
    "compare": ("colon", *"pods", "enter", "m", "j", "d"),
    "help": ("question_mark",),
}
"""Step → the keys that it says."""
TEXTS = [*((step.does, step.shows) for step in STEPS), END, ELSEWHERE]


async def looked(pilot):
    """Wait until the tour has looked at the screen."""
    await settle(pilot)
    pilot.app.look()
    pilot.app.look()
    await pilot.pause()


async def until(pilot, step):
    """Wait until the tour is at a step."""
    for _ in range(60):
        await looked(pilot)
        if pilot.app.step == step:
            return
    raise AssertionError(f"step {pilot.app.step}, not {step}:\n{screen_text(pilot)}")


def said(pilot):
    """What the two lines of the tour say."""
    (bar,) = pilot.app.view.query(TourBar)
    return screen_text(pilot).splitlines()[bar.region.y : bar.region.bottom]


async def begin(pilot):
    await press(pilot, "f4")
    await until(pilot, 0)


def test_each_step_says_actions_that_there_are():
    for text in {text for texts in TEXTS for text in texts} | {_NEXT}:
        assert set(re.findall(r"\{(\w+)\}", text)) <= set(actions.BY_NAME)
    assert list(PRESSED) == [step.name for step in STEPS]


def test_each_step_fits_in_80_columns():
    def width(text):
        return sum(cell_len(piece) for piece, _ in pieces_of(text, lambda _: "xx"))

    for does, shows in TEXTS:
        assert 12 + width(does) + 2 + width(_NEXT) <= 80, does
        assert 1 + width(shows) <= 80, shows


def test_no_step_is_done_where_nothing_is_seen():
    assert not [step.name for step in STEPS if step.is_done(Scene())]


async def test_what_it_says_leads_through_it(open_app):
    async with open_app(size=(80, 24)) as pilot:
        await begin(pilot)
        assert "opens the sidecar of bookbuyer" in said(pilot)[0]
        for index, step in enumerate(STEPS):
            assert f"Tour {index + 1}/{len(STEPS)}" in said(pilot)[0]
            assert step.shows.partition("{")[0] in said(pilot)[1]
            await press(pilot, *PRESSED[step.name])
            await until(pilot, index + 1)
        await press(pilot, "escape")
        assert "That was all" in said(pilot)[0]
        assert pilot.app.memory.data.has_seen_tour
        await press(pilot, "escape")
        assert pilot.app.step is None
        assert "That was all" not in screen_text(pilot)


async def test_its_own_key_does_each_step(open_app):
    async with open_app(size=(80, 24)) as pilot:
        await begin(pilot)
        for index in range(len(STEPS)):
            await press(pilot, "ctrl+n")
            await until(pilot, index + 1)
        await press(pilot, "ctrl+n", "ctrl+n")
        assert pilot.app.step is None
        assert "ends" not in screen_text(pilot)


@pytest.mark.parametrize("index", [0, 2, 4, 6, 7, 8, 10], ids=lambda i: STEPS[i].name)
async def test_who_went_another_way_is_led_back(open_app, index):
    async with open_app() as pilot:
        await begin(pilot)
        pilot.app.step = index
        away = ("colon", *"certificates", "enter")
        await press(pilot, *away)
        await looked(pilot)
        if STEPS[index].name == "compare":
            assert "leads back" not in said(pilot)[0]
            return
        assert "leads back to the tour" in said(pilot)[0]
        await press(pilot, "ctrl+n")
        for _ in range(20):
            await looked(pilot)
            if "leads back" not in said(pilot)[0]:
                break
        assert pilot.app.step == index
        assert STEPS[index].shows.partition("{")[0] in said(pilot)[1]


async def test_escape_closes_what_is_open_first_and_then_ends_it(open_app):
    async with open_app() as pilot:
        await begin(pilot)
        await press(pilot, "slash", "v", "1", "enter", "escape")
        assert pilot.app.step == 0
        await press(pilot, "escape")
        assert pilot.app.step is None
        assert "f4 takes the tour again" in screen_text(pilot)
        assert pilot.app.memory.data.has_seen_tour


async def test_it_can_be_had_by_name_and_again(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "colon", *"tour", "enter")
        await until(pilot, 0)
        assert "Pods 7" in screen_text(pilot)
        await press(pilot, "enter")
        await until(pilot, 1)
        await press(pilot, "question_mark")
        assert "f4                 Take the tour" in screen_text(pilot)
        await press(pilot, "escape", "f4")
        await until(pilot, 0)


async def test_the_users_own_keys_are_said(open_app):
    async with open_app(settings=Settings(keymap={"follow": "x,enter"})) as pilot:
        await begin(pilot)
        assert "x opens the sidecar" in said(pilot)[0]


async def test_the_demo_begins_with_it_once(open_app, tmp_path):
    memory = Memory(tmp_path / "tui.json")
    async with open_app(memory=memory, offers_tour=True) as pilot:
        assert pilot.app.step == 0
        await press(pilot, "escape")
    assert memory.save() == ""
    async with open_app(memory=Memory(tmp_path / "tui.json"), offers_tour=True) as pilot:
        assert pilot.app.step is None


async def test_another_mesh_has_none(open_app, tmp_path):
    async with open_app("fixtures/bookstore", offers_tour=True) as pilot:
        await press(pilot, "f4", "question_mark")
        assert pilot.app.step is None
        assert "Take the tour" not in screen_text(pilot)
