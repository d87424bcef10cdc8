from __future__ import annotations

import datetime

import pytest

from osmscope.errors import OsmscopeError
from osmscope.session.mesh_listing import age, facts, mesh_listing
from osmscope.session.mesh_model import MeshModel, open_mesh
from osmscope.session.sources import SourceOptions

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)
BUYER = "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"


def _mesh(bookstore, *names: str) -> MeshModel:
    return open_mesh(names, SourceOptions(from_=str(bookstore)))


def test_a_snapshot_is_a_mesh_of_its_pods(bookstore):
    mesh = _mesh(bookstore)
    assert len(mesh.members) == 7
    assert mesh.members[BUYER].taken == datetime.datetime(
        2026, 11, 22, 21, 6, 35, tzinfo=datetime.UTC
    )
    assert mesh.state(BUYER).status == "unread"


def test_a_folder_or_archive_of_a_mesh_may_be_the_source(bookstore):
    assert set(open_mesh((str(bookstore),), SourceOptions()).members) == set(
        _mesh(bookstore).members
    )


def test_pods_may_be_chosen(bookstore):
    assert list(_mesh(bookstore, "bookbuyer").members) == [BUYER]


def test_files_and_addresses_stand_side_by_side(bookbuyer):
    dump = str(bookbuyer / "config_dump.json")
    mesh = open_mesh((dump, "http://localhost:15000", str(bookbuyer)), SourceOptions())
    names = [member.name for member in mesh.members.values()]
    assert names == [bookbuyer.name, "http://localhost:15000", bookbuyer.name]
    assert [m.taken is None for m in mesh.members.values()] == [False, True, False]


def test_a_source_that_is_not_there_is_an_error_at_once():
    with pytest.raises(OsmscopeError, match="is no file"):
        open_mesh(("nowhere.json",), SourceOptions())


def test_nothing_given_is_an_empty_mesh():
    assert open_mesh((), SourceOptions()).members == {}


def test_a_member_reads_what_the_command_line_would(bookstore):
    assert _mesh(bookstore).members[BUYER].read().name == "bookbuyer"


def test_what_was_read_stays_when_a_later_read_fails(bookstore):
    mesh = _mesh(bookstore)
    mesh.begin(BUYER)
    assert mesh.state(BUYER).status == "loading"
    mesh.loaded(BUYER, mesh.members[BUYER].read(), NOW)
    assert mesh.state(BUYER).status == "loaded"
    mesh.begin(BUYER)
    mesh.failed(BUYER, "gone")
    state = mesh.state(BUYER)
    assert (state.status, state.reason) == ("stale", "gone")
    assert state.sidecar is not None
    mesh.begin(BUYER)
    mesh.cancelled(BUYER)
    assert (mesh.state(BUYER).status, mesh.state(BUYER).reason) == ("stale", "cancelled")


def test_what_was_never_read_fails_or_stays_unread(bookstore):
    mesh = _mesh(bookstore)
    mesh.failed(BUYER, "gone")
    assert mesh.state(BUYER).status == "failed"
    mesh.cancelled(BUYER)
    assert mesh.state(BUYER).status == "unread"


def test_the_pod_behind_an_address(bookstore):
    mesh = _mesh(bookstore)
    assert mesh.behind("10.244.0.11") is mesh.members[BUYER]
    assert mesh.behind("10.9.9.9") is None


def test_the_table_of_a_mesh(bookstore):
    mesh = _mesh(bookstore, "bookbuyer")
    mesh.begin(BUYER)
    mesh.loaded(BUYER, mesh.members[BUYER].read(), NOW)
    (row,) = mesh_listing(mesh, NOW).rows
    pod = "bookbuyer-5ccf77f46d-rc5mg"
    assert row.cells[:6] == (pod, "bookbuyer", "OSM", "1.40.0", "1 d", "loaded")
    assert facts(mesh.state(BUYER), NOW) == "OSM · Envoy 1.40.0 · 1 d old"
    mesh.failed(BUYER, "no route to host")
    listing = mesh_listing(mesh, NOW)
    assert listing.rows[0].cells[5] == "stale: no route to host"
    assert (listing.marks[0].sign, listing.marks[0].word) == ("!", "stale")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 m"), (7199, "1 h"), (90000, "1 d"), (-5, "0 s")],
)
def test_ages(seconds, words):
    assert age(NOW - datetime.timedelta(seconds=seconds), NOW) == words
    assert age(None, NOW) == ""
