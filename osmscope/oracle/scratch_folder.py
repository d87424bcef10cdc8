"""The one folder that an Envoy lives in, of which nothing stays behind.

Decision: the folder is locked for as long as anybody lives who was started with it. What a kill
before the keeper's start leaves behind has no such lock, and the next run sweeps it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

_PREFIX = "osmscope-verify-"
_LOCK = "lock"


class ScratchFolder:
    """A folder under the system's temporary one, which nobody else can read, while it is open."""

    def __init__(self) -> None:
        self.path = Path()
        self._lock = -1

    def __enter__(self) -> Self:
        _sweep(Path(tempfile.gettempdir()))
        while not self._is_taken():
            pass
        return self

    def _is_taken(self) -> bool:
        """Make a folder and lock it; False where another run swept it in between."""
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if os.fstat(self._lock).st_nlink:
            return True
        os.close(self._lock)
        return False

    @property
    def lock(self) -> int:
        """The open file that holds the lock, to be inherited by who lives in the folder."""
        return self._lock

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _sweep(parent: Path) -> None:
    """Remove the folders of runs that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, somebody else's, or in use
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
