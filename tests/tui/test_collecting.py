"""What is wrong, what expires, what differs: lists over the mesh, by keys, as a user would."""

from __future__ import annotations

import json

import pytest

from osmscope.report.inventory.document import Ref
from osmscope.session.places import Place
from tests.trace.sidecars import chain, cluster, listener, sections, tcp
from tests.tui.conftest import press, screen_text, settle

pytestmark = pytest.mark.anyio
V1 = "bookstore/bookstore-v1-7f9c4c8d5-x2jlp"
V2 = "bookstore/bookstore-v2-845b8d6f9c-h8wqz"


@pytest.fixture
def broken(tmp_path):
    """A dump with a chain and a cluster that something is wrong with."""
    error = {"details": "unknown field: x", "version_info": "9"}
    built = sections([listener(chain(tcp("gone")))], clusters=[cluster("a")])
    built["Clusters"]["dynamic_active_clusters"].append({"error_state": error})
    path = tmp_path / "broken.json"
    path.write_text(json.dumps({"configs": list(built.values())}))
    return str(path)


async def test_problems_are_listed_and_lead_to_their_place(open_app, broken):
    async with open_app(broken) as pilot:
        await press(pilot, "exclamation_mark")
        text = screen_text(pilot)
        assert "Problems 2" in text
        assert "the last update was rejected: unknown field: x" in text
        assert "✗ dangling" in text
        await press(pilot, "slash", *"dangling", "enter", "enter")
        assert pilot.app.history.present.ref == Ref("filter_chain", "l#0")
        await press(pilot, "left_square_bracket")
        assert pilot.app.history.present.view == "problems"
        await press(pilot, "escape", "escape")
        assert pilot.app.history.present.view == "browse"


async def test_a_mesh_without_problems_says_so(open_app):
    async with open_app() as pilot:
        await press(pilot, "exclamation_mark")
        assert "✓ nothing is rejected, warming, dangling" in screen_text(pilot)
        await press(pilot, "escape")
        assert pilot.app.history.present.view == "mesh"


async def test_problems_of_one_sidecar_lead_up_to_those_of_the_mesh(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "exclamation_mark")
        assert pilot.app.history.present.member.startswith("bookbuyer/")
        await press(pilot, "escape")
        assert pilot.app.history.present.member == ""


async def test_certificates_have_a_timeline(open_app):
    async with open_app() as pilot:
        await press(pilot, "X")
        text = screen_text(pilot)
        assert "Certificates 42" in text
        assert "━━━━━━━━" in text
        assert "valid from 2026-11-22" in text
        await press(pilot, "slash", *"mysql", "enter", "y", "ctrl+w")
        assert "mysql" in pilot.app.clipboard
        assert pilot.app.view.detail.has_focus
        await press(pilot, "escape", "enter")
        assert pilot.app.history.present.kind == "secret"


async def test_two_pods_are_compared_down_to_a_field(open_app):
    async with open_app() as pilot:
        await press(pilot, "j", "m", "j", "d")
        text = screen_text(pilot)
        assert f"A {V1[10:]}  B {V2[10:]}" in text
        assert "inbound-listener" in text
        await press(pilot, "enter")
        present = pilot.app.history.present
        assert (present.view, present.ref) == ("compare", Ref("listener", "outbound-listener"))
        assert '−   request_handle:headers():add("osm-stats-name", "bookstore-v1")' in screen_text(
            pilot
        )
        await press(pilot, "x")
        assert pilot.app.history.present.member == V2
        await press(pilot, "escape")
        assert pilot.app.history.present.ref is None
        await press(pilot, "escape")
        assert pilot.app.history.present.view == "mesh"


async def test_what_only_one_has_is_opened_there(open_app):
    async with open_app() as pilot:
        await press(pilot, "j", "m", "j", "d", "slash", *"only in A", "enter", "enter")
        present = pilot.app.history.present
        assert (present.view, present.member) == ("browse", V1)


async def test_two_resources_of_one_sidecar_are_compared(open_app):
    async with open_app() as pilot:
        app = pilot.app
        await app.open_resource(V1, Ref("cluster", "passthrough-outbound"))
        await settle(pilot)
        await press(pilot, "m", "up", "d")
        assert app.history.present.against == Place(V1, app.view.location.against.ref)
        assert "cluster A passthrough-outbound  B" in screen_text(pilot)
        await press(pilot, "escape")
        assert app.history.present.view == "browse"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("d",), "mark another one as A first"),
        (("m", "d"), "mark another one as A first"),
        (("m", "m"), "nothing is marked"),
        (("m", "shift+tab", "d"), "only alike things can be compared"),
    ],
)
async def test_what_cannot_be_compared_says_why(open_app, keys, words):
    async with open_app() as pilot:
        await press(pilot, "enter", *keys)
        assert any(words in note.message for note in pilot.app._notifications)


async def test_a_sidecar_is_not_compared_with_itself(open_app):
    async with open_app() as pilot:
        await press(pilot, "m", "enter", "d")
        assert any("is this sidecar itself" in n.message for n in pilot.app._notifications)


async def test_sidecars_that_differ_in_nothing_say_so(open_app, broken, tmp_path):
    same = tmp_path / "same.json"
    same.write_bytes((tmp_path / "broken.json").read_bytes())
    async with open_app(broken, str(same)) as pilot:
        await press(pilot, "m", "j", "d")
        assert "✓ no difference" in screen_text(pilot)


async def test_a_sidecar_that_cannot_be_read_says_why_it_is_not_compared(
    open_app, broken, tmp_path
):
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    async with open_app(broken, str(bad)) as pilot:
        await press(pilot, "m", "j", "d")
        assert "bad.json is not read: " in screen_text(pilot)


async def test_one_request_is_traced_through_both(open_app):
    async with open_app(size=(150, 40)) as pilot:
        await press(pilot, "j", "m", "j", "d", "t", *"bookwarehouse:14001/", "enter")
        text = screen_text(pilot)
        assert "A and B: bookwarehouse:14001/" in text
        assert "✓ the same: chain, route, cluster" in text or "≠ it goes another way" in text
        assert " A  bookstore-v1" in text
        assert " B  bookstore-v2" in text
        await press(pilot, "escape")
        assert pilot.app.history.present.view == "compare"
        await press(pilot, "t", "home", "ctrl+k", "enter")
        assert any("give a target" in note.message for note in pilot.app._notifications)


async def test_certificates_of_a_saved_dump_say_as_of_when_their_time_is_left(open_app):
    async with open_app() as pilot:
        await press(pilot, "X")
        assert "left as of 1 d ago, when it was taken" in screen_text(pilot)
