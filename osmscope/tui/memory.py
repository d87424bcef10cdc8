"""What the UI remembers between runs: the theme, filters, and that the tour was seen.

Decision: a convenience that must never stop anybody. A file that cannot be read is as good as none,
one that cannot be written is told once; it is replaced as a whole, so that it is never half.
Requests are remembered apart: `osmscope.session.request_history`.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Remembered(msgspec.Struct, kw_only=True):
    """What is remembered."""

    theme: str = ""
    filters: dict[str, str] = {}
    """The filter of each kind of resource."""
    has_seen_tour: bool = False


class Memory:
    """What is remembered, and where."""

    def __init__(self, path: Path | None = None) -> None:
        """Recall what an earlier run left.

        Args:
            path: The file; None to remember nothing beyond this run.
        """
        self._path = path
        self.data = Remembered()
        if path is not None:
            try:
                self.data = msgspec.json.decode(path.read_bytes(), type=Remembered)
            except (OSError, msgspec.MsgspecError):
                self.data = Remembered()

    def save(self) -> str:
        """Write it down; return why that failed, "" where it did not."""
        if self._path is None:
            return ""
        half = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(msgspec.json.encode(self.data))
            half.replace(self._path)
        except OSError as error:
            return f"{self._path}: {error.strerror}"
        return ""


def state_path() -> Path:
    """Return where it is remembered."""
    import platformdirs

    return platformdirs.user_state_path("osmscope", appauthor=False) / "tui.json"
