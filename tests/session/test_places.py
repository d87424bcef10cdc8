"""Rows that are about one place of one sidecar of a mesh: problems, certificates, differences."""

from __future__ import annotations

import datetime
import json

import pytest

from osmscope.errors import DumpError
from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.session.certificate_listing import certificate_listing
from osmscope.session.comparison_listing import (
    Side,
    not_compared,
    resource_comparison,
    sidecar_comparison,
)
from osmscope.session.mesh_model import Member, MeshModel, open_mesh
from osmscope.session.places import Place, loaded
from osmscope.session.problem_listing import problem_listing
from osmscope.session.sources import SourceOptions, read_sidecar
from tests.trace.sidecars import (
    chain,
    cluster,
    endpoints,
    host,
    listener,
    manager,
    route,
    section,
    sections,
    table,
    tcp,
)  # fmt: skip

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


@pytest.fixture
def bookstore_mesh(bookstore) -> MeshModel:
    mesh = open_mesh((), SourceOptions(from_=str(bookstore)))
    for key, member in mesh.members.items():
        mesh.loaded(key, member.read(), NOW)
    return mesh


def mesh_of(tmp_path, **dumps: list[object]) -> MeshModel:
    """A mesh of the sidecars whose sections are given."""
    members = []
    for name, configs in dumps.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"configs": configs}))
        options = SourceOptions(dump=str(path))
        members.append(Member(key=name, name=name, where=str(path), options=options))
    mesh = MeshModel(tuple(members))
    for member in members:
        mesh.loaded(member.key, read_sidecar(None, member.options), NOW)
    return mesh


def text(lines) -> str:
    return "\n".join(" ".join(piece.text for piece in line.pieces) for line in lines)


ROUTES = table(host("v", ["*"], route("gone", name="r")), name="t")


def test_a_problem_leads_to_its_place(tmp_path):
    broken = sections(
        [listener(chain(manager("t")), chain(tcp("gone"), name="d"))], routes=[ROUTES]
    )
    mesh = mesh_of(tmp_path, pod=list(broken.values()))
    placed = problem_listing(mesh, "", NOW)
    assert [(row.cells[0], row.cells[2], row.cells[3]) for row in placed.listing.rows] == [
        ("dangling", "filter chain", "d"),
        ("dangling", "route", "v r"),
    ]
    refs = [Ref("filter_chain", "l#1"), Ref("route", "t/v#0")]
    assert placed.places == tuple(Place("pod", ref) for ref in refs)
    inventory = Inventory(mesh.state("pod").sidecar.proxy, now=NOW)
    assert all(inventory.row(ref) is not None for ref in refs)
    assert "its tcp_proxy names the cluster gone, which is not there" in text(placed.details[0])
    assert {mark.sign for mark in placed.listing.marks} == {"✗"}


def test_a_resource_that_cannot_be_browsed_leads_to_its_sidecar(tmp_path):
    rejected = section("ScopedRoutes", dynamic_scoped_route_configs=[
        {"name": "s", "error_state": {"details": "no"}}
    ])  # fmt: skip
    mesh = mesh_of(tmp_path, pod=[rejected])
    (place,) = problem_listing(mesh, "", NOW).places
    assert place == Place("pod")


def test_sidecars_that_cannot_be_read_are_problems(tmp_path):
    mesh = mesh_of(tmp_path, a=[section("Clusters")], b=[section("Clusters")])
    mesh.failed("a", "nobody answers")
    rows = problem_listing(mesh, "", NOW).listing.rows
    assert [row.cells for row in rows] == [("stale", "a", "pod", "a", "nobody answers")]
    assert problem_listing(mesh, "b", NOW).listing.rows == ()


def test_a_dump_that_breaks_off_is_a_problem_of_its_own(tmp_path):
    wrong = {**cluster("a"), "lb_policy": 3}
    mesh = mesh_of(tmp_path, pod=list(sections(clusters=[wrong]).values()))
    (row,) = problem_listing(mesh, "", NOW).listing.rows
    assert row.cells[:2] == ("unreadable", "pod")


def test_an_unread_sidecar_is_left_out(tmp_path):
    mesh = MeshModel((Member(key="a", name="a", where="a"),))
    assert list(loaded(mesh, "")) == []
    assert problem_listing(mesh, "", NOW).listing.rows == ()
    assert certificate_listing(mesh, "", NOW).listing.rows == ()


def test_saved_certificates_are_held_against_the_time_at_which_they_were_taken(bookstore_mesh):
    later = NOW + datetime.timedelta(days=1000)
    assert problem_listing(bookstore_mesh, "", later).listing.rows == ()
    placed = certificate_listing(bookstore_mesh, "", later)
    assert {mark.sign for mark in placed.listing.marks} == {"✓"}


def test_certificates_come_by_the_time_at_which_they_expire(bookstore_mesh):
    placed = certificate_listing(bookstore_mesh, "", NOW)
    ends = [row.cells[5] for row in placed.listing.rows]
    assert ends == sorted(ends)
    assert placed.listing.rows[0].cells[3] == "23 hours"
    assert "valid from" in text(placed.details[0])
    one = "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"
    of_one = certificate_listing(bookstore_mesh, one, NOW)
    assert {place.member for place in of_one.places} == {one}


