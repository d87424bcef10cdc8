"""A folder or an archive as names and bytes, read-only.

Decision: nothing is ever extracted. A member is read into memory when it is asked for, with the
limits of any other source; what an archive says of itself (sizes, links, absolute names) is not
believed. Names come out with forward slashes, relative to the root.
"""

import io
import os
import tarfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from osmscope.errors import SourceError
from osmscope.source.files import Source, read_bytes, unpacked

MAXIMUM_MEMBERS = 200_000
MAXIMUM_TOTAL = 16 << 30
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ZIP = b"PK\x03\x04"
_ZSTD_TAR = ".tar.zst"
_LARGE = "give the folder, or an archive of one mesh"


class Tree(Protocol):
    """Where the files of a snapshot stand."""

    names: tuple[str, ...]

    def read(self, name: str) -> Source:
        """The bytes of a file, unpacked; SourceError where they cannot be had."""
        ...


def open_tree(location: str) -> Tree:
    """Open a folder, a .tar (also packed), a .zip, or a single file as a tree of one.

    Raises:
        SourceError: There is no such path, or it cannot be read.
    """
    path = Path(location)
    try:
        if path.is_dir():
            return _Folder(path)
        if zipfile.is_zipfile(path) or _starts_as_zip(path):
            return _Zip(path)
        if _is_tar(path):
            return _Tar(path)
        if path.is_file():
            return _File(path)
    except (
        OSError,
        ValueError,
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        zlib.error,
    ) as error:
        raise _unreadable(error, location) from None
    raise SourceError("no such file or folder", where=location, hint="check the path")


def _unreadable(error: Exception, location: str) -> SourceError:
    if isinstance(error, PermissionError):
        hint = "check its permissions"
        return SourceError("cannot be read: Permission denied", where=location, hint=hint)
    return SourceError(f"cannot be read: {error}", where=location, hint="check that it is complete")


def _starts_as_zip(path: Path) -> bool:
    """Whether a file begins as an archive does, which may have lost its end."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_ZIP)) == _ZIP


def _is_tar(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.name.endswith((*_TAR, _ZSTD_TAR)):
        return True
    try:
        with tarfile.open(path, "r:*"):
            return True
    except (tarfile.TarError, EOFError, zlib.error):
        return False


def _open_tar(path: Path) -> tarfile.TarFile:
    if path.name.endswith(_ZSTD_TAR):
        return tarfile.open(fileobj=io.BytesIO(read_bytes(str(path)).data))
    return tarfile.open(path, "r:*")


class _File:
    """One dump, as a tree of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names: tuple[str, ...] = (path.name,)

    def read(self, name: str) -> Source:
        """The bytes of the one file."""
        return read_bytes(str(self._path.with_name(name)))


class _Folder:
    """A folder; links that lead out of it are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        os.listdir(self._root)  # `os.walk` is silent about a folder that it cannot read
        self.names: tuple[str, ...] = tuple(sorted(self._walk()))

    def _walk(self) -> list[str]:
        names: list[str] = []
        for folder, folders, files in os.walk(self._root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for file in files:
                path = Path(folder, file)
                if path.resolve().is_relative_to(self._root):
                    names.append(path.relative_to(self._root).as_posix())
            if len(names) > MAXIMUM_MEMBERS:
                raise SourceError(
                    f"more than {MAXIMUM_MEMBERS} files", where=str(self._root), hint=_LARGE
                )
        return names

    def read(self, name: str) -> Source:
        """The bytes of a file below the folder."""
        return read_bytes(str(self._root / name))


class _Zip:
    """A .zip archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MAXIMUM_MEMBERS:
            raise SourceError(f"more than {MAXIMUM_MEMBERS} files", where=str(path), hint=_LARGE)
        self.names: tuple[str, ...] = tuple(sorted(info.filename for info in infos))

    def read(self, name: str) -> Source:
        """The bytes of a member."""
        where = f"{self._path}!{name}"
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(name) as stream:
                return Source(unpacked(stream, where=where), where)
        except (
            OSError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            EOFError,
            zlib.error,
        ) as error:
            raise SourceError(
                f"cannot be read: {error}", where=where, hint="check that it is complete"
            ) from None


class _Tar:
    """A .tar archive, packed or not; only regular files, links and devices are left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._archive = _open_tar(path)
        self._lock = threading.Lock()  # its members are all read from one place in one file
        weakref.finalize(self, self._archive.close)
        self._members = self._index()
        self.names: tuple[str, ...] = tuple(sorted(self._members))

    def _index(self) -> Mapping[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        total = 0
        for member in self._archive:
            total += member.size
            if len(members) >= MAXIMUM_MEMBERS or total > MAXIMUM_TOTAL:
                raise SourceError(
                    f"more than {MAXIMUM_MEMBERS} files or {MAXIMUM_TOTAL >> 30} GiB, unpacked",
                    where=str(self._path),
                    hint=_LARGE,
                )
            if member.isreg():
                members[member.name.removeprefix("./")] = member
        return members

    def read(self, name: str) -> Source:
        """The bytes of a member."""
        where = f"{self._path}!{name}"
        try:
            with (
                self._lock,
                self._archive.extractfile(self._members[name]) or io.BytesIO() as stream,
            ):
                return Source(unpacked(stream, where=where), where)
        except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
            raise SourceError(
                f"cannot be read: {error}", where=where, hint="check that it is complete"
            ) from None
