"""The terminal UI on a live cluster: its pods, and their sidecars through port-forwards."""

from __future__ import annotations

import datetime

import pytest

from osmscope.report.inventory.document import Ref
from osmscope.session.live_mesh import live_members
from osmscope.session.mesh_model import open_mesh
from osmscope.session.sources import SourceOptions
from osmscope.tui.app import ScopeApp
from tests.cluster.bookstore import Bookstore
from tests.cluster.running import Cluster
from tests.tui.conftest import anyio_backend, press, screen_text, settle

__all__ = ["anyio_backend"]
pytestmark = [pytest.mark.cluster, pytest.mark.anyio]
PATIENCE = 600


def _options(cluster: Cluster, user: str = "operator", **options: object) -> SourceOptions:
    return SourceOptions(kubeconfig=str(cluster.kubeconfig(user)), **options)


async def _until(pilot, happens) -> None:
    for _ in range(PATIENCE):
        if happens():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"it did not happen:\n{screen_text(pilot)}")


def test_only_pods_with_a_sidecar_are_members(cluster: Cluster, bookstore: Bookstore) -> None:
    keys = {member.key for member in live_members(_options(cluster))}
    assert any(key.startswith("bookbuyer/bookbuyer-") for key in keys)
    in_one = live_members(_options(cluster, namespace="bookstore"))
    assert {member.namespace for member in in_one} == {"bookstore"}


async def test_a_pod_is_opened_followed_and_left(cluster: Cluster, bookstore: Bookstore) -> None:
    mesh = open_mesh((), _options(cluster, namespace="bookbuyer"))
    app = ScopeApp(mesh, now=lambda: datetime.datetime.now(tz=datetime.UTC))
    async with app.run_test(size=(120, 36)) as pilot:
        await _until(pilot, lambda: mesh.members)
        (key,) = mesh.members
        await _until(pilot, lambda: mesh.state(key).status == "loaded")
        assert not mesh.state(key).is_whole
        assert "OSM" in screen_text(pilot)
        await press(pilot, "enter")
        await _until(pilot, lambda: mesh.state(key).is_whole)
        await app.open_resource(key, Ref("cluster", "bookstore/bookstore-v1|14001"))
        await settle(pilot)
        assert "bookstore/bookstore-v1|14001" in screen_text(pilot)
        sidecar = mesh.state(key).sidecar
        assert sidecar is not None
        sidecar.close()
