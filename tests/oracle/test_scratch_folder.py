"""Nothing stays behind of the folder that an Envoy lives in."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from osmscope.oracle.scratch_folder import ScratchFolder


@pytest.fixture(autouse=True)
def parent(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_by_a_kill(parent: Path) -> Path:
    folder = parent / "osmscope-verify-killed"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "client.pem").touch()
    return folder


def test_it_is_this_users_alone_and_gone_at_the_end(parent):
    with ScratchFolder() as scratch:
        assert scratch.path.parent == parent
        assert scratch.path.stat().st_mode & 0o777 == 0o700
        (scratch.path / "x").touch()
    assert not list(parent.iterdir())


def test_what_a_kill_left_is_swept_by_the_next_run(parent):
    killed = left_by_a_kill(parent)
    with ScratchFolder():
        assert not killed.exists()


def test_the_folder_of_a_run_that_lives_stays(parent):
    living = left_by_a_kill(parent)
    lock = os.open(living / "lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with ScratchFolder() as first, ScratchFolder() as second:
        assert first.path != second.path
        assert living.exists()
        assert first.path.exists()
    os.close(lock)


def test_nobody_elses_folders_are_touched(parent):
    unlike = parent / "osmscope-verify-without-lock"
    unlike.mkdir()
    elsewhere = parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (parent / "osmscope-verify-link").symlink_to(elsewhere)
    with ScratchFolder():
        assert unlike.exists()
        assert (elsewhere / "lock").exists()
