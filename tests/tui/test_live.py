"""Sidecars that are live: read again, they keep the user's place, and tell what changed."""

from __future__ import annotations

import json

import pytest

from osmscope.report.inventory.document import Ref
from osmscope.session.mesh_model import open_mesh
from osmscope.session.sources import SourceOptions
from tests.moving_envoy import moving_envoy
from tests.trace.sidecars import cluster, sections
from tests.tui.conftest import press, screen_text, settle

pytestmark = pytest.mark.anyio
BEFORE = [cluster(name) for name in "abc"]
AFTER = [cluster("a"), cluster("b", lb_policy="RANDOM"), cluster("d")]


@pytest.fixture
def dump(tmp_path):
    """A file whose clusters can be changed."""
    path = tmp_path / "dump.json"

    def write(clusters):
        path.write_text(json.dumps({"configs": list(sections(clusters=clusters).values())}))
        return str(path)

    return write


async def test_what_changed_is_told_flashes_and_is_listed_and_the_place_is_kept(open_app, dump):
    async with open_app(dump(BEFORE)) as pilot:
        await press(pilot, "j", "slash", *"[abd]", "enter")
        assert pilot.app.view.table.key() == "b"
        dump(AFTER)
        await press(pilot, "r")
        assert pilot.app.view.table.key() == "b"
        text = screen_text(pilot)
        assert " ≠ b " in text
        assert " ≠ d " in text
        assert "   a " in text
        told = [note.message for note in pilot.app._notifications]
        assert told == ["3 changes in dump.json; u lists them"]
        await press(pilot, "u")
        text = screen_text(pilot)
        assert "Changes 3" in text
        assert "lb_policy" in text
        await press(pilot, "slash", *"gone", "enter")
        assert "− c" in screen_text(pilot)


async def test_a_place_that_is_about_to_be_shown_is_not_lost_when_the_source_is_read_again(
    open_app, dump
):
    async with open_app(dump(BEFORE)) as pilot:
        app = pilot.app
        member = next(iter(app.mesh.members))
        await app.open_resource(member, Ref("cluster", "b"))
        app.view.member_changed(member)
        await settle(pilot)
        assert app.view.table.key() == "b"


async def test_the_mark_of_what_changed_goes_away(open_app, dump, monkeypatch):
    monkeypatch.setattr("osmscope.tui.table_list._FLASH", 0.01)
    async with open_app(dump(BEFORE)) as pilot:
        dump(AFTER)
        await press(pilot, "r")
        await pilot.pause(0.05)
        assert " ≠ b " not in screen_text(pilot)


async def test_nothing_changed_is_no_news(open_app, dump):
    async with open_app(dump(BEFORE)) as pilot:
        await press(pilot, "r")
        assert pilot.app.mesh.updates == ()
        await press(pilot, "u")
        assert "nothing changed since it was read" in screen_text(pilot)


async def test_a_source_that_is_gone_leaves_the_last_data_marked(open_app, dump, tmp_path):
    async with open_app(dump(BEFORE)) as pilot:
        (tmp_path / "dump.json").unlink()
        await press(pilot, "r")
        text = screen_text(pilot)
        assert "! stale: " in text
        assert "Clusters 3" in text
        dump(AFTER)
        await press(pilot, "r")
        text = screen_text(pilot)
        assert "stale" not in text
        assert pilot.app.mesh.updates


@pytest.mark.parametrize(
    ("kind", "keys"), [("cluster", {"b", "d"}), ("endpoint", set()), ("listener", set())]
)
async def test_rows_of_other_kinds_do_not_flash(open_app, dump, kind, keys):
    async with open_app(dump(BEFORE)) as pilot:
        await pilot.app.open_kind(kind)
        await settle(pilot)
        dump(AFTER)
        await press(pilot, "r")
        assert {row.key for row in pilot.app.view.table.listing.rows if
                row.key in pilot.app.view.table._flashing} == keys  # fmt: skip


@pytest.mark.envoy
async def test_a_real_envoy_is_read_section_by_section_and_again_by_itself(open_app):
    with moving_envoy(BEFORE) as envoy:
        async with open_app(envoy.address, refresh=0.1) as pilot:
            app = pilot.app
            await _until(pilot, lambda: app.mesh.state(envoy.address).is_whole)
            await settle(pilot)
            assert "Clusters 3" in screen_text(pilot)
            await app.open_resource(envoy.address, Ref("cluster", "b"))
            envoy.serve(AFTER)
            await _until(pilot, lambda: len(app.mesh.updates) >= 3)
            assert app.view.table.key() == "b"
            envoy.stop()
            await _until(pilot, lambda: app.mesh.state(envoy.address).status == "stale")
            assert "Clusters 3" in screen_text(pilot)
            envoy.start()
            await _until(pilot, lambda: app.mesh.state(envoy.address).status == "loaded")
            app.mesh.state(envoy.address).sidecar.close()


@pytest.mark.envoy
async def test_of_a_live_mesh_only_who_is_there_is_read_until_a_sidecar_is_opened(open_app):
    with moving_envoy(BEFORE) as envoy, moving_envoy(AFTER) as other:
        async with open_app(envoy.address, other.address) as pilot:
            mesh = pilot.app.mesh
            states = [mesh.state(key) for key in mesh.members]
            assert [(s.status, s.is_whole) for s in states] == [("loaded", False)] * 2
            await press(pilot, "X")
            assert "2 of 2 sidecars are not read yet" in screen_text(pilot)
            await press(pilot, "escape", "R")
            await _until(pilot, lambda: all(mesh.state(key).is_whole for key in mesh.members))
            await press(pilot, "m", "j", "d")
            assert "only in B" in screen_text(pilot)
            for key in mesh.members:
                mesh.state(key).sidecar.close()


async def _until(pilot, happens) -> None:
    for _ in range(400):
        if happens():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not happen")


def test_who_is_read_whole_says_how_far_it_has_come(bookstore):
    """Without a live source there is nothing to wait for."""
    from osmscope.session.member_reading import read_member

    mesh = open_mesh((), SourceOptions(from_=str(bookstore)))
    key, member = next(iter(mesh.members.items()))
    told: list[str] = []
    found = read_member(member, mesh.state(key), whole=True, tell=lambda w: told.append(w) is None)
    assert found is not None
    assert (found.is_whole, told) == (True, [])


@pytest.mark.envoy
def test_a_read_can_be_stopped_at_each_section():
    from osmscope.session.member_reading import read_member

    with moving_envoy(BEFORE) as envoy:
        mesh = open_mesh((envoy.address,), SourceOptions())
        (member,) = mesh.members.values()
        state = mesh.state(member.key)
        for stop in (1, 3, 8):
            told: list[str] = []

            def tell(words: str, told: list[str] = told, stop: int = stop) -> bool:
                told.append(words)
                return len(told) < stop

            assert read_member(member, state, whole=True, tell=tell) is None
            assert len(told) == stop
        assert told[0] == "listeners, 1 of 8"
        assert told[-1] == "health of endpoints, 8 of 8"
