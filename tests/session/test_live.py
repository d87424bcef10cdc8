"""A live sidecar is asked piece by piece, and answers as its whole dump does."""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from osmscope.dump.states import State
from osmscope.errors import RefusedError, UnreachableError
from osmscope.session.age import data_of
from osmscope.session.live_admin import Way
from osmscope.session.sources import Sidecar, SourceOptions, live_sidecar, read_sidecar
from osmscope.session.tracing import SidecarTracer, Traced
from osmscope.session.typed_request import RequestOptions, Typed, typed_request
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer
from tests.live_envoy import running_envoy
from tests.mesh import osm09, osm12
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.demo import BOOKSTORE, SMALL_BOOKSTORE
from tests.mesh.unbound import Unbound, running_unbound

pytestmark = pytest.mark.envoy

FIXTURES = Path(__file__).parents[2] / "fixtures"
BUILDERS = {"bookstore": osm12.sidecar, "bookstore-0.9": osm09.sidecar}
EVERY_POD = [
    pytest.param((mesh, pod.name), id=f"{mesh.name}-{pod.name}")
    for mesh in (BOOKSTORE, SMALL_BOOKSTORE)
    for pod in mesh.pods
]
BOOKBUYER = "bookbuyer-5ccf77f46d-rc5mg"


@pytest.fixture(scope="module", params=EVERY_POD)
def every_sidecar(request: pytest.FixtureRequest) -> Iterator[tuple[str, Unbound]]:
    """Each sidecar of the recorded meshes, run by a real Envoy, with the mesh's name."""
    mesh, pod = request.param
    resources = BUILDERS[mesh.name](mesh, mesh.pod(pod), CertificateAuthority())
    with running_unbound(resources) as unbound:
        yield mesh.name, unbound


@functools.cache
def requests_of(mesh: str) -> list[TraceRequest]:
    lines = (FIXTURES / mesh / "requests.jsonl").read_text().splitlines()
    return [msgspec.convert(json.loads(line)["request"], TraceRequest) for line in lines]


def read(unbound: Unbound, *, full: bool = False) -> Sidecar:
    return read_sidecar(unbound.address, SourceOptions(full=full))


def test_what_is_asked_piece_by_piece_decides_as_the_whole_dump(
    every_sidecar: tuple[str, Unbound],
) -> None:
    mesh, unbound = every_sidecar
    whole = Tracer(read(unbound, full=True).proxy)
    live = read(unbound)
    assert live.live is not None
    shared = Tracer(live.proxy)
    for request in requests_of(mesh):
        expected = whole.explain(request)
        assert Tracer(read(unbound).proxy).explain(request) == expected
        assert shared.explain(request) == expected
    assert live.live.moved() == ()


def test_hosts_are_found_as_in_the_whole_dump(every_sidecar: tuple[str, Unbound]) -> None:
    mesh, unbound = every_sidecar
    for host in sorted({str(request.host) for request in requests_of(mesh) if request.host}):
        typed = typed_request(host, RequestOptions())
        expected = SidecarTracer(read(unbound, full=True)).trace(typed)
        assert SidecarTracer(read(unbound)).trace(typed).answer == expected.answer


@pytest.fixture
def bookbuyer_sidecar() -> Iterator[Unbound]:
    """The bookbuyer's sidecar, for a test that changes it."""
    resources = osm12.sidecar(BOOKSTORE, BOOKSTORE.pod(BOOKBUYER), CertificateAuthority())
    with running_unbound(resources) as unbound:
        yield unbound


def clusters_of(unbound: Unbound) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((unbound.folder / "xds/cds.json").read_text())[
        "resources"
    ]
    return found


def deliver_clusters(unbound: Unbound, version: str) -> None:
    """Deliver the same clusters, but for a limit, and wait until they serve."""
    clusters = clusters_of(unbound)
    for number, cluster in enumerate(clusters):
        cluster["connect_timeout"] = f"{int(version) + number}s"
    unbound.deliver("cds", clusters, version)
    unbound.wait_for(lambda: read(unbound).proxy.dump.version_info("cluster") == version)


