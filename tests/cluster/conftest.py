"""A cluster for all tests in here; without it they are left out, or skipped where asked for."""

from __future__ import annotations

import gc
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from osmscope.cli.main import run
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubernetes import Cluster as Live
from tests.cluster.api import wait_until
from tests.cluster.asking import Asked
from tests.cluster.binaries import why_not_here
from tests.cluster.bookstore import Bookstore, running_bookstore
from tests.cluster.pods import DEADLINE
from tests.cluster.running import Address, Cluster, running_cluster
from tests.live_envoy import running_envoy
from tests.mesh import why_not_here as why_no_mesh_here

HERE = Path(__file__).parent
_LEFT_OUT = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests out where they cannot run, unless they were asked for by their folder."""
    ours = [item for item in items if HERE in item.path.parents and _needs_cluster(item)]
    reason = why_not_here()
    named = any(HERE in Path(arg.partition("::")[0], "_").resolve().parents for arg in config.args)
    if not ours or named or reason is None:
        return
    config.stash[_LEFT_OUT] = f"{len(ours)} tests of tests/cluster are left out: that {reason}"
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    text = terminalreporter.config.stash.get(_LEFT_OUT, "")
    if text:
        terminalreporter.write_line(text, yellow=True)


def _needs_cluster(item: pytest.Item) -> bool:
    return item.get_closest_marker("cluster") is not None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with no pods."""
    reason = why_not_here()
    if reason is not None:
        pytest.skip(f"a cluster {reason}")
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def envoy(cluster: Cluster) -> Iterator[Address]:
    """The admin address of an Envoy, whose resources are in every state."""
    with running_envoy() as admin:
        address = cluster.relay("envoy", admin.removeprefix("unix://"))
        yield address
        cluster.cut("envoy")


@pytest.fixture(scope="module")
def bookstore(cluster: Cluster) -> Iterator[Bookstore]:
    """The running bookstore mesh in the cluster.

    One module's, not the session's: there is one mesh at a time on a machine.
    """
    reason = why_no_mesh_here()
    if reason is not None:
        pytest.skip(f"the bookstore mesh {reason}")
    with running_bookstore(cluster) as running:
        yield running


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cluster: Cluster):
    """Run osmscope as a user of the cluster."""

    def asked(*arguments: str, user: str = "operator", **fields: object) -> Asked:
        kubeconfig = cluster.kubeconfig(user, **fields)  # type: ignore[arg-type]
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        monkeypatch.setenv("COLUMNS", "160")
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Asked(code, printed.out, printed.err)

    return asked


@pytest.fixture
def live(cluster: Cluster) -> Iterator[Live]:
    """The cluster as osmscope sees it."""
    with Live(find_credentials(str(cluster.kubeconfig("operator"))), deadline=DEADLINE) as found:
        yield found


@pytest.fixture
def nothing_is_left_behind(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No folders, threads or processes of a forward outlive a test."""
    temporary, threads = tmp_path_factory.mktemp("t"), threading.active_count()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield

    def have_ended() -> bool:
        gc.collect()  # a cluster that is forgotten is closed, when its loop has let go of it too
        return threading.active_count() <= threads

    wait_until(have_ended, "the threads have ended", seconds=5)
    assert list(temporary.iterdir()) == []
    keepers = ["pgrep", "-P", str(os.getpid()), "-f", "keeper.py"]
    assert subprocess.run(keepers, capture_output=True).stdout == b""
