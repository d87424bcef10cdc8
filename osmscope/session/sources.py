"""SOURCE: from what the user typed to one sidecar, its services, and what it is called.

A URL is an admin address; what exists as a file or folder is that; else it is a pod's name, within
`--from` or in the cluster. With `--dump` there is no SOURCE. Decision: a folder that holds a
`config_dump.json` is one pod's own; of any other folder, the only sidecar in it where no name is
given.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from osmscope.dump.clusters import Clusters, read_clusters
from osmscope.dump.sections import Dump
from osmscope.errors import DumpError, SourceError, UnreachableError, UsageError
from osmscope.mesh.osm import node_namespace
from osmscope.resources.address import split_host_port
from osmscope.resources.proxy import Proxy
from osmscope.rules.interception import Redirection
from osmscope.session.live_admin import Live, Opening, Way
from osmscope.session.snapshot_source import dump_of, find_pod, known
from osmscope.source import demo
from osmscope.source.admin import DEADLINE, QUESTIONS, Account, is_admin_address
from osmscope.source.files import Source, read_bytes
from osmscope.source.kubeconfig import Via
from osmscope.source.locations import read_location
from osmscope.source.service_directory import ServiceDirectory

if TYPE_CHECKING:
    from osmscope.session.live import LivePod

_POD = re.compile(r"(?:[A-Za-z0-9-]+/){0,2}[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
"""What can be a pod's name: behind its namespace, or what kind of name it is."""
_SUFFIXES = (".json", ".yaml", ".yml", ".txt", ".gz", ".zst", ".tar", ".tgz", ".zip")
_GIVE = "give a file, an admin address, --dump FILE, or a pod's name"


class SourceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options that name a source."""

    dump: str | None = None
    clusters: str | None = None
    from_: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    admin_port: int | None = None
    via: Via = "api"
    request_timeout: float = DEADLINE
    """Seconds for each answer of a live source."""
    full: bool = False
    """Whether a live source is asked for everything at once."""


def _no_stats(pattern: str) -> Source | None:
    return None


def _read_stats(location: str, pattern: str) -> Source | None:
    return read_bytes(location)


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """One sidecar, ready to be asked."""

    proxy: Proxy
    name: str
    """What the user calls it, for headlines."""
    namespace: str = ""
    services: ServiceDirectory = ServiceDirectory()
    address: str = ""
    """The pod's own; "" where it is not known."""
    pod_names: Callable[[], Mapping[str, str]] = dict
    """Gives the names of pods, by IP address."""
    notes: tuple[str, ...] = ()
    """What was chosen on the user's behalf."""
    captured_at: str = ""
    """When it was captured, as its manifest says; "" where it says nothing."""
    is_live: bool = False
    """Whether it was read of a live Envoy."""
    redirection: Callable[[], Redirection | None] = lambda: None
    """Gives what its mesh leads to it; None where nothing is known, or nothing is."""
    later_notes: Callable[[], Sequence[str]] = tuple
    """Gives what could not be read of the cluster until now."""
    stats: Callable[[str], Source | None] = _no_stats
    """Gives the answer of /stats, for the counters that fit a pattern where it can be asked for
    them alone; None where there is none."""
    files: tuple[Path, ...] = ()
    """The files that it was read of."""
    stamps: tuple[tuple[int, ...], ...] | None = None
    """What changes when they do; None where that may have been since."""
    account: Account | None = None
    """What a live Envoy was asked so far."""
    live: Live | None = None
    """Who is asked for what is needed; None where everything was read at once."""
    again: Callable[[], Sidecar] | None = None
    """Finds and reads the sidecar again; None where it can be read once only."""

    def reload(self, kinds: Collection[str] | None = None) -> Sidecar:
        """Read the sidecar again, as it is by now; itself where it can be read once only.

        Args:
            kinds: Of a live sidecar, of which kinds what was read is no longer good, besides the
                live hosts; None for all.

        Raises:
            OsmscopeError: See `read_sidecar`.
        """
        if self.live is None:
            return self if self.again is None else self.again()
        live = self.live.renewed(kinds)
        own = self.proxy.clusters is self.live.clusters
        proxy = Proxy(live.dump, live.clusters if own else self.proxy.clusters)
        return msgspec.structs.replace(self, proxy=proxy, live=live, stats=live.way.stats)

    def close(self) -> None:
        """Close the way to a live sidecar; a later question opens it again."""
        if self.live is not None:
            self.live.close()


