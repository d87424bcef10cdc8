"""A folder for sockets that only this user can enter, gone with whoever made it.

Decision: a kill that cannot be caught leaves a folder behind, which nobody but the next run can
remove. Whoever lives holds a lock on its own folder, which the kernel lets go of at any end; a
process number would tell less, as it may be another machine's or container's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

_PREFIX = "osmscope-forward-"
_YOUNGEST = 60.0
"""Seconds until a folder without a lock is left behind; before, it may be about to get one."""


class SocketFolder:
    """Makes the folder when it is first needed, and removes what killed runs left."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._descriptor = -1
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The folder."""
        with self._lock:
            if self._path is None:
                _sweep()
                self._path = Path(tempfile.mkdtemp(prefix=_PREFIX))
                self._descriptor = os.open(self._path, os.O_RDONLY)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            return self._path

    def close(self) -> None:
        """Remove it; safe to call twice."""
        with self._lock:
            if self._path is not None:
                shutil.rmtree(self._path, ignore_errors=True)
                os.close(self._descriptor)
                self._path = None


def _sweep() -> None:
    """Remove the folders of runs that are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > _YOUNGEST:
                _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
