"""Each action in each view where it is possible, by its key; a table of what it does.

`test_all_actions_are_tried` holds that nobody adds an action without a line here or in the tests of
its own view.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from osmscope.tui import actions
from osmscope.tui.app import ScopeApp
from osmscope.tui.memory import Memory
from osmscope.tui.settings import Settings
from tests.tui.conftest import press, screen_text, settle

pytestmark = pytest.mark.anyio
CLUSTERS = ("enter",)
"""Keys that lead from the mesh to the clusters of bookbuyer."""
TREE = ("enter", "0")
V1 = (*CLUSTERS, "j", "j", "j")
"""To the cluster bookstore-v1."""
DETAIL = (*V1, "i")

CASES = {
    # where, action → keys before, key, what is then on the screen
    "mesh help": ((), "question_mark", "What can be done here"),
    "mesh help f1": ((), "f1", "What can be done here"),
    "mesh palette": ((), "ctrl+p", "Search for commands"),
    "mesh command_line": ((), "colon", " :"),
    "mesh theme": ((), "f2", "theme light"),
    "mesh jump": ((), "asterisk", "s  bookstore-v1"),
    "mesh filter": (("slash", "v", "1"), "enter", "Pods 1 of 7  /v1"),
    "mesh refresh": ((), "r", "Pods 7"),
    "mesh follow": ((), "enter", "Clusters 7"),
    "mesh follow o": ((), "o", "Clusters 7"),
    "mesh wide": ((), "w", "SOURCE"),
    "mesh sort": ((), "s", "POD ↑"),
    "mesh copy_name": ((), "y", "copied bookbuyer-5ccf77f46d-rc5mg"),
    "mesh copy_command": ((), "c", "osmscope get clusters"),
    "mesh leave": (("slash", "x", "enter"), "escape", "Pods 7"),
    "mesh history_back": (("enter", "left_square_bracket"), "right_square_bracket", "Clusters 7"),
    "browse help": (CLUSTERS, "question_mark", "Show who refers to this"),
    "browse palette": (CLUSTERS, "ctrl+p", "Search for commands"),
    "browse command_line": ((*CLUSTERS, "colon", "l"), "enter", "Listeners 2"),
    "browse follow": (V1, "enter", "Endpoints 1  of cluster bookstore/bookstore-v1|14001"),
    "browse referrers": (V1, "O", "Who refers to bookstore/bookstore-v1|14001"),
    "browse form": (V1, "v", "eds_cluster_config:"),
    "browse form twice": ((*V1, "v"), "v", '"eds_cluster_config": {'),
    "browse form thrice": ((*V1, "v", "v"), "v", "lb policy ROUND_ROBIN"),
    "browse next_kind": (CLUSTERS, "tab", "Endpoints 9"),
    "browse previous_kind": (CLUSTERS, "shift+tab", "Routes 5"),
    "browse other_pane": (DETAIL, "j", "type      EDS"),
    "browse other_pane twice": (DETAIL, "ctrl+w", "Clusters 7"),
    "browse zoom": (V1, "z", "cluster bookstore/bookstore-v1|14001"),
    "browse zoom leave": ((*V1, "z"), "escape", "LB POLICY"),
    "browse tree": (V1, "0", "▾ Listeners"),
    "browse query": (V1, "J", "JMESPath"),
    "browse refresh": (V1, "r", "Clusters 7"),
    "browse jump": (V1, "asterisk", "Clusters"),
    "browse copy_name": (V1, "y", "copied bookstore/bookstore-v1|14001"),
    "browse copy_json": (V1, "Y", " lines"),
    "browse copy_command": (V1, "c", "copied osmscope get clusters"),
    "browse wide": (V1, "w", "VERSION"),
    "browse sort": (CLUSTERS, "s", "CLUSTER ↑"),
    "browse sort twice": ((*CLUSTERS, "s"), "s", "TYPE ↑"),
    "browse filter": ((*CLUSTERS, "slash", *"!book"), "enter", "Clusters 2 of 7"),
    "browse filter given up": ((*CLUSTERS, "slash", *"book"), "escape", "Clusters 7"),
    "browse leave": (CLUSTERS, "escape", "Pods 7"),
    "browse history": ((*V1, "enter", "left_square_bracket"), "right_square_bracket",
                       "Endpoints 1"),
    "table down and up": ((*CLUSTERS, "j", "j", "k"), "down", "cluster bookbuyer/bookbuyer|14001|"),
    "table bottom": (CLUSTERS, "G", "cluster passthrough-outbound"),
    "table top": ((*CLUSTERS, "G"), "g", "cluster osm-controller"),
    "table half_down": (CLUSTERS, "ctrl+d", "cluster passthrough-outbound"),
    "table half_up": ((*CLUSTERS, "G"), "ctrl+u", "cluster osm-controller"),
    "table page_down": (CLUSTERS, "pagedown", "cluster passthrough-outbound"),
    "table page_up": ((*CLUSTERS, "G"), "pageup", "cluster osm-controller"),
    "table next_match": (CLUSTERS, "n", "cluster bookbuyer/bookbuyer|14001"),
    "table previous_match": (CLUSTERS, "N", "cluster passthrough-outbound"),
    "tree expand": ((*TREE, "j"), "l", "outbound_bookstore/bookstore_14001_http"),
    "tree expand right": ((*TREE, "j"), "right", "outbound_bookstore/bookstore_14001_http"),
    "tree collapse": (TREE, "h", "▸ Listeners"),
    "tree collapse left": (TREE, "left", "▸ Listeners"),
    "tree follow": (TREE, "enter", "▸ Listeners"),
    "tree filter": ((*TREE, "slash", *"inbound"), "enter", "1 in sight fit"),
    "detail scroll_right": ((*DETAIL, "v", "j"), "l", 'bookstore-v1|14001'),
    "detail scroll_left": ((*DETAIL, "v", "l"), "h", "name: bookstore/bookstore-v1|14001"),
    "detail search": ((*DETAIL, "slash", *"secrets"), "enter", "secrets"),
    "detail follow": ((*DETAIL, "slash", *"1 endpoint", "enter"), "enter", "Endpoints 1"),
    "choice close": ((*V1, "O"), "escape", "Clusters 7"),
    "help close": ((*V1, "question_mark"), "escape", "Clusters 7"),
    "query close": ((*V1, "J"), "escape", "Clusters 7"),
    "jump close": ((*V1, "asterisk"), "escape", "Clusters 7"),
}  # fmt: skip
OURS = ("test_every_action.py", "test_actions.py", "test_settings.py")
_SPACE = {" ": "space", "!": "exclamation_mark"}
ELSEWHERE = {"open_pager", "quit", "history_forward"}
"""Tried in tests of their own, below."""


def _keys(keys: tuple[str, ...]) -> list[str]:
    return [_SPACE.get(key, key) for key in keys]


@pytest.mark.parametrize("case", CASES)
async def test_what_a_key_does(open_app, case):
    before, key, shown = CASES[case]
    async with open_app(size=(120, 40)) as pilot:
        await press(pilot, *_keys(before), key)
        assert shown in screen_text(pilot)


def test_all_actions_are_tried():
    """Those of other views, in tests of their own, by their keys."""
    tried = {word for case in CASES for word in case.split()} | ELSEWHERE
    others = "".join(
        path.read_text()
        for path in Path(__file__).parent.glob("test_*.py")
        if path.name not in OURS
    )
    missing = [
        action.name
        for action in actions.ACTIONS
        if action.name not in tried and not any(f'"{key}"' in others for key in action.keys)
    ]
    assert missing == []


async def test_q_leaves(open_app):
    async with open_app() as pilot:
        await pilot.press("q")
        assert pilot.app._exit


async def test_without_a_terminal_there_is_no_pager_and_that_is_told(open_app):
    async with open_app() as pilot:
        await press(pilot, *V1, "e")
        assert "no pager" in screen_text(pilot)
        assert "Clusters 7" in screen_text(pilot)


async def test_what_is_found_in_the_help_can_be_done_there(open_app):
    async with open_app() as pilot:
        await press(pilot, *V1, "question_mark", *"refers", "enter", "enter")
        assert "Who refers to bookstore/bookstore-v1|14001" in screen_text(pilot)


async def test_the_clipboard_gets_what_was_copied(open_app):
    async with open_app() as pilot:
        await press(pilot, *V1, "y")
        assert pilot.app.clipboard == "bookstore/bookstore-v1|14001"
        await press(pilot, "Y")
        assert pilot.app.clipboard.startswith('{\n  "@type"')
        await press(pilot, "c")
        pod = "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"
        command = f"osmscope get clusters {pod} --from demo 'bookstore/bookstore-v1|14001'"
        assert pilot.app.clipboard == command


async def test_a_keymap_moves_an_action_and_the_help_and_footer_follow(open_app):
    settings = Settings(keymap={"referrers": "x"})
    async with open_app(settings=settings) as pilot:
        await press(pilot, *V1)
        assert " x who refers" in screen_text(pilot)
        await press(pilot, "question_mark", *"refers")
        assert "x                  Show who refers to this" in screen_text(pilot)
        await press(pilot, "escape", "x")
        assert "Who refers to" in screen_text(pilot)


async def test_filters_and_theme_are_kept_between_runs(open_app, tmp_path):
    memory = Memory(tmp_path / "tui.json")
    async with open_app(memory=memory) as pilot:
        await press(pilot, *CLUSTERS, "slash", *"v1", "enter", "f2")
    assert memory.save() == ""
    async with open_app(memory=Memory(tmp_path / "tui.json")) as pilot:
        assert pilot.app.theme == "light"
        await press(pilot, *CLUSTERS)
        assert "Clusters 1 of 7  /v1" in screen_text(pilot)


async def test_a_click_chooses_and_a_second_follows(open_app):
    async with open_app() as pilot:
        await pilot.click(offset=(10, 4))
        await settle(pilot)
        await pilot.click(offset=(10, 4), times=2)
        await settle(pilot)
        assert "bookstore-v1-7f9c4c8d5-x2jlp" in screen_text(pilot).splitlines()[0]
        await pilot.click(offset=(3, 1))
        await settle(pilot)
        assert "▾ Listeners" in screen_text(pilot)


async def test_a_click_on_the_footer_does_the_action(open_app):
    async with open_app() as pilot:
        await pilot.click(offset=(3, 35))
        await settle(pilot)
        assert "What can be done here" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (81, 25), (120, 36), (160, 50), (250, 70), (40, 10)])
async def test_no_size_breaks_it(open_app, size):
    async with open_app(size=size) as pilot:
        await press(pilot, *V1)
        for other in ((80, 24), (200, 60), size):
            await pilot.resize_terminal(*other)
            await settle(pilot)
            lines = screen_text(pilot).splitlines()
            assert len(lines) == other[1]
            assert "osmscope › " in lines[0]


async def test_the_palette_finds_resources_and_commands(open_app):
    async with open_app() as pilot:
        await press(pilot, *CLUSTERS, "ctrl+p", *_keys(tuple("bookstore-v2 cluster")))
        await pilot.pause(0.3)
        assert "cluster bookstore/bookstore-v2|14001" in screen_text(pilot)
        await press(pilot, "enter")
        await pilot.pause(0.2)
        assert isinstance(pilot.app, ScopeApp)
        assert pilot.app.history.present.ref.key == "bookstore/bookstore-v2|14001"


@pytest.mark.parametrize(
    ("before", "typed", "shown"),
    [
        (CLUSTERS, "route #0 inbound", "route #0 inbound_virtual-host|bookbuyer"),
        (CLUSTERS, "http_lua", "filter http_lua"),
        (CLUSTERS, "rbac-for-route", "rbac-for-route"),
        (CLUSTERS, "readiness_listener", "listener readiness_listener of bookstore-v1"),
        ((), "10.244.1.21", "10.244.1.21:14001 bookstore/bookstore"),
        ((), "bookthief", "pod bookthief"),
        (CLUSTERS, "certificates", "certificates: List the certificates"),
    ],
)
async def test_the_palette_finds_any_resource_of_the_mesh(open_app, before, typed, shown):
    async with open_app() as pilot:
        await press(pilot, *before, "ctrl+p")
        await pilot.press(*[{"-": "minus", "#": "number_sign", "_": "underscore", ".": "full_stop",
                             " ": "space"}.get(c, c) for c in typed])  # fmt: skip
        for _ in range(40):
            await pilot.pause(0.1)
            if shown in screen_text(pilot):
                return
        assert shown in screen_text(pilot)


async def test_what_is_no_command_is_told(open_app):
    async with open_app() as pilot:
        await press(pilot, "colon", *"nonsense", "enter")
        assert "is no kind and no action" in screen_text(pilot)
