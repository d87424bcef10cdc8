"""Where a capture is written: whole or not at all, and to be gone on with after an interruption.

Decision: everything is written to a folder beside the target, NAME.partial. A pod's folder gets its
name when all of it is written; the target gets its name when all pods are. What was interrupted
leaves that one folder, which the next run goes on from; every other file of it is temporary.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from osmscope.errors import SourceError, UsageError

SCHEMA = 1

_RECORD = "capture.json"
_UNFINISHED = ".unfinished-"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 200
_ARCHIVES = (".tar", ".gz", ".tgz", ".zst", ".bz2", ".xz", ".7z", ".json")


class PodRecord(msgspec.Struct, kw_only=True):
    """What was captured of one pod."""

    namespace: str
    name: str
    folder: str = ""
    identity: str = ""
    """What tells it from another pod of its name."""
    started_at: str = ""
    finished_at: str = ""
    recorded_at: str | msgspec.UnsetType = msgspec.UNSET
    """When what it holds was taken, where that is known: before, if it is of another capture."""
    envoy: str = ""
    """The version of its Envoy; "" where it does not say."""
    files: dict[str, int] = {}
    """Names and sizes, in bytes."""
    errors: dict[str, str] = {}
    """What could not be had, and why."""
    redacted: int = 0
    """How many values were."""
    deciding: list[str] = []
    """Paths of those that requests are held against."""
    is_redacted: bool = True


class Manifest(msgspec.Struct, kw_only=True):
    """What a capture holds."""

    schema: int = SCHEMA
    tool: str
    source: str
    """Of what: the cluster's context, a path, or addresses."""
    started_at: str
    recorded_at: str | msgspec.UnsetType = msgspec.UNSET
    """When the last of it was taken, where that is known."""
    redacted: bool
    pods: list[PodRecord] = []
    lists: dict[str, int] = {}
    """Lists of Kubernetes objects, and how many are in each."""
    errors: dict[str, str] = {}
    """Pods and lists that are not in it, and why."""


class Store:
    """A capture that is being written.

    Args:
        target: Its path when it is done: a .zip, else a folder.
        replaces: Whether it may take the place of what is there.

    Raises:
        UsageError: Something is there already, or it is no kind of archive that is written.
    """

    def __init__(self, target: Path, *, replaces: bool = False) -> None:
        self.target = target
        self.work = target.with_name(f"{target.name}.partial")
        self._replaces = replaces
        if target.suffix in _ARCHIVES:
            hint = "give a name that ends in .zip, or a folder's"
            raise UsageError(f"a capture is no {target.suffix} file", where=str(target), hint=hint)
        if target.exists() and not replaces:
            hint = "choose another name, or give --force"
            raise UsageError("this is there already", where=str(target), hint=hint)
        if not target.parent.is_dir():
            hint = "make it, or choose another place"
            raise SourceError("no such folder", where=str(target.parent), hint=hint)

    def open(self, *, restart: bool = False) -> None:
        """Make the working folder, or take up what an interrupted run left there."""
        if restart:
            shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=0o700, exist_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove what was not finished."""
        for path in self.work.rglob(f"{_UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def taken(self, wanted: PodRecord) -> PodRecord | None:
        """Return what an interrupted run captured of a pod; None where it did not, or otherwise."""
        try:
            data = (self.work / folder_of(wanted.namespace, wanted.name) / _RECORD).read_bytes()
            found = msgspec.json.decode(data, type=PodRecord)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        same = (found.identity, found.is_redacted) == (wanted.identity, wanted.is_redacted)
        return found if same and not found.errors else None

    @contextlib.contextmanager
    def pod(self, record: PodRecord) -> Iterator[Path]:
        """Give a folder to write a pod to; it gets its name at the end of the block.

        Args:
            record: What is told of it; it may be changed within the block.
        """
        record.folder = folder_of(record.namespace, record.name)
        final = self.work / record.folder
        final.parent.mkdir(parents=True, exist_ok=True)
        folder = final.with_name(f"{_UNFINISHED}{final.name}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
            (folder / _RECORD).write_bytes(pretty(record))
            shutil.rmtree(final, ignore_errors=True)
            folder.rename(final)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file beside the pods' folders."""
        unfinished = self.work / f"{_UNFINISHED}{name}"
        write_chunks(unfinished, chunks)
        unfinished.replace(self.work / name)

    def finish(self, manifest: Manifest) -> None:
        """Give the capture its name.

        Args:
            manifest: What it holds; folders of other pods, of an earlier run, are left out.
        """
        self._leave_out({record.folder for record in manifest.pods})
        self.write("manifest.json", [pretty(manifest)])
        if self.target.suffix == ".zip":
            archive = self.work / f"{_UNFINISHED}archive"
            _pack(self.work, archive, private=not manifest.redacted)
            os.replace(archive, self.target)
            shutil.rmtree(self.work, ignore_errors=True)
            return
        if self.target.exists() and self._replaces:
            old = self.target.with_name(f"{self.work.name}-replaced")
            self.target.rename(old)
            self.work.rename(self.target)
            shutil.rmtree(old, ignore_errors=True)
            return
        self.work.rename(self.target)

    def _leave_out(self, folders: set[str]) -> None:
        for path in self.work.glob("pods/*/*"):
            if path.relative_to(self.work).as_posix() not in folders:
                shutil.rmtree(path, ignore_errors=True)


def folder_of(namespace: str, name: str) -> str:
    """Return the folder of a pod: its names may come from a dump, and are not believed."""
    return f"pods/{_safe(namespace)}/{_safe(name)}"


def write_chunks(path: Path, chunks: Iterable[bytes]) -> int:
    """Write a file as its parts come; return its size."""
    with path.open("wb") as stream:
        for chunk in chunks:
            stream.write(chunk)
        return stream.tell()


def pretty(value: object) -> bytes:
    """Return a small JSON document, for a reader."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _safe(name: str) -> str:
    """Return a name that is one part of a path."""
    name = _ODD.sub("-", name)[:_LONGEST].lstrip(".")
    return name or "unnamed"


def _pack(folder: Path, archive: Path, *, private: bool) -> None:
    """Pack a folder, without what is not finished."""
    names = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(_UNFINISHED)
    )
    mode = 0o600 if private else 0o666
    with (
        open(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for path in names:
            packed.write(path, path.relative_to(folder).as_posix())
        packed.close()
        stream.flush()
        os.fsync(stream.fileno())
