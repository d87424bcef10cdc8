"""A live sidecar is asked piece by piece, and answers as its whole dump does."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from osmscope.session.sources import Sidecar, SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer
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