def read_sidecar(source: str | None, options: SourceOptions) -> Sidecar:
    """Read the sidecar that SOURCE and the options name.

    Raises:
        UsageError: They name none, or contradict each other.
        SourceError: It cannot be read.
        DumpError: It is not a config dump.
        SelectorError: A pod's name fits none, or several.
    """
    place = _place(source, options)
    start = time.time_ns()
    if place.folder is not None:
        sidecar = _of_snapshot(place.folder, place.name, options)
    elif place.is_live:
        sidecar = _of_pod(place.name or "", options)
    elif place.name is not None and is_admin_address(place.name):
        sidecar = live_sidecar(partial(_open, place.name), place.name, options)
    else:
        sidecar = _of_file(place.name or "-", place.clusters, options)
        if place.stats is not None:
            stats = partial(_read_stats, place.stats)
            sidecar = msgspec.structs.replace(sidecar, stats=stats)
    if "-" in (place.name, options.clusters):
        return sidecar
    stamps = stamps_of(sidecar.files)
    changed = any(stamp and stamp[0] >= start for stamp in stamps)
    again = partial(read_sidecar, source, options)
    return msgspec.structs.replace(sidecar, again=again, stamps=None if changed else stamps)


def stamps_of(files: Iterable[Path]) -> tuple[tuple[int, ...], ...]:
    """Return what changes when files do; nothing for one that is not there."""
    return tuple(map(_stamp, files))


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _open(address: str) -> AbstractContextManager[str]:
    return nullcontext(address)


def live_sidecar(opening: Opening, where: str, options: SourceOptions) -> Sidecar:
    """Return a sidecar that is asked for what is needed, when it is needed.

    Args:
        opening: Opens a way to its admin interface.
        where: What it is called.
        options: How long an answer may take, whether all is asked for at once, and where its
            clusters are if not there.

    Raises:
        SourceError: There is no way to it, or the clusters cannot be read.
        UnreachableError: Nobody answers there as Envoy does. So may everything raise that is asked
            of the sidecar later.
    """
    if options.full:
        return _whole(Way(opening, deadline=options.request_timeout), where, options)
    live = Live.open(opening, where=where, deadline=options.request_timeout)
    own = options.clusters is None
    clusters = live.clusters if own else _clusters(str(options.clusters), options)
    namespace = node_namespace(live.dump.node().id)
    proxy = Proxy(live.dump, clusters)
    return Sidecar(
        proxy=proxy,
        name=where,
        namespace=namespace,
        is_live=True,
        account=live.way.account,
        live=live,
        stats=live.way.stats,
    )


def _whole(way: Way, where: str, options: SourceOptions) -> Sidecar:
    """Ask a sidecar for everything at once."""
    source = way.ask("config_dump", *QUESTIONS["config_dump"].flags)
    own = way.ask("clusters") if options.clusters is None else None
    given = None if options.clusters is None else _clusters(options.clusters, options)
    try:
        status = given if own is None else read_clusters(own.data, where=own.where)
        sidecar = _sidecar(source, status, name=where)
    except DumpError as error:  # whoever answers there is no Envoy
        hint = error.hint or "give the address of an Envoy's admin interface"
        raise UnreachableError(error.message, where=where, hint=hint) from None
    return msgspec.structs.replace(sidecar, is_live=True, account=way.account, stats=way.stats)


def dump_source(source: str | None, options: SourceOptions) -> Source:
    """Read the bytes of the dump that SOURCE and the options name; raises as `read_sidecar`."""
    place = _place(source, options)
    if place.folder is not None:
        return dump_of(*find_pod(place.folder, place.name))
    if place.is_live:
        with _live_pod(place.name or "", options).admin_address() as address:
            return read_location(address, "config_dump", deadline=options.request_timeout)
    return read_location(place.name or "-", "config_dump", deadline=options.request_timeout)


def is_live_pod(source: str | None, options: SourceOptions) -> bool:
    """Whether SOURCE is the name of a pod in the cluster; raises as `read_sidecar`."""
    return _place(source, options).is_live


class _Place(msgspec.Struct, frozen=True):
    """A file or an address; or a pod, None for the only one, in a folder or an archive."""

    name: str | None
    folder: str | None = None
    clusters: str | None = None
    stats: str | None = None
    is_live: bool = False
    """Whether it is the name of a pod in the cluster."""


