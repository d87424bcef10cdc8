"""Going through the bookstore by keys, as a user would."""

from __future__ import annotations

import pytest

from osmscope.report.inventory.document import Ref
from tests.tui.conftest import press, screen_text, settle

pytestmark = pytest.mark.anyio
BUYER = "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"
V1 = "bookstore/bookstore-v1-7f9c4c8d5-x2jlp"


async def _at(pilot, kind, key):
    """Open a resource of bookbuyer."""
    await pilot.app.open_resource(BUYER, Ref(kind, key))
    await settle(pilot)


async def test_the_mesh_lists_its_pods_with_mesh_version_age_and_state(open_app):
    async with open_app() as pilot:
        text = screen_text(pilot)
        row = next(line for line in text.splitlines() if "bookbuyer-5ccf77f46d" in line)
        assert row.split() == [
            "bookbuyer-5ccf77f46d-rc5mg", "bookbuyer", "OSM", "1.40.0", "1", "d", "loaded",
        ]  # fmt: skip
        assert "Pods 7" in text


async def test_enter_opens_a_sidecar(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter")
        text = screen_text(pilot)
        assert "osmscope › bookbuyer-5ccf77f46d-rc5mg" in text
        assert "OSM · Envoy 1.40.0 · 1 d old" in text
        assert "Clusters 7" in text


async def test_a_route_leads_to_its_clusters_and_on_to_the_pod_behind(open_app):
    async with open_app() as pilot:
        host = "outbound_virtual-host|bookstore.bookstore.svc.cluster.local"
        await _at(pilot, "route", f"rds-outbound.14001/{host}#0")
        await press(pilot, "enter")
        assert "cluster bookstore/bookstore-v1|14001 weight 50" in screen_text(pilot)
        await press(pilot, "enter")
        assert pilot.app.history.present.kind == "cluster"
        await press(pilot, "o")
        assert pilot.app.history.present.scope == Ref("cluster", "bookstore/bookstore-v1|14001")
        await press(pilot, "o")
        present = pilot.app.history.present
        assert (present.member, present.ref) == (V1, Ref("listener", "inbound-listener"))
        for key, kind in (("[", "endpoint"), ("[", "cluster"), ("[", "route"), ("]", "cluster")):
            await press(pilot, {"[": "left_square_bracket", "]": "right_square_bracket"}[key])
            assert pilot.app.history.present.kind == kind


async def test_shift_o_shows_who_refers(open_app):
    async with open_app() as pilot:
        await _at(pilot, "cluster", "bookstore/bookstore-v1|14001")
        await press(pilot, "O")
        assert "← route outbound_virtual-host|bookstore.bookstore" in screen_text(pilot)
        await press(pilot, "enter")
        assert pilot.app.history.present.kind == "route"


async def test_the_detail_pane_shows_words_yaml_and_json(open_app):
    async with open_app() as pilot:
        await _at(pilot, "cluster", "bookstore/bookstore-v1|14001")
        assert "lb policy ROUND_ROBIN" in screen_text(pilot)
        await press(pilot, "v")
        assert "name: bookstore/bookstore-v1|14001" in screen_text(pilot)
        await press(pilot, "v")
        assert '"name": "bookstore/bookstore-v1|14001"' in screen_text(pilot)


async def test_a_filter_is_live_counted_inverted_and_kept_on_return(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "slash", *"v[12]")
        assert "Clusters 2 of 7" in screen_text(pilot)
        await press(pilot, "enter", "tab")
        await press(pilot, "shift+tab")
        assert "Clusters 2 of 7  /v[12]" in screen_text(pilot)
        await press(pilot, "escape")
        assert "Clusters 7" in screen_text(pilot)


async def test_escape_goes_up(open_app):
    async with open_app() as pilot:
        await _at(pilot, "cluster", "bookstore/bookstore-v1|14001")
        await press(pilot, "enter", "escape")
        assert pilot.app.history.present.scope is None
        await press(pilot, "escape")
        assert pilot.app.history.present.view == "mesh"


async def test_the_tree_opens_branch_by_branch(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "0")
        assert "▾ Listeners" in screen_text(pilot)
        await press(pilot, "j", "l")
        assert "outbound_bookstore/bookstore_14001_http" in screen_text(pilot)
        await press(pilot, "h", "h")
        assert pilot.app.view.outline.cursor == 0


async def test_the_command_line_knows_aliases(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "colon", *"ep", "space", *"v2", "enter")
        assert pilot.app.history.present.kind == "endpoint"
        assert "/v2" in screen_text(pilot)
        await press(pilot, "colon", *"pods", "enter")
        assert pilot.app.history.present.view == "mesh"


async def test_help_lists_what_is_possible_here_and_is_searchable(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "question_mark")
        assert "Show who refers to this" in screen_text(pilot)
        await press(pilot, *"json")
        assert "Copy the resource as JSON" in screen_text(pilot)
        assert "Show who refers" not in screen_text(pilot)
        await press(pilot, "escape")
        assert "Clusters 7" in screen_text(pilot)


async def test_jump_goes_where_the_letter_stands(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "asterisk")
        codes = pilot.app.screen._targets
        code = next(c for c, t in codes.items() if t.offset[1] == 6)
        await press(pilot, *code)
        assert pilot.app.view.table.cursor == 2


async def test_jmespath_answers_live(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "J")
        for key in "configs[].dynamic_listeners[].name":
            await pilot.press({"[": "left_square_bracket", "]": "right_square_bracket",
                               ".": "full_stop", "_": "underscore"}.get(key, key))  # fmt: skip
        await settle(pilot)
        assert '"outbound-listener"' in screen_text(pilot)
        await press(pilot, "escape")
        assert "Clusters 7" in screen_text(pilot)
