"""The lines of a file or of standard input as they come: a log may be larger than the memory.

Decision: a line has a limit too. What is longer is given up to the limit, so that a file without
line ends is read like any other; its reader will not understand it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from osmscope.errors import SourceError
from osmscope.source.files import unpacked_chunks

LONGEST_LINE = 1 << 17
"""The most that is kept of a line, in bytes: Envoy's own limit for all headers is 60 KiB."""

_CHUNK = 1 << 18


class LineStream:
    """The lines of one file, gzip and zstd unpacked.

    Args:
        location: A path, or "-" for standard input.
    """

    def __init__(self, location: str) -> None:
        self.where = "standard input" if location == "-" else location
        self.consumed = 0
        """How many bytes were read so far, as they are stored."""
        self.size: int | None = None
        """How many bytes there are; None where nobody knows."""
        self._location = location

    def __iter__(self) -> Iterator[bytes]:
        """Yield each line without its end.

        Raises:
            SourceError: There is no such file, or it cannot be read or unpacked.
        """
        if self._location == "-":
            yield from self._lines(sys.stdin.buffer)
            return
        try:
            if Path(self._location).is_dir():
                raise SourceError(
                    "this is a folder, not an access log", where=self.where, hint="name a file"
                )
            with open(self._location, "rb") as stream:
                self.size = os.fstat(stream.fileno()).st_size or None
                yield from self._lines(stream)
        except FileNotFoundError:
            raise SourceError(
                "no such file", where=self.where, hint="check the path; a relative one starts here"
            ) from None
        except OSError as error:
            raise SourceError(
                f"the file cannot be read: {error.strerror or error}",
                where=self.where,
                hint="check its permissions",
            ) from None
        except ValueError as error:
            raise SourceError(
                f"not a path: {error}", where=repr(self._location), hint="check the path"
            ) from None

    def _lines(self, stream: IO[bytes]) -> Iterator[bytes]:
        pending = b""
        for chunk in unpacked_chunks(self._chunks(stream), where=self.where):
            first, *others = chunk.split(b"\n")
            pending = (pending + first)[:LONGEST_LINE]
            for line in others:
                yield pending
                pending = line[:LONGEST_LINE]
        if pending:
            yield pending

    def _chunks(self, stream: IO[bytes]) -> Iterator[bytes]:
        while chunk := stream.read(_CHUNK):
            self.consumed += len(chunk)
            yield chunk
