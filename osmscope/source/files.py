"""Bytes from a file or from standard input, unpacked.

Decision: what a file is packed with is told by its first bytes, not by its name. Unpacking goes in
steps and stops at a limit, so that a small archive cannot fill the memory; and a large file whose
first bytes are nothing but brackets is refused before the rest of it is read.
"""

import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

import msgspec

from osmscope.errors import SourceError

MAXIMUM_SIZE = 2 << 30
"""The most that is read of one source, after unpacking, in bytes."""

_CHUNK = 1 << 20
_HEAD = 1 << 16
_GZIP_STEP = 1 << 14
_ZSTD_STEP = 1 << 10
"""How much is unpacked at once: what it can grow to at most fits into memory."""
_MAXIMUM_DEPTH = 1000
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_BRACKETS = b"[]{}, \t\r\n"
_CAPTURE_AGAIN = "capture it again, and check that the command that wrote it was not interrupted"


class _Unpacker(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class Source(msgspec.Struct, frozen=True):
    """What was read, and where from."""

    data: bytes
    where: str
    select: str = ""
    """What stood after a "#" in the location: one of several dumps in the text."""


def read_bytes(location: str) -> Source:
    """Read a file, or standard input for "-"; gzip and zstd are unpacked.

    Args:
        location: A path, "-", or a path and "#namespace/pod".

    Raises:
        SourceError: There is no such file, it cannot be read, or it is too large.
    """
    if location == "-":
        return Source(unpacked(sys.stdin.buffer, where="standard input"), "standard input")
    path, select = _split(location)
    try:
        if Path(path).is_dir():
            raise SourceError(
                "this is a folder, not a file",
                where=path,
                hint="a mesh's folder is read with --from",
            )
        with open(path, "rb") as stream:
            if os.fstat(stream.fileno()).st_size > MAXIMUM_SIZE:
                raise _too_large(MAXIMUM_SIZE, path)
            return Source(unpacked(stream, where=path), path, select)
    except FileNotFoundError:
        raise SourceError(
            "no such file", where=path, hint="check the path; a relative one starts here"
        ) from None
    except OSError as error:
        raise SourceError(
            f"the file cannot be read: {error.strerror or error}",
            where=path,
            hint="check its permissions",
        ) from None
    except ValueError as error:
        raise SourceError(f"not a path: {error}", where=repr(path), hint="check the path") from None


def unpacked(stream: IO[bytes], *, where: str, limit: int = MAXIMUM_SIZE) -> bytes:
    """Read a stream to its end and unpack it, as often as it is packed (at most twice).

    Args:
        stream: What to read.
        where: Its name, for errors.
        limit: The most that is accepted, in bytes.

    Raises:
        SourceError: It is larger than the limit, cut off, or not what its first bytes say.
    """
    return _joined(unpacked_chunks(_chunks(stream), where=where), where=where, limit=limit)


def unpacked_chunks(chunks: Iterator[bytes], *, where: str) -> Iterator[bytes]:
    """Unpack chunks, as often as they are packed (at most twice), in steps of bounded size.

    Args:
        chunks: What was read.
        where: Its name, for errors.

    Raises:
        SourceError: It is cut off, or not what its first bytes say.
    """
    for _ in range(2):
        first = next(chunks, b"")
        chunks = _again(first, chunks)
        if first.startswith(_GZIP):
            chunks = _members(chunks, _gzip_member, step=_GZIP_STEP, where=where)
        elif first.startswith(_ZSTD):
            chunks = _members(chunks, _zstd_frame, step=_ZSTD_STEP, where=where)
        else:
            break
    return chunks


def _split(location: str) -> tuple[str, str]:
    if "#" not in location or os.path.exists(location):
        return location, ""
    path, _, select = location.rpartition("#")
    return path, select


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _joined(chunks: Iterator[bytes], *, where: str, limit: int) -> bytes:
    """Join chunks without holding them twice."""
    buffer = io.BytesIO()
    for chunk in chunks:
        if not buffer.tell():
            _refuse_brackets(chunk[:_HEAD], where=where)
        if buffer.tell() + len(chunk) > limit:
            raise _too_large(limit, where)
        buffer.write(chunk)
    return buffer.getvalue()


def _too_large(limit: int, where: str) -> SourceError:
    return SourceError(
        f"larger than {limit / (1 << 30):.3g} GiB, unpacked",
        where=where,
        hint="give the dump of one Envoy",
    )


def _refuse_brackets(head: bytes, *, where: str) -> None:
    """Refuse a text that is nothing but nesting before the rest of it is read."""
    depth = 0
    for token in _TOKENS.finditer(head):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth > _MAXIMUM_DEPTH:
            raise SourceError(
                f"nested deeper than {_MAXIMUM_DEPTH} levels: not a config dump",
                where=where,
                hint="give the answer of Envoy's /config_dump?include_eds",
            )
    if len(head) == _HEAD and not head.translate(None, _BRACKETS):
        raise SourceError(
            "nothing but brackets and blanks: not a config dump",
            where=where,
            hint="give the answer of Envoy's /config_dump?include_eds",
        )


def _gzip_member() -> _Unpacker:
    return zlib.decompressobj(wbits=31)


def _zstd_frame() -> _Unpacker:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


def _members(
    chunks: Iterator[bytes], start: Callable[[], _Unpacker], *, step: int, where: str
) -> Iterator[bytes]:
    """Unpack what may consist of several members, in bounded steps."""
    unpacker = start()
    for chunk in chunks:
        for offset in range(0, len(chunk), step):
            pending = chunk[offset : offset + step]
            while pending.strip(b"\0") or not unpacker.eof:
                if unpacker.eof:
                    unpacker = start()
                try:
                    yield unpacker.decompress(pending)
                except Exception as error:  # each library raises its own
                    raise _damaged(str(error), where) from None
                pending = unpacker.unused_data
                if not pending:
                    break
    if not unpacker.eof:
        raise _damaged("it is cut off", where)


def _damaged(reason: str, where: str) -> SourceError:
    return SourceError(f"a damaged packed file: {reason}", where=where, hint=_CAPTURE_AGAIN)