def test_an_expired_certificate_says_so(bookstore):
    member = Member(
        key="a",
        name="a",
        where="a",
        source="bookbuyer",
        options=SourceOptions(from_=str(bookstore)),
    )
    mesh = MeshModel((member,))
    mesh.loaded("a", member.read(), NOW + datetime.timedelta(days=3))
    placed = certificate_listing(mesh, "", NOW)
    row, mark = placed.listing.rows[0], placed.listing.marks[0]
    assert (row.cells[3], mark.sign) == ("expired", "✗")
    assert mark.word.startswith("expired 2 days")


def side(mesh: MeshModel, member: str, ref: Ref | None = None) -> Side:
    proxy = mesh.state(member).sidecar.proxy
    return Side(Place(member, ref), Inventory(proxy, now=NOW))


def test_two_sidecars_side_by_side(tmp_path):
    one = sections(clusters=[cluster("a"), cluster("b")], eds=[endpoints("e", "10.0.0.1:80")])
    other = sections(
        [listener(chain(tcp("a")))], clusters=[cluster("a", lb_policy="RANDOM")],
        eds=[endpoints("e", "10.0.0.2:80")],
    )  # fmt: skip
    mesh = mesh_of(tmp_path, a=list(one.values()), b=list(other.values()))
    placed = sidecar_comparison(side(mesh, "a"), side(mesh, "b"))
    assert [(row.cells[:3], mark.sign) for row, mark in zip(
        placed.listing.rows, placed.listing.marks, strict=True)] == [
        (("l", "listener", "only in B"), "+"),
        (("a", "cluster", "in 1 place"), "≠"),
        (("b", "cluster", "only in A"), "−"),
        (("e", "endpoint", "in 2 places"), "≠"),
    ]  # fmt: skip
    assert placed.places == (
        Place("b", Ref("listener", "l")), Place("b", Ref("cluster", "a")),
        Place("a", Ref("cluster", "b")), Place("b", Ref("cluster", "e")),
    )  # fmt: skip
    assert text(placed.details[1]) == (
        "≠ differs cluster a\n\nlb_policy\n− A not there\n+ B RANDOM"
    )
    assert not_compared(side(mesh, "a"), side(mesh, "b")) == ()


def test_two_resources_side_by_side(tmp_path):
    script = "a\nb\nc"
    one = cluster("a", alt_stat_name="x" * 900, metadata={"k": [1]}, connect_timeout=script)
    two = cluster("b", metadata={"k": {"l": 1}}, connect_timeout="a\nB\nc")
    mesh = mesh_of(tmp_path, pod=list(sections(clusters=[one, two]).values()))
    first, second = side(mesh, "pod", Ref("cluster", "a")), side(mesh, "pod", Ref("cluster", "b"))
    placed = resource_comparison(first, second)
    rows = {row.cells[0]: row.cells[1:] for row in placed.listing.rows}
    assert rows["name"] == ("a", "b")
    assert rows["metadata.k"] == ("[1]", '{"l":1}')
    assert rows["alt_stat_name"] == ("x" * 400 + "…", "—")
    by_field = dict(zip(rows, map(text, placed.details), strict=True))
    assert by_field["connect_timeout"] == "connect_timeout\n  a\n− b\n+ B\n  c"
    assert by_field["metadata.k"] == "metadata.k\n− A - 1\n+ B l: 1"
    gone = resource_comparison(first, side(mesh, "pod", Ref("cluster", "none")))
    assert [row.cells[0] for row in gone.listing.rows] == ["all of it"]


def test_the_end_of_a_long_path_is_shown_and_an_order_is_told(tmp_path):
    def of(*names: str):
        filters = [{"name": name} for name in names]
        return sections([listener(chain(*filters, name="c" * 90))])

    mesh = mesh_of(tmp_path, a=list(of("x", "y").values()), b=list(of("y", "x").values()))
    ref = Ref("listener", "l")
    placed = resource_comparison(side(mesh, "a", ref), side(mesh, "b", ref))
    (row,) = placed.listing.rows
    assert row.cells[0].startswith("…ccc")
    assert row.cells[0].endswith("].filters")
    assert len(row.cells[0]) == 60
    assert "the order differs" in text(placed.details[0])


def test_a_sidecar_that_cannot_be_read_cannot_be_compared(tmp_path):
    broken = section("Listeners", dynamic_listeners=[{"name": "l", "active_state": {
        "listener": {"name": "l", "filter_chains": 3}}}])  # fmt: skip
    fine = section("Listeners")
    mesh = mesh_of(tmp_path, a=[broken], b=[fine])
    assert sidecar_comparison(side(mesh, "a"), side(mesh, "a")).listing.rows == ()
    with pytest.raises(DumpError):
        side(mesh, "a").inventory.listing("listener")
