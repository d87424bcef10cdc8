"""A sidecar whose dump has 100 MB is asked for what is needed, and for all of it in bounds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from osmscope.errors import UnreachableError
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.source.admin import Admin
from tests.mesh import osm12
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.demo import BOOKSTORE
from tests.mesh.unbound import Unbound, running_unbound

pytestmark = pytest.mark.envoy

BOOKBUYER = "bookbuyer-5ccf77f46d-rc5mg"
TARGET = "bookstore.bookstore:14001/books-bought"
CLUSTERS = 2000
EACH = 52_000
"""Bytes of metadata, which Envoy keeps and prints."""

MEASURING = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command, and prints the most memory that it took, in KiB."""


@pytest.fixture(scope="module")
def big() -> Iterator[Unbound]:
    resources = osm12.sidecar(BOOKSTORE, BOOKSTORE.pod(BOOKBUYER), CertificateAuthority())
    resources.clusters.extend(
        {
            "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            "name": f"other-{number}",
            "type": "STATIC",
            "load_assignment": {"cluster_name": f"other-{number}"},
            "metadata": {"filter_metadata": {"big": {"text": "x" * EACH}}},
        }
        for number in range(CLUSTERS)
    )
    with running_unbound(resources) as unbound:
        yield unbound


def test_a_trace_asks_for_little_of_much(big: Unbound) -> None:
    typed = typed_request(TARGET, RequestOptions())
    gentle = SidecarTracer(read_sidecar(big.address, SourceOptions()))
    answer = gentle.trace(typed).answer
    assert gentle.sidecar.live is not None
    assert gentle.sidecar.live.way.account.bytes < 200_000
    full = SidecarTracer(read_sidecar(big.address, SourceOptions(full=True)))
    assert full.trace(typed).answer == answer


def test_all_of_it_is_read_in_bounded_memory(big: Unbound) -> None:
    admin = Admin(big.address)
    assert len(admin.ask("config_dump", "include_eds").data) > 100_000_000
    admin.close()
    command = [sys.executable, "-m", "osmscope", "trace", big.address, TARGET, "--full"]
    # What is started straight from here counts the memory of this process as its own.
    measured = [sys.executable, "-c", MEASURING, *command]
    done = subprocess.run(measured, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 600 * 1024


def test_more_than_the_limit_is_refused(big: Unbound) -> None:
    admin = Admin(big.address, limit=50_000_000)
    with pytest.raises(UnreachableError, match="larger than 50000000 bytes"):
        admin.ask("config_dump", "include_eds")
    assert admin.ask("ready").data == b"LIVE\n"
    admin.close()
