"""The pods of a live cluster, listed while the screen is there already."""

from __future__ import annotations

import threading

import pytest

from osmscope.errors import UnreachableError
from osmscope.session.mesh_model import Member, MeshModel
from osmscope.session.sources import SourceOptions
from osmscope.tui.app import ScopeApp
from tests.tui.conftest import NOW, press, screen_text, settle

pytestmark = pytest.mark.anyio


class Lister:
    """Lists pods as told, and can be made to wait or to fail."""

    def __init__(self, bookstore):
        self.names = ["bookbuyer"]
        self.error = None
        self.gate = threading.Event()
        self.gate.set()
        self._options = SourceOptions(from_=str(bookstore))

    def __call__(self):
        self.gate.wait(10)
        if self.error is not None:
            raise self.error
        for name in self.names:
            yield Member(key=name, name=name, where=name, source=name, options=self._options)


@pytest.fixture
def lister(bookstore):
    return Lister(bookstore)


async def test_the_screen_is_there_before_the_pods_are_listed(lister):
    lister.gate.clear()
    app = ScopeApp(MeshModel((), title="cluster", lister=lister), now=lambda: NOW)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        assert "◌ listing the pods of the cluster" in screen_text(pilot)
        lister.gate.set()
        await settle(pilot)
        text = screen_text(pilot)
        assert "Pods 1" in text
        assert "loaded" in text


async def test_pods_that_come_and_go_are_seen_by_r(lister):
    app = ScopeApp(MeshModel((), lister=lister), now=lambda: NOW)
    async with app.run_test(size=(100, 20)) as pilot:
        await settle(pilot)
        lister.names = ["bookthief", "mysql"]
        await press(pilot, "r")
        assert list(app.mesh.members) == ["bookthief", "mysql"]
        assert {app.mesh.state(key).status for key in app.mesh.members} == {"loaded"}


async def test_a_cluster_that_is_lost_leaves_its_pods_marked(lister):
    app = ScopeApp(MeshModel((), lister=lister), now=lambda: NOW)
    async with app.run_test(size=(100, 20)) as pilot:
        await settle(pilot)
        lister.error = UnreachableError("no answer within 30 s", where="kind-osm")
        await press(pilot, "r")
        text = screen_text(pilot)
        assert "Pods 1" in text
        assert "! not listed anew: no answer within 30 s (kind-osm)" in text


async def test_a_cluster_that_cannot_be_asked_says_why(lister):
    lister.error = UnreachableError("no answer within 30 s", where="kind-osm")
    app = ScopeApp(MeshModel((), lister=lister), now=lambda: NOW)
    async with app.run_test(size=(100, 20)) as pilot:
        await settle(pilot)
        assert "✗ no answer within 30 s (kind-osm)" in screen_text(pilot)


async def test_a_narrow_screen_says_to_the_end_what_to_do_next(lister):
    hint = "give --kubeconfig FILE or set KUBECONFIG"
    lister.error = UnreachableError("no cluster is known (tried /home/me/.kube/config)", hint=hint)
    app = ScopeApp(MeshModel((), title="cluster", lister=lister), now=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert hint in " ".join(screen_text(pilot).split())


async def test_a_cluster_without_sidecars_says_so(lister):
    lister.names = []
    app = ScopeApp(MeshModel((), lister=lister), now=lambda: NOW)
    async with app.run_test(size=(100, 20)) as pilot:
        await settle(pilot)
        assert "no pod with a sidecar is here" in screen_text(pilot)
