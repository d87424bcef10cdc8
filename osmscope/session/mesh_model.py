"""A mesh for a screen: its sidecars, how each is read, and how far that has come.

Decision: a sidecar that was read once stays readable. When a later read fails, the earlier data
remains and is marked as stale, with the reason. Reading happens elsewhere (in a worker); the model
only notes what came of it, in one thread.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from osmscope.diff.resources import ResourceChange
from osmscope.errors import OsmscopeError
from osmscope.session.sources import (
    Sidecar,
    SourceOptions,
    dump_source,
    is_live_pod,
    read_sidecar,
)
from osmscope.source.admin import is_admin_address

if TYPE_CHECKING:
    from osmscope.source.files import Source
    from osmscope.source.kubernetes_lists import PodFacts
    from osmscope.source.snapshot import PodFiles, Snapshot

MOST_UPDATES = 2000
"""How many changes are remembered."""

Status = Literal["unread", "loading", "loaded", "stale", "failed"]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One sidecar of a mesh, not read yet."""

    key: str
    """What tells it from the others; also what it is called on the command line."""
    name: str
    namespace: str = ""
    workload: str = ""
    addresses: tuple[str, ...] = ()
    where: str
    """For a reader: the path or the address it is read from."""
    options: SourceOptions = SourceOptions()
    source: str | None = None
    """SOURCE of the command line that reads the same."""
    taken: datetime.datetime | None = None
    """When its data was taken; None where that is when it is read."""

    def read(self, before: Sidecar | None = None) -> Sidecar:
        """Read it; raises OsmscopeError.

        Args:
            before: What was read before; the way to a live sidecar is kept.
        """
        return read_sidecar(self.source, self.options) if before is None else before.reload()

    def dump(self) -> Source:
        """Read the bytes of its dump; raises OsmscopeError."""
        return dump_source(self.source, self.options)


class MemberState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reading of one sidecar has come."""

    status: Status = "unread"
    sidecar: Sidecar | None = None
    """The last that could be read."""
    is_whole: bool = False
    """Whether all of it is read; of a live sidecar, only what was needed may be."""
    progress: str = ""
    """What is being read."""
    reason: str = ""
    """Why the last read failed."""
    taken: datetime.datetime | None = None
    """When the data was taken."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One resource that was another one when its sidecar was read again."""

    at: datetime.datetime
    member: str
    """The sidecar's key."""
    change: ResourceChange


Lister = Callable[[], Iterable[Member]]
"""Lists the sidecars of a mesh; raises OsmscopeError."""


class MeshModel:
    """The sidecars of a mesh and their states."""

    def __init__(
        self, members: tuple[Member, ...], *, title: str = "", lister: Lister | None = None
    ) -> None:
        self.title = title
        self.lister = lister
        """Lists the sidecars, where they are not known from the start."""
        self.problem = ""
        """Why they could not be listed."""
        self.is_listed = False
        """Whether it is known which sidecars there are."""
        self.members: dict[str, Member] = {}
        self._states: dict[str, MemberState] = {}
        self.listed(members)
        self.is_listed = lister is None
        self.updates: tuple[Update, ...] = ()
        """What changed between two reads, the newest first; the oldest are forgotten."""

    def state(self, key: str) -> MemberState:
        """Return the state of a sidecar."""
        return self._states.get(key, MemberState())

    def listed(self, members: Iterable[Member]) -> None:
        """Note which sidecars there are; what is known of those that stay is kept."""
        self.problem, self.is_listed = "", True
        self.members = {member.key: member for member in members}
        self._states = {key: self._states.get(key, MemberState()) for key in self.members}

    def unlisted(self, reason: str) -> None:
        """Note that the sidecars could not be listed; those that were known stay."""
        self.problem = reason

    def begin(self, key: str) -> None:
        """Note that a sidecar is being read."""
        self._change(key, status="loading", reason="", progress="")

    def progressed(self, key: str, words: str) -> None:
        """Note what is being read."""
        self._change(key, progress=words)

    def loaded(
        self, key: str, sidecar: Sidecar, now: datetime.datetime, *, is_whole: bool = True
    ) -> None:
        """Note that a sidecar was read."""
        taken = self.members[key].taken or now
        self._change(
            key, status="loaded", sidecar=sidecar, reason="", taken=taken, is_whole=is_whole
        )

    def changed(self, key: str, found: Iterable[ResourceChange], now: datetime.datetime) -> None:
        """Note what is another one than when the sidecar was read before."""
        updates = tuple(Update(at=now, member=key, change=change) for change in found)
        self.updates = (*updates, *self.updates)[:MOST_UPDATES]

    def failed(self, key: str, reason: str) -> None:
        """Note that a sidecar could not be read; what was read before stays, as stale."""
        known = self._states[key].sidecar is not None
        self._change(key, status="stale" if known else "failed", reason=reason)

    def cancelled(self, key: str) -> None:
        """Note that a read was given up; what was read before stays."""
        known = self._states[key].sidecar is not None
        self._change(key, status="stale" if known else "unread", reason="cancelled")

    def behind(self, address: str) -> Member | None:
        """Return the sidecar of the pod that has an IP address; None where none, or several, do."""
        owners = [member for member in self.members.values() if address in member.addresses]
        return owners[0] if len(owners) == 1 else None

    def _change(self, key: str, **changes: Any) -> None:
        if key in self._states:  # else it is gone since it was asked for
            self._states[key] = msgspec.structs.replace(self._states[key], **changes)


