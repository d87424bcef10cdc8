"""A temporary folder: its owner's alone, and gone after every end, a kill included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from osmscope.source.locked_folder import LockedFolder

HOLDING = """
import sys, time
from osmscope.source.locked_folder import LockedFolder
folder = LockedFolder("scope-")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_made_when_it_is_needed_and_removed(temporary: Path) -> None:
    folder = LockedFolder("scope-")
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
        (held / "1.sock").touch()
        for is_alive in (True, False):
            folder = LockedFolder("scope-")
            folder.path.touch()
            folder.close()
            assert held.exists() == is_alive
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_what_a_kill_left_before_anything_else_is_removed_too(temporary: Path) -> None:
    left = temporary / "scope-x"
    (left / "inside").mkdir(parents=True)
    folder = LockedFolder("scope-")
    assert folder.path != left
    assert not left.exists()
    folder.close()


def test_two_of_a_process_have_a_folder_each(temporary: Path) -> None:
    first, second = LockedFolder("scope-"), LockedFolder("scope-")
    assert first.path != second.path
    assert first.path.exists()
    first.close()
    second.close()


def test_one_that_inherited_the_lock_keeps_the_folder(temporary: Path) -> None:
    folder = LockedFolder("scope-")
    path = folder.path
    inherited = os.dup(folder.lock)
    os.close(folder.lock)  # as a killed run's
    other = LockedFolder("scope-")
    other.path.touch()
    assert path.exists()
    os.close(inherited)
    other.close()
    third = LockedFolder("scope-")
    third.path.touch()
    assert not path.exists()
    third.close()


def test_other_folders_links_and_files_stay(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    link = temporary / "scope-link"
    link.symlink_to(elsewhere)
    file = temporary / "scope-file"
    file.touch()
    folder = LockedFolder("scope-")
    folder.path.touch()
    folder.close()
    assert sorted(temporary.iterdir()) == [elsewhere, file, link]
