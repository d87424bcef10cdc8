"""A watched request tells what changed, whatever its source is, and what cannot be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.session.watching import Seen, watch
from tests.mesh import osm12
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.demo import BOOKSTORE
from tests.mesh.unbound import Unbound, running_unbound

BOOKBUYER = "bookbuyer-5ccf77f46d-rc5mg"
TYPED = typed_request("bookstore.bookstore:14001/books-bought", RequestOptions())
Happen = Callable[[], object]


def seen(source: str, options: SourceOptions, *happenings: Happen) -> list[Seen]:
    """What a watcher tells at first, and after each happening."""
    left = list(happenings)

    class EndError(Exception):
        pass

    def wait() -> None:
        if not left:
            raise EndError
        left.pop(0)()

    found: list[Seen] = []
    tracer = SidecarTracer(read_sidecar(source, options))
    try:
        for one in watch(tracer, TYPED, wait):
            found.append(one)
    except EndError:
        return found
    raise AssertionError("a watcher never ends by itself")


def nothing() -> None:
    """Let some time pass."""


@pytest.fixture
def folder(bookbuyer: Path, tmp_path: Path) -> Path:
    """A pod's own folder, to be changed."""
    return Path(shutil.copytree(bookbuyer, tmp_path / "pod"))


def reweighed(text: str) -> str:
    at = text.index('"weight": 50')
    return text[:at] + text[at:].replace(": 50", ": 80", 1).replace(
        '"weight": 50', '"weight": 20', 1
    )


def test_a_file_is_read_again_when_it_changes(folder: Path) -> None:
    path = folder / "config_dump.json"
    text = path.read_text()
    found = seen(
        str(folder),
        SourceOptions(),
        nothing,
        lambda: path.write_text(reweighed(text)),
        nothing,
        lambda: path.write_text(text),
    )
    assert [one.changes for one in found] == [
        (),
        (
            "cluster bookstore/bookstore-v1|14001: 50.0% → 80.0% of requests",
            "cluster bookstore/bookstore-v2|14001: 50.0% → 20.0% of requests",
        ),
        (
            "cluster bookstore/bookstore-v1|14001: 80.0% → 50.0% of requests",
            "cluster bookstore/bookstore-v2|14001: 20.0% → 50.0% of requests",
        ),
    ]


def test_a_file_that_is_half_written_or_gone_is_told_once_and_tried_again(folder: Path) -> None:
    path = folder / "config_dump.json"
    text = path.read_text()
    found = seen(
        str(folder),
        SourceOptions(),
        lambda: path.write_text(text[:5000]),
        nothing,
        path.unlink,
        lambda: path.write_text(text),
        nothing,
    )
    assert [bool(one.problem) for one in found] == [False, True, False]
    assert found[2].is_back
    assert found[2].changes == ()


def test_the_pod_of_a_capture_is_watched(bookstore: Path, tmp_path: Path) -> None:
    mesh = Path(shutil.copytree(bookstore, tmp_path / "mesh"))
    path = next(mesh.glob("pods/*/bookbuyer*/config_dump.json"))
    text = path.read_text()
    found = seen(
        "bookbuyer",
        SourceOptions(from_=str(mesh)),
        nothing,
        lambda: path.write_text(reweighed(text)),
    )
    assert len(found) == 2
    assert len(found[1].changes) == 2


@pytest.fixture
def sidecar() -> Iterator[Unbound]:
    resources = osm12.sidecar(BOOKSTORE, BOOKSTORE.pod(BOOKBUYER), CertificateAuthority())
    with running_unbound(resources) as unbound:
        yield unbound


def deliver(sidecar: Unbound, name: str, text: str, version: str) -> None:
    sidecar.deliver(name, json.loads(text)["resources"], version)


@pytest.mark.envoy
def test_a_live_sidecar_is_asked_again(sidecar: Unbound) -> None:
    (routes,) = sidecar.folder.glob("xds/rds/rds-outbound*14001.json")
    (endpoints,) = sidecar.folder.glob("xds/eds/*bookstore-v2*.json")
    old, hosts = routes.read_text(), endpoints.read_text()

    def serving(version: str) -> bool:
        live = read_sidecar(sidecar.address, SourceOptions())
        entry = live.proxy.dump.serving("route_config")["rds-outbound.14001"]
        return entry.version_info == version

    def reweigh() -> None:
        deliver(sidecar, f"rds/{routes.stem}", reweighed(old), "2")
        sidecar.wait_for(lambda: serving("2"))

    def lose_an_endpoint() -> None:
        answer = json.loads(hosts)
        del answer["resources"][0]["endpoints"][0]["lb_endpoints"][0]
        sidecar.deliver(f"eds/{endpoints.stem}", answer["resources"], "2")

        def is_gone() -> bool:
            live = read_sidecar(sidecar.address, SourceOptions())
            status = live.proxy.status("bookstore/bookstore-v2|14001")
            return status is not None and len(status.hosts) == 1

        sidecar.wait_for(is_gone)

    def go_away() -> None:
        (sidecar.folder / "admin.sock").rename(sidecar.folder / "away")

    def come_back() -> None:
        (sidecar.folder / "away").rename(sidecar.folder / "admin.sock")

    found = seen(
        sidecar.address,
        SourceOptions(),
        nothing,
        reweigh,
        lose_an_endpoint,
        go_away,
        nothing,
        come_back,
        nothing,
    )
    assert len(found) == 5
    assert found[1].changes[:2] == (
        "cluster bookstore/bookstore-v1|14001: 50.0% → 80.0% of requests",
        "cluster bookstore/bookstore-v2|14001: 50.0% → 20.0% of requests",
    )
    assert found[1].changes[2].startswith("route config rds-outbound.14001: version 1 (20")
    assert len(found[2].changes) == 2
    assert found[2].changes[0].endswith(" is gone")
    assert "50.0% → 100.0%" in found[2].changes[1]
    assert "no such socket" in found[3].problem
    assert found[4].is_back
    assert found[4].changes == ()


@pytest.mark.envoy
def test_a_live_sidecar_that_rests_is_asked_for_little(sidecar: Unbound) -> None:
    tracer = SidecarTracer(read_sidecar(sidecar.address, SourceOptions()))
    assert tracer.sidecar.live is not None
    sizes: list[int] = []

    class EnoughError(Exception):
        pass

    def wait() -> None:
        assert tracer.sidecar.live is not None
        sizes.append(tracer.sidecar.live.way.account.bytes)
        if len(sizes) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        list(watch(tracer, TYPED, wait))
    assert sizes[2] - sizes[1] < sizes[0] / 3
