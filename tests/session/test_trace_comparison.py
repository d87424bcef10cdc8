"""The same request traced through two sidecars."""

from __future__ import annotations

import json

import pytest

from osmscope.session.request_form import RequestForm, read_form
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.trace_comparison import trace_both
from tests.trace.sidecars import chain, cluster, host, listener, manager, route, sections, table

ONLY_A = "− only in A cluster a share 1"
SPLIT = {"weighted_clusters": {"clusters": [{"name": n, "weight": 50} for n in ("a", "b")]}}


@pytest.fixture
def both(tmp_path):
    """Trace a request through two sidecars that differ in their routes."""

    def traced(one, other, target="a.com/x", **fields):
        sides = []
        for name, routes in (("one", one), ("other", other)):
            clusters = [cluster("a"), cluster("b", "10.1.0.2:80")]
            inline = table(host("v", ["*"], *routes))
            built = sections([listener(chain(manager(inline)))], clusters=clusters)
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps({"configs": list(built.values())}))
            sides.append(read_sidecar(str(path), SourceOptions()))
        form = RequestForm({"target": target, "dst_ip": "10.0.0.1", "listener": "l", **fields})
        return trace_both(*sides, read_form(form).typed, 100)

    return traced


def text(lines):
    return ["".join(piece.text + " " for piece in line.pieces).strip() for line in lines]


def test_the_same_way_is_told_as_that(both):
    found = both([route("a")], [route("a")])
    assert text(found.differences)[0].startswith("✓ the same")
    assert all("cluster" in side and "10.1.0.1:80" in side for side in found.sides)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ([route("a")], [route("b")], [ONLY_A, "+ only in B cluster b share 1"]),
        ([route("a")], [], [ONLY_A, "+ only in B responded 404 share 1"]),
        (
            [route("a")],
            [route(None, route=SPLIT)],
            ["cluster a", "probability", "− A 1.0", "+ B 0.5", "+ only in B cluster b share 0.5"],
        ),
        (
            [route("a")],
            [route("a", prefix="/x", action={"prefix_rewrite": "/y"})],
            ["cluster a", "upstream_request.path", "− A /x", "+ B /y"],
        ),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_where_it_ends(both, one, other, told):
    found = text(both(one, other).differences)
    assert found[0] == "≠ it goes another way"
    assert [line for line in told if line not in found] == []


def test_a_request_that_one_cannot_trace_says_so(both):
    found = both([route("a")], [route("a", action={"timeout": 3})])
    assert text(found.differences) == ["✗ one of them cannot be traced"]
    assert "cannot be read" in found.sides[1]
