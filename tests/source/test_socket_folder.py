"""The folder of sockets: its owner's alone, and gone after every end, a kill included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from osmscope.source.socket_folder import SocketFolder

HOLDING = """
import sys, time
from osmscope.source.socket_folder import SocketFolder
folder = SocketFolder()
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def age(path: Path) -> None:
    """Let a folder be an hour old."""
    os.utime(path, (time.time() - 3600,) * 2)


def test_it_is_made_when_it_is_needed_and_removed(temporary: Path) -> None:
    folder = SocketFolder()
    assert not list(temporary.iterdir())
    path = folder.path
    assert folder.path == path
    assert path.stat().st_mode & 0o777 == 0o700
    folder.close()
    folder.close()
    assert not list(temporary.iterdir())


def test_a_killed_runs_folder_is_removed_by_the_next_and_a_living_ones_stays(
    temporary: Path,
) -> None:
    command = [sys.executable, "-c", HOLDING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        held = Path(process.stdout.readline().strip())
        age(held)
        (held / "1.sock").touch()
        age(held)
        for is_alive in (True, False):
            folder = SocketFolder()
            folder.path.touch()
            folder.close()
            assert held.exists() == is_alive
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_what_is_young_or_no_folder_stays(temporary: Path) -> None:
    young = temporary / "osmscope-forward-young"
    young.mkdir()
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    link = temporary / "osmscope-forward-link"
    link.symlink_to(elsewhere)
    os.utime(link, (0, 0), follow_symlinks=False)
    folder = SocketFolder()
    folder.path.touch()
    folder.close()
    assert sorted(temporary.iterdir()) == [elsewhere, link, young]