TYPED = typed_request("bookstore.bookstore:14001/books-bought", RequestOptions())


def test_an_update_in_the_middle_is_read_again(bookbuyer_sidecar: Unbound) -> None:
    tracer = SidecarTracer(read(bookbuyer_sidecar))
    assert tracer.sidecar.proxy.listeners
    first = tracer.trace(TYPED)
    assert first.data is not None
    deliver_clusters(bookbuyer_sidecar, "2")
    stale = tracer.sidecar.proxy
    again = tracer.trace(TYPED)
    assert again.answer == first.answer
    assert tracer.sidecar.proxy is not stale
    assert tracer.sidecar.proxy.dump.version_info("cluster") == "2"
    assert again.data is not None
    assert again.data.last_updated > first.data.last_updated
    assert (again.data.questions or 0) > (first.data.questions or 0)
    assert (again.data.bytes or 0) < 1.5 * (first.data.bytes or 0)


def test_a_sidecar_that_never_rests_is_named(bookbuyer_sidecar: Unbound) -> None:
    tracer = SidecarTracer(read(bookbuyer_sidecar))
    versions = iter(range(2, 100))

    class Restless(SidecarTracer):
        """Delivers another version between the answer and the look at the versions."""

        def _trace(self, typed: Typed, *, brief: bool) -> Traced:
            traced = super()._trace(typed, brief=brief)
            deliver_clusters(bookbuyer_sidecar, str(next(versions)))
            return traced

    restless = Restless(tracer.sidecar)
    answer = restless.trace(TYPED).answer
    assert not answer.exact
    (said,) = [one for one in answer.assumptions if "changed" in one]
    assert said.startswith("the clusters ")
    assert said.endswith("changed from version 2 to 3 while the sidecar was read")


def test_answers_stay_whole_while_the_configuration_changes_all_the_time(
    bookbuyer_sidecar: Unbound,
) -> None:
    expected = SidecarTracer(read(bookbuyer_sidecar)).trace(TYPED).answer
    stop = threading.Event()

    def change() -> None:
        clusters = clusters_of(bookbuyer_sidecar)
        version = 1
        while not stop.is_set():
            version += 1
            bookbuyer_sidecar.deliver("cds", clusters, str(version))
            for cluster in clusters:
                cluster["connect_timeout"] = f"{version}s"
            time.sleep(0.02)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(20):
            answer = SidecarTracer(read(bookbuyer_sidecar)).trace(TYPED).answer
            assert answer.outcomes == expected.outcomes
            assert answer.exact or any(
                "while the sidecar was read" in a for a in answer.assumptions
            )
    finally:
        stop.set()
        changing.join()


def test_a_sidecar_that_went_away_is_told_and_asked_again_when_it_is_back() -> None:
    resources = osm12.sidecar(BOOKSTORE, BOOKSTORE.pod(BOOKBUYER), CertificateAuthority())
    with running_unbound(resources) as unbound:
        sidecar = read(unbound)
        expected = SidecarTracer(sidecar).trace(TYPED).answer
        unbound.process.kill()
        unbound.process.wait()
        with pytest.raises(UnreachableError):
            sidecar.reload()
    with pytest.raises(UnreachableError, match="no such socket"):
        SidecarTracer(sidecar).trace(TYPED)
    sidecar.close()
    assert expected.outcomes


