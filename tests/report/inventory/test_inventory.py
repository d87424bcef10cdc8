"""What is listed of a real sidecar, what it leads to, and who refers to it."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from osmscope.report.inventory.document import Ref, Target
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_ALIAS, KINDS
from osmscope.report.inventory.words import words
from osmscope.session.sources import SourceOptions, read_sidecar

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
VIRTUAL_HOST = "rds-outbound.14001/outbound_virtual-host|bookstore.bookstore.svc.cluster.local"
CLUSTER = Ref("cluster", "bookstore/bookstore-v1|14001")


@pytest.fixture(scope="module")
def buyer(bookstore) -> Inventory:
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore)))
    return Inventory(sidecar.proxy, now=NOW)


@pytest.fixture(scope="module")
def seller(bookstore) -> Inventory:
    sidecar = read_sidecar("bookstore-v1", SourceOptions(from_=str(bookstore)))
    return Inventory(sidecar.proxy, now=NOW)


def _targets(links) -> list[tuple[str, str, str]]:
    return [
        (link.target.ref.kind, link.target.ref.key, link.note)
        if link.target.ref
        else (link.target.kind, link.target.scope.key if link.target.scope else "", link.note)
        for link in links
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_listed_with_keys_that_tell_its_rows_apart(seller, kind):
    listing = seller.listing(kind.name)
    assert listing.rows
    assert len(listing.positions) == len(listing.rows)
    assert len(listing.texts) == len(listing.marks) == len(listing.rows)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_part_knows_what_it_is_a_part_of(seller, kind):
    for row in seller.listing(kind.name).rows:
        parent = seller.parent(Ref(kind.name, row.key))
        assert (parent is None) == (not kind.part_of)
        if parent is not None:
            assert seller.row(parent) is not None
            assert row in seller.parts(kind.name, parent)


@pytest.mark.parametrize("kind", [k for k in KINDS if k.name != "endpoint"], ids=lambda k: k.name)
def test_each_resource_has_the_json_of_the_dump(seller, kind):
    for row in seller.listing(kind.name).rows:
        body = msgspec.json.decode(seller.body(Ref(kind.name, row.key)))
        assert body
        assert body.get("name", row.cells[0]) in (row.cells[0], row.cells[-3], *row.names)


@pytest.mark.parametrize(
    ("ref", "links"),
    [
        (
            Ref("listener", "outbound-listener"),
            [("filter_chain", "outbound-listener", ""), ("filter", "outbound-listener", "")],
        ),
        (
            Ref("route", f"{VIRTUAL_HOST}#0"),
            [
                ("cluster", "bookstore/bookstore-v1|14001", "weight 50"),
                ("cluster", "bookstore/bookstore-v2|14001", "weight 50"),
            ],
        ),
        (
            CLUSTER,
            [
                ("endpoint", "bookstore/bookstore-v1|14001", ""),
                ("secret", "service-cert:bookbuyer/bookbuyer", ""),
                ("secret", "root-cert-for-mtls-outbound:bookstore/bookstore-v1", ""),
            ],
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Ref) else "",
)
def test_what_a_resource_leads_to(buyer, ref, links):
    assert _targets(buyer.links(ref)) == links


def test_an_endpoint_leads_to_the_pod_behind_it(buyer):
    (row,) = buyer.parts("endpoint", CLUSTER)
    (link,) = buyer.links(Ref("endpoint", row.key))
    assert link.target == Target(address="10.244.1.21:14001")


def test_secrets_and_mirrors_are_not_the_way_of_a_request(buyer):
    assert [link.target.kind for link in buyer.links(CLUSTER) if link.is_main] == ["endpoint"]


def test_every_reference_is_known_from_its_other_end(buyer):
    for kind in KINDS:
        for row in buyer.listing(kind.name).rows:
            ref = Ref(kind.name, row.key)
            for link in buyer.links(ref):
                if link.target.ref is not None and ref.kind != "filter":
                    back = [found.target.ref for found in buyer.referrers(link.target.ref)]
                    assert ref in back


def test_what_holds_a_resource_refers_to_it(buyer):
    first, *_ = buyer.referrers(Ref("route", f"{VIRTUAL_HOST}#0"))
    assert first.target.ref == Ref("virtual_host", VIRTUAL_HOST)
    assert first.note == "holds it"


def test_inbound_traffic_of_an_endpoint_meets_the_inbound_listener(seller):
    listener = seller.inbound("10.244.1.21:14001")
    assert listener == Ref("listener", "inbound-listener")


def test_words_say_what_it_is_and_link_in_both_directions(buyer):
    lines = words(buyer, CLUSTER)
    text = "\n".join(" ".join(piece.text for piece in line.pieces) for line in lines)
    assert text.startswith("cluster bookstore/bookstore-v1|14001\ntype      EDS\n")
    assert "leads to\n→ 1 endpoint\n→ secret service-cert:bookbuyer/bookbuyer" in text
    assert "referred to by\n← route outbound_virtual-host|bookstore.bookstore" in text
    assert sum(line.link is not None for line in lines) >= 4


def test_what_is_not_in_the_dump_is_said_so(buyer):
    lines = words(buyer, Ref("cluster", "nowhere"))
    assert "the dump has none of this name" in lines[1].pieces[0].text


def test_every_alias_means_one_kind():
    words_ = [word for kind in KINDS for word in {kind.name, kind.short, *kind.aliases}]
    assert len(words_) == len(set(words_)) == len(BY_ALIAS)


def test_real_dumps_are_listed_whole(shared):
    for path in sorted((shared / "osm-dumps").glob("*.json")):
        inventory = Inventory(read_sidecar(None, SourceOptions(dump=str(path))).proxy, now=NOW)
        for kind in KINDS:
            for row in inventory.listing(kind.name).rows:
                assert words(inventory, Ref(kind.name, row.key))
                inventory.body(Ref(kind.name, row.key))
