"""What happens in the middle: pods and API servers that go away, many at once, Ctrl-C and kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from osmscope.errors import UnreachableError
from osmscope.source.admin import read_admin
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubernetes import Cluster as Live
from osmscope.source.kubernetes_lists import PodFacts
from tests.cluster.api import wait_until
from tests.cluster.pods import DEADLINE, add_pod, leads, silent_admin
from tests.cluster.running import Address, Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("nothing_is_left_behind")]

TARGET = "bookstore.bookstore:14001/books"


def test_a_pod_that_is_deleted_in_the_middle(cluster: Cluster, live: Live) -> None:
    with silent_admin() as admin:
        address = cluster.relay("deleted", f"127.0.0.1:{admin}")
        add_pod(cluster, "deleted", address)
        facts = live.pod("default", "deleted")
        assert facts is not None

        def end() -> None:
            cluster.delete_pod("deleted")
            cluster.cut("deleted")

        ending = threading.Timer(0.5, end)

        def read() -> None:
            with live.forward(facts, 15000) as way:
                ending.start()
                read_admin(way, "config_dump", deadline=DEADLINE)

        start = time.monotonic()
        with pytest.raises(UnreachableError, match="was deleted in the meantime"):
            read()
        assert time.monotonic() - start < DEADLINE  # the API server tells, not the clock
        ending.join()


def test_a_watched_pod_that_is_replaced(cluster: Cluster, envoy: Address, tmp_path: Path) -> None:
    """It is told once that it was deleted, then which one stands for it."""
    add_pod(cluster, "watched-1", cluster.relay("watched-1", _socket_of(envoy)), labels=WATCHED)
    environment = os.environ | {
        "KUBECONFIG": str(cluster.kubeconfig("operator")), "TMPDIR": str(tmp_path),
        "PYTHONUNBUFFERED": "1", "COLUMNS": "160",
    }  # fmt: skip
    command = [sys.executable, "-m", "osmscope", "trace", "watched", TARGET, "--watch", "0.5"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            assert any("watched-1 is the only pod of" in line for line in lines)
            cluster.delete_pod("watched-1")
            cluster.cut("watched-1")
            assert "! pod default/watched-1 was deleted in the meantime" in next(
                line for line in lines if " ! " in line
            )
            cluster.add_pod("watched-2", admin=envoy, labels=WATCHED)
            told = [next(lines) for _ in range(1)]
            while not any("back" in line for line in told):
                told.append(next(lines))
            assert "watched-2 is the only pod of" in next(lines)
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 130


WATCHED = {"app": "watched"}


def _socket_of(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


def test_an_api_server_that_is_silent_has_a_deadline(cluster: Cluster) -> None:
    credentials = find_credentials(str(cluster.kubeconfig("operator")))
    with cluster.silent_api_server(), Live(credentials, deadline=1.0) as live:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="does not answer within 1 seconds"):
            live.pods("default")
        assert time.monotonic() - start < 10
    assert credentials.server


def test_an_api_server_that_goes_away_and_comes_back(
    cluster: Cluster, envoy: Address, live: Live
) -> None:
    add_pod(cluster, "before-and-after", envoy)
    assert live.pod("default", "before-and-after") is not None
    cluster.stop_api_server()
    try:
        with pytest.raises(UnreachableError, match="cannot be reached"):
            live.pod("default", "before-and-after")
    finally:
        cluster.start_api_server()
    facts = live.pod("default", "before-and-after")
    assert facts is not None
    wait_until(lambda: leads(live, facts, 15000, True), "KWOK knows its ports again")
    with live.forward(facts, 15000) as address:
        assert read_admin(address, "server_info").data


def test_many_pods_at_once_from_threads(cluster: Cluster, envoy: Address, live: Live) -> None:
    pods = []
    for number in range(40):
        add_pod(cluster, f"many-{number}", envoy)
        facts = live.pod("default", f"many-{number}")
        assert facts is not None
        pods.append(facts)

    def size(facts: PodFacts) -> int:
        with live.forward(facts, 15000) as address:
            return len(read_admin(address, "config_dump").data)

    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(size, pods))
    assert min(sizes) > 1000


@pytest.mark.parametrize("via", ["api", "kubectl"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_trace_leaves_nothing_behind(
    cluster: Cluster, tmp_path: Path, via: str, number: signal.Signals, code: int
) -> None:
    with silent_admin() as admin:
        name = f"interrupted-{via}-{number}"
        add_pod(cluster, name, cluster.relay(name, f"127.0.0.1:{admin}"))
        environment = os.environ | {
            "KUBECONFIG": str(cluster.kubeconfig("operator")), "TMPDIR": str(tmp_path),
        }  # fmt: skip
        command = [sys.executable, "-m", "osmscope", "trace", name, TARGET, "--via", via]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        time.sleep(3)
        process.send_signal(number)
        assert process.wait(15) == code
        assert process.stderr is not None
        process.stderr.close()
        cluster.cut(name)
    time.sleep(0.5)
    assert list(tmp_path.iterdir()) == []