def open_mesh(sources: tuple[str, ...], options: SourceOptions) -> MeshModel:
    """Make the model of what a user named; no dump is read yet.

    Args:
        sources: Files, folders, admin addresses, or pods within `--from` or of the cluster; none
            for all pods of the cluster that have a sidecar.
        options: The options that name a source.

    Raises:
        UsageError: They contradict each other.
        SourceError: A folder or archive cannot be opened.
    """
    if options.from_ is not None:
        return _of_snapshot(options.from_, sources, options)
    if not sources and options.dump is None:
        from osmscope.session.live_mesh import live_members

        return MeshModel((), title="cluster", lister=partial(live_members, options))
    if options.dump is not None:
        members = [_alone(None, options)]
    elif len(sources) == 1 and _is_mesh(sources[0]):
        return _of_snapshot(sources[0], (), options)
    else:
        members = [_alone(source, options) for source in dict.fromkeys(sources)]
    title = members[0].name if len(members) == 1 else ""
    return MeshModel(tuple(members), title=title)


def _is_mesh(source: str) -> bool:
    """Whether a path is a folder or an archive of pods, not one pod's own folder."""
    if is_admin_address(source) or not Path(source).exists():
        return False
    if Path(source).is_dir():
        names = {path.name.partition(".")[0] for path in Path(source).iterdir() if path.is_file()}
        return "config_dump" not in names
    return ".tar" in Path(source).name or source.endswith((".tgz", ".zip"))


def _of_snapshot(location: str, sources: tuple[str, ...], options: SourceOptions) -> MeshModel:
    from osmscope.session.sources import mesh_folder
    from osmscope.source.snapshot import open_snapshot

    snapshot = open_snapshot(mesh_folder(location))
    pods = [snapshot.find(name) for name in sources] if sources else list(snapshot.pods)
    taken = _recorded(snapshot)
    options = msgspec.structs.replace(options, from_=location)
    members = tuple(
        msgspec.structs.replace(
            member_of(pod, options), where=f"{location}: {pod.full_name}", taken=taken(pod)
        )
        for pod in {pod.full_name: pod for pod in pods}.values()
    )
    return MeshModel(members, title=Path(location).name)


def member_of(pod: PodFacts | PodFiles, options: SourceOptions) -> Member:
    """Return a pod that the options lead to as a sidecar of a mesh."""
    return Member(
        key=pod.full_name,
        name=pod.name,
        namespace=pod.namespace,
        workload=pod.workload,
        addresses=pod.addresses,
        where=pod.full_name,
        source=pod.full_name,
        options=options,
    )


def _recorded(snapshot: Snapshot) -> Callable[[PodFiles], datetime.datetime | None]:
    """Tell when a pod's dump was taken: as the snapshot says, else as old as its file is."""

    def taken(pod: PodFiles) -> datetime.datetime | None:
        moment = snapshot.recorded_at(pod)
        return moment or _modified(Path(snapshot.where, pod.files["config_dump"]))

    return taken


def _modified(path: Path) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(path.stat().st_mtime, tz=datetime.UTC)
    except OSError:
        return None


def _alone(source: str | None, options: SourceOptions) -> Member:
    location = options.dump if source is None else source
    location = location or "-"
    live = is_admin_address(location) or is_live_pod(source, options)
    path = Path(location)
    name = path.parent.name if path.name.startswith("config_dump.") else path.name
    taken = None
    if not live and location != "-":
        if not path.exists():
            read_sidecar(source, options)  # raises what the command line would say of it
        file = next(path.glob("config_dump.json*"), path) if path.is_dir() else path
        taken = _modified(file)
    return Member(
        key=location, name=location if live else name or location, where=location,
        options=options, source=source, taken=taken,
    )  # fmt: skip


def reason_of(error: OsmscopeError) -> str:
    """Say why a sidecar could not be read, in one line."""
    return " ".join(str(error).split())
