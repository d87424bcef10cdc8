"""A mesh that is started, and what is left of it: nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mesh import network
from tests.mesh.demo import SMALL_BOOKSTORE
from tests.mesh.errors import MeshError
from tests.mesh.record import send_all
from tests.mesh.requests import buy
from tests.mesh.running import clean, running_mesh, why_not_here

REASON = why_not_here()
pytestmark = [
    pytest.mark.live_mesh,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]
DEADLINE = 30.0


def leftovers() -> list[str]:
    namespaces = subprocess.run(
        ["ip", "netns", "list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    prefix = network.prefix(SMALL_BOOKSTORE.release)
    folders = [path.name for path in Path(tempfile.gettempdir()).glob("osmscope-mesh-0.9-*")]
    return [name for name in namespaces if name.startswith(prefix)] + folders


def is_envoy_of_the_mesh(process: Path) -> bool:
    try:
        return "osmscope-mesh-0.9-" in os.readlink(process / "exe")
    except OSError:
        return False


def sidecars() -> int:
    return sum(is_envoy_of_the_mesh(process) for process in Path("/proc").glob("[0-9]*"))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def mesh_process() -> Iterator[subprocess.Popen[str]]:
    """``python -m tests.mesh up 0.9`` in a process of its own, until it says it is up."""
    command = [sys.executable, "-m", "tests.mesh", "up", "0.9"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Ctrl-C" not in process.stdout.readline():
            assert process.poll() is None
        yield process
        process.kill()
    clean("0.9")


def test_a_request_is_seen_by_both_sidecars() -> None:
    with running_mesh("0.9") as mesh:
        (happening,) = send_all(mesh, [buy("allowed")])
        assert sidecars() == len(SMALL_BOOKSTORE.pods)
        with pytest.raises(MeshError, match="running already"), running_mesh("0.9"):
            pass
    client, server = happening["client"], happening["server"]
    assert isinstance(client, dict)
    assert isinstance(server, dict)
    assert (client["code"], server["code"]) == (200, 200)
    assert client["upstream_local"] == server["downstream_remote"]
    assert leftovers() == []
    assert sidecars() == 0


def test_an_error_in_the_block_takes_the_mesh_down() -> None:
    with pytest.raises(RuntimeError), running_mesh("0.9"):
        raise RuntimeError
    assert leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_the_mesh_down(
    mesh_process: subprocess.Popen[str], number: signal.Signals
) -> None:
    mesh_process.send_signal(number)
    assert mesh_process.wait(DEADLINE) == 128 + number
    assert leftovers() == []
    assert sidecars() == 0


def test_a_killed_mesh_leaves_no_process_and_the_rest_is_cleaned(
    mesh_process: subprocess.Popen[str],
) -> None:
    mesh_process.kill()
    mesh_process.wait(DEADLINE)
    wait_until(lambda: sidecars() == 0)
    assert leftovers()
    assert clean("0.9")
    assert leftovers() == []
