"""A temporary folder that only this user can enter, gone with whoever made it.

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
from pathlib import Path


class LockedFolder:
    """Makes the folder when it is first needed, and removes what killed runs left."""

    def __init__(self, prefix: str) -> None:
        """Make nothing yet.

        Args:
            prefix: How the names of such folders start; what killed runs left is known by it.
        """
        self._prefix = prefix
        self._path: Path | None = None
        self._descriptor = -1
        self._making = threading.Lock()

    @property
    def path(self) -> Path:
        """The folder."""
        with self._making:
            if self._path is None:
                _sweep(self._prefix)
                while self._path is None:
                    self._make()
            return self._path

    @property
    def lock(self) -> int:
        """The descriptor that holds the lock, to be inherited by who lives in the folder."""
        return self._descriptor

    def close(self) -> None:
        """Remove it; safe to call twice."""
        with self._making:
            if self._path is not None:
                shutil.rmtree(self._path, ignore_errors=True)
                os.close(self._descriptor)
                self._path = None

    def _make(self) -> None:
        path = Path(tempfile.mkdtemp(prefix=self._prefix))
        descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():
            self._path, self._descriptor = path, descriptor
        else:  # another run has swept it before it was locked
            os.close(descriptor)


def _sweep(prefix: str) -> None:
    """Remove the folders of runs that are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, no folder, or in use
            if path.lstat().st_uid == os.getuid():
                _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