def test_the_way_is_opened_once_and_closed_after_an_error(bookbuyer_sidecar: Unbound) -> None:
    happened: list[str] = []

    @contextlib.contextmanager
    def opening() -> Iterator[str]:
        happened.append("opened")
        try:
            yield bookbuyer_sidecar.address
        except UnreachableError as error:
            happened.append("failed")
            raise UnreachableError("the pod has gone") from error
        finally:
            happened.append("closed")

    way = Way(opening, deadline=5)
    way.ask("ready")
    way.ask("config_dump", mask="version_info")
    with pytest.raises(RefusedError):
        way.ask("config_dump", name_regex="(")
    assert happened == ["opened"]
    assert way.account.questions == 2
    bookbuyer_sidecar.process.kill()
    bookbuyer_sidecar.process.wait()
    with pytest.raises(UnreachableError, match="the pod has gone"):
        way.ask("ready")
    assert happened == ["opened", "failed", "closed"]
    with pytest.raises(UnreachableError, match="the pod has gone"):
        way.ask("ready")
    assert happened == ["opened", "failed", "closed"] * 2
    way.close()


def test_a_way_that_is_forgotten_is_closed(bookbuyer_sidecar: Unbound) -> None:
    happened: list[str] = []

    @contextlib.contextmanager
    def opening() -> Iterator[str]:
        yield bookbuyer_sidecar.address
        happened.append("closed")

    sidecar = live_sidecar(opening, "a pod", SourceOptions())
    assert sidecar.name == "a pod"
    assert sidecar.namespace == "bookbuyer"
    del sidecar
    gc.collect()
    assert happened == ["closed"]


def test_everything_at_once_is_one_question_for_each_page(bookbuyer_sidecar: Unbound) -> None:
    sidecar = read(bookbuyer_sidecar, full=True)
    assert sidecar.live is None
    assert sidecar.is_live
    assert sidecar.account is not None
    asked = [one.path for one in sidecar.account.recent]
    assert asked == ["/config_dump?include_eds", "/clusters?format=json"]
    assert "live; 2 questions asked, " in data_of(sidecar).words(datetime.now(UTC))
    assert sidecar.stats("x") is not None
    assert sidecar.reload() is not sidecar


@pytest.fixture(scope="module")
def live_envoy() -> Iterator[str]:
    """A real Envoy with resources in all states."""
    with running_envoy() as address:
        yield address


KINDS = ("listener", "cluster", "route_config", "endpoint", "secret", "ecds_filter")


def test_every_state_of_a_real_envoy_is_seen_piece_by_piece(live_envoy: str) -> None:
    whole = read_sidecar(live_envoy, SourceOptions(full=True)).proxy
    live = read_sidecar(live_envoy, SourceOptions()).proxy
    states = set()
    for kind in KINDS:
        for name in (*dict.fromkeys(entry.name for entry in whole.dump.entries(kind)), "nobody"):
            found = live.dump.find(kind, name)
            assert [(one.state, bytes(one.body)) for one in found] == [
                (one.state, bytes(one.body)) for one in whole.dump.find(kind, name)
            ]
            states |= {one.state for one in found}
            assert (name in live.dump.serving(kind)) is (name in whole.dump.serving(kind))
    assert states == {State.STATIC, State.ACTIVE, State.WARMING, State.ERROR}
    assert live.dump.has("scoped_routes") is whole.dump.has("scoped_routes")
    assert whole.clusters is not None
    for name in (*whole.clusters, "nobody"):
        found, expected = live.status(name), whole.status(name)
        assert (found and found.hosts) == (expected and expected.hosts)


def test_a_request_that_misses_asks_for_all_that_is_near_at_once(
    bookbuyer_sidecar: Unbound,
) -> None:
    options = RequestOptions(headers=("host: bookstorr.bookstore:14001",), dst_ip="10.96.18.11")
    tracer = SidecarTracer(read(bookbuyer_sidecar))
    traced = tracer.trace(typed_request("bookstore.bookstore:14001", options))
    assert traced.answer.outcomes[0].verdict == "responded"
    assert len(traced.explanation.near_misses) > 2
    assert tracer.sidecar.live is not None
    assert tracer.sidecar.live.way.account.questions <= 16
    full = SidecarTracer(read(bookbuyer_sidecar, full=True))
    assert full.trace(typed_request("bookstore.bookstore:14001", options)).explanation == (
        traced.explanation
    )