def _place(source: str | None, options: SourceOptions) -> _Place:
    if options.dump is not None:
        if source is not None or options.from_ is not None:
            raise UsageError("--dump takes the place of SOURCE and --from", hint="give one of them")
        return _Place(options.dump)
    if options.from_ is not None:
        return _Place(source, mesh_folder(options.from_))
    if source is None:
        raise UsageError("SOURCE is missing", hint=_GIVE)
    if source == "-" or is_admin_address(source):
        return _Place(source)
    try:
        return _path(source)
    except PermissionError:
        hint = "check its permissions"
        raise SourceError("cannot be read: Permission denied", where=source, hint=hint) from None


def _path(source: str) -> _Place:
    if _is_file(source):
        return _Place(source)
    if Path(source).is_dir():
        dump = _beside(source, "config_dump")
        if dump is None:
            return _Place(None, source)
        return _Place(dump, clusters=_beside(source, "clusters"), stats=_beside(source, "stats"))
    if _POD.fullmatch(source) and not source.endswith(_SUFFIXES):
        return _Place(source, is_live=True)
    raise UsageError(f"{source!r} is no file, no folder and no admin address", hint=_meant(source))


def _meant(source: str) -> str:
    """Say what to give instead: an address without its scheme is the usual slip."""
    host, port = split_host_port(source)
    return f"did you mean http://{source}?" if host and port is not None else _GIVE


def mesh_folder(location: str) -> str:
    """Return a mesh's folder or archive: `demo` is the one that comes with osmscope."""
    is_demo = location == demo.NAME and not Path(location).exists()
    return str(demo.demo_folder()) if is_demo else location


def _beside(folder: str, what: str) -> str | None:
    """Find a file of a pod's own folder."""
    names = (f"{what}{end}{packed}" for end in (".json", ".txt") for packed in ("", ".gz", ".zst"))
    return next((str(Path(folder, name)) for name in names if Path(folder, name).is_file()), None)


def _is_file(source: str) -> bool:
    """Whether there is something to read: a file, or a pipe such as a shell's `<(curl …)`."""
    path = source.partition("#")[0] or source
    return any(Path(name).exists() and not Path(name).is_dir() for name in (source, path))


def _of_file(dump: str, beside: str | None, options: SourceOptions) -> Sidecar:
    clusters = options.clusters or beside
    if dump == "-" and clusters == "-":
        raise UsageError(
            "standard input cannot be both the dump and the clusters",
            hint="give one of them as a file",
        )
    source = read_bytes(dump)
    status = None if clusters is None else _clusters(clusters, options)
    files = tuple(Path(one.partition("#")[0]) for one in (dump, clusters) if one is not None)
    return msgspec.structs.replace(_sidecar(source, status, name=_short(dump)), files=files)


def _live_pod(selector: str, options: SourceOptions) -> LivePod:
    from osmscope.session.live import find_live_pod, open_cluster
    from osmscope.source.kubeconfig import NoClusterError

    try:
        cluster = open_cluster(options)
    except NoClusterError as error:
        raise UsageError(
            f"{selector!r} is no file, no folder and no admin address, and {error.message} to look"
            " for a pod in",
            where=error.where,
            hint=_GIVE,
        ) from None
    return find_live_pod(cluster, selector, options)


def _of_pod(selector: str, options: SourceOptions) -> Sidecar:
    pod = _live_pod(selector, options)
    where = f"{pod.facts.full_name}:{pod.admin_port}"
    return pod.known(live_sidecar(pod.admin_address, where, options))


def _of_snapshot(location: str, name: str | None, options: SourceOptions) -> Sidecar:
    snapshot, pod = find_pod(location, name)
    if options.clusters is not None:
        status: Clusters | None = _clusters(options.clusters, options)
    else:
        live = snapshot.read(pod, "clusters")
        status = None if live is None else read_clusters(live.data, where=live.where)
    return known(snapshot, pod, _sidecar(dump_of(snapshot, pod), status, name=pod.name))


def _sidecar(source: Source, clusters: Clusters | None, *, name: str) -> Sidecar:
    dump = Dump.read(source.data, where=source.where, select=source.select)
    if clusters is None and dump.clusters is not None:
        clusters = read_clusters(bytes(dump.clusters), where=source.where)
    namespace = node_namespace(dump.node().id)
    return Sidecar(proxy=Proxy(dump, clusters), name=name, namespace=namespace)


def _clusters(location: str, options: SourceOptions) -> Clusters:
    source = read_location(location, "clusters", deadline=options.request_timeout)
    return read_clusters(source.data, where=source.where)


def _short(location: str) -> str:
    if location == "-":
        return "standard input"
    path = Path(location)
    return path.parent.name if path.name.startswith("config_dump.") else path.name
