"""What is to be captured: from names, a selector, a snapshot or addresses to sidecars and lists.

Decision: whoever names a pod wants that pod, and is told what stands against it; whoever asks for
all wants those that have a sidecar that runs, and the others are only counted.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from osmscope.dump import text
from osmscope.dump.yaml_text import json_of_yaml
from osmscope.errors import ForbiddenError, OsmscopeError, SelectorError, SourceError, UsageError
from osmscope.mesh.node_names import pod_of_node
from osmscope.session.live import live_pod, open_cluster
from osmscope.session.snapshot_source import captured_at
from osmscope.session.sources import SourceOptions, mesh_folder
from osmscope.source.admin import is_admin_address, read_admin
from osmscope.source.capture import Ask, Subject, asking
from osmscope.source.capture_lists import LISTS, items_of, list_document
from osmscope.source.capture_store import Store, folder_of
from osmscope.source.files import Source

if TYPE_CHECKING:
    from osmscope.source.kubernetes import Cluster
    from osmscope.source.kubernetes_lists import PodFacts
    from osmscope.source.snapshot import PodFiles, Snapshot

_NAMED_ADDRESS = re.compile(r"(?P<name>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)?)=(?P<address>\S+://.+)")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Lists = Callable[[Store, bool], tuple[dict[str, int], dict[str, str]]]
"""Writes the lists of Kubernetes objects; gives how many are in each, and what went wrong."""


class CaptureOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What of a cluster or a snapshot is to be captured."""

    source: SourceOptions
    all_namespaces: bool = False
    labels: str = ""
    """A label selector."""


class Plan(msgspec.Struct, kw_only=True):
    """What is to be captured."""

    source: str
    """Of what, in words."""
    subjects: list[Subject] = []
    failed: dict[str, OsmscopeError] = {}
    """What was named and cannot be captured, and why."""
    notes: list[str] = []
    """What was left out."""
    recorded_at: str | None = None
    """When the data was taken, "" where nobody knows; None for now."""
    check: Callable[[], None] = lambda: None
    """Raises an UnreachableError where it is not one sidecar that has failed but all of it."""
    lists: Lists = lambda _store, _redacts: ({}, {})


@contextlib.contextmanager
def planned(names: Sequence[str], options: CaptureOptions) -> Iterator[Plan]:
    """Find what is to be captured, for as long as the context lasts.

    Args:
        names: Pods, or admin addresses, alone or as NAME=ADDRESS.
        options: Where they are, and which where none is named.

    Raises:
        UsageError: Nothing is named, or what contradicts itself.
        SourceError: There is no cluster or snapshot, or it cannot be read.
        SelectorError: A name fits nothing.
    """
    addresses = [name for name in names if _address(name)[1]]
    if addresses:
        if len(addresses) < len(names) or options.source.from_ is not None:
            raise UsageError("pods and addresses do not go together", hint="capture them apart")
        yield _distinct(_of_addresses(addresses, options.source.request_timeout))
    elif options.source.from_ is not None:
        yield _distinct(_of_snapshot(names, options))
    else:
        is_selected = options.all_namespaces or options.labels or options.source.namespace
        if not names and not is_selected:
            hint = "name pods or admin addresses, or give -A, -n NAMESPACE, -l SELECTOR or --from"
            raise UsageError("nothing is to be captured", hint=hint)
        with open_cluster(options.source) as cluster:
            yield _of_cluster(cluster, names, options)


def _distinct(plan: Plan) -> Plan:
    """Give each sidecar a name of its own: names of files and addresses may be alike."""
    taken: set[str] = set()
    for index, subject in enumerate(plan.subjects):
        name, number = subject.name, 1
        while folder_of(subject.namespace, name) in taken:
            number += 1
            name = f"{subject.name}-{number}"
        taken.add(folder_of(subject.namespace, name))
        plan.subjects[index] = msgspec.structs.replace(subject, name=name)
    return plan


# --- a cluster --------------------------------------------------------------------------------


def _of_cluster(cluster: Cluster, names: Sequence[str], options: CaptureOptions) -> Plan:
    plan = Plan(source=cluster.where, subjects=[], failed={}, notes=[])
    plan.lists = partial(_lists_of_cluster, cluster, plan)
    plan.check = partial(_check, cluster)
    found = _named(cluster, names, options) if names else _selected(cluster, options)
    without = 0
    for facts in found:
        try:
            pod = live_pod(cluster, facts, options.source.admin_port)
        except SourceError as error:
            without += 1
            if names:
                plan.failed[facts.full_name] = error
            continue
        opening = partial(_pod_asking, pod.admin_address, options.source.request_timeout)
        identity = f"{cluster.credentials.server} {','.join(facts.addresses)}"
        plan.subjects.append(
            Subject(namespace=facts.namespace, name=facts.name, identity=identity, opening=opening)
        )
    if without and not names:
        plan.notes.append(f"{_pods(without)} without a running sidecar left out")
    if not found:
        raise SelectorError("no pods fit", where=cluster.where, hint="check -n, -l and --context")
    return plan


def _check(cluster: Cluster) -> None:
    """See that the API server still answers, whatever it says."""
    with contextlib.suppress(ForbiddenError):
        cluster.pod(cluster.credentials.namespace, "osmscope-asks-whether-you-are-there")


def _named(cluster: Cluster, names: Sequence[str], options: CaptureOptions) -> list[PodFacts]:
    """Find the pods of several names: all of a workload, where that is what is named."""
    from osmscope.source.kubernetes_selection import find_pods

    found: dict[str, PodFacts] = {}
    for name in names:
        selection = find_pods(cluster, name, options.source.namespace)
        found.update((facts.full_name, facts) for facts in selection.pods)
    return list(found.values())


def _selected(cluster: Cluster, options: CaptureOptions) -> list[PodFacts]:
    namespace = options.source.namespace or cluster.credentials.namespace
    if options.all_namespaces:
        namespace = ""
    return cluster.pods(namespace, labels=options.labels)


@contextlib.contextmanager
def _pod_asking(
    opening: Callable[[], contextlib.AbstractContextManager[str]], deadline: float
) -> Iterator[Ask]:
    with opening() as address, asking(address, deadline=deadline) as ask:
        yield ask


def _lists_of_cluster(
    cluster: Cluster, plan: Plan, store: Store, redacts: bool
) -> tuple[dict[str, int], dict[str, str]]:
    counts: dict[str, int] = {}
    errors: dict[str, str] = {}
    namespaces = sorted({subject.namespace for subject in plan.subjects})
    for file in LISTS:
        try:
            items = _list(cluster, file, namespaces, errors)
            if items is not None:
                store.write(file, list_document(items, redacts=redacts))
                counts[file] = len(items)
        except (SourceError, *_UNREADABLE) as error:
            errors[file] = str(error)
    return counts, errors


def _list(
    cluster: Cluster, file: str, namespaces: Sequence[str], errors: dict[str, str]
) -> list[msgspec.Raw] | None:
    """List objects of all namespaces, or of those that may be read; None where none are served."""
    from osmscope.source.kubernetes_api import NotFoundError, Question

    for kind in LISTS[file]:
        try:
            return [
                item for page in cluster.read_pages(Question(kind=kind)) for item in items_of(page)
            ]
        except NotFoundError:
            continue
        except ForbiddenError as error:
            errors[file] = error.message
        found: list[msgspec.Raw] = []
        is_read = False
        for namespace in namespaces:
            with contextlib.suppress(ForbiddenError, NotFoundError):
                for page in cluster.read_pages(Question(kind=kind, namespace=namespace)):
                    found += items_of(page)
                is_read = True
        return found if is_read else None
    return None


# --- a snapshot -------------------------------------------------------------------------------


def _of_snapshot(names: Sequence[str], options: CaptureOptions) -> Plan:
    from osmscope.source.snapshot import open_snapshot

    location = mesh_folder(str(options.source.from_))
    snapshot = open_snapshot(location)
    if options.labels:
        raise UsageError("a snapshot has no label selectors", hint="name the pods, or give -n")
    pods = [snapshot.find(name) for name in names] or list(snapshot.pods)
    namespace = options.source.namespace
    chosen = [pod for pod in pods if namespace in (None, pod.namespace)]
    if not chosen:
        raise SelectorError("no pods fit", where=location, hint="check -n")
    subjects = [
        Subject(
            namespace=pod.namespace or "default",
            name=pod.name,
            identity=location,
            recorded_at=captured_at(snapshot, pod),
            opening=partial(_file_asking, snapshot, pod),
        )
        for pod in chosen
    ]
    return Plan(
        source=Path(location).name,
        subjects=subjects,
        notes=list(snapshot.problems),
        recorded_at=captured_at(snapshot),
        lists=partial(_lists_of_snapshot, snapshot),
    )


@contextlib.contextmanager
def _file_asking(snapshot: Snapshot, pod: PodFiles) -> Iterator[Ask]:
    def ask(what: str) -> Source | None:
        source = snapshot.read(pod, what)
        return source if source is None or what == "stats" else _in_json(source, what)

    yield ask


def _in_json(source: Source, what: str) -> Source:
    """Return a file as JSON, if it can be said so: other tools write YAML, or lines before it.

    Raises:
        DumpError: It is neither.
    """
    data = text.as_utf8(source.data, where=source.where)
    start = text.json_start(data)
    if start is not None:
        return Source(bytes(data)[start:].rstrip(b"\0 \r\n"), source.where)
    if what != "config_dump":
        return source
    text.refuse_other_than_json(data, where=source.where)
    return Source(json_of_yaml(data, where=source.where), source.where)


def _lists_of_snapshot(
    snapshot: Snapshot, store: Store, redacts: bool
) -> tuple[dict[str, int], dict[str, str]]:
    counts: dict[str, int] = {}
    errors: dict[str, str] = {}
    for file in LISTS:
        try:
            listed = snapshot.list_of(file)
            if listed is not None:
                items = items_of(listed)
                store.write(file, list_document(items, redacts=redacts))
                counts[file] = len(items)
        except (OsmscopeError, *_UNREADABLE) as error:
            errors[file] = str(error)
    return counts, errors


# --- addresses --------------------------------------------------------------------------------


def _of_addresses(names: Sequence[str], deadline: float) -> Plan:
    plan = Plan(source="admin addresses", subjects=[], failed={}, notes=[])
    for each in names:
        name, address = _address(each)
        try:
            namespace, pod = _own_name(address, deadline) if not name else _split(name)
        except OsmscopeError as error:
            plan.failed[address] = error
            continue
        opening = partial(asking, address, deadline=deadline)
        plan.subjects.append(
            Subject(namespace=namespace, name=pod, identity=address, opening=opening)
        )
    return plan


def _address(name: str) -> tuple[str, str]:
    """Split NAME=ADDRESS; the address is "" where it is none."""
    found = _NAMED_ADDRESS.fullmatch(name)
    if found is not None and is_admin_address(found["address"]):
        return found["name"], found["address"]
    return ("", name) if is_admin_address(name) else (name, "")


def _split(name: str) -> tuple[str, str]:
    namespace, _, pod = name.rpartition("/")
    return namespace or "default", pod


class _NodeOfServer(msgspec.Struct):
    id: str = ""


class _ServerInfo(msgspec.Struct):
    node: _NodeOfServer = msgspec.field(default_factory=_NodeOfServer)


def _own_name(address: str, deadline: float) -> tuple[str, str]:
    """Ask an Envoy for the pod that its node is named after; the address, where it is not."""
    source = read_admin(address, "server_info", deadline=deadline)
    try:
        node = msgspec.json.decode(source.data, type=_ServerInfo).node.id
    except _UNREADABLE as error:
        hint = "give the address of an Envoy's admin interface"
        raise SourceError(f"no answer of Envoy's: {error}", where=address, hint=hint) from None
    return pod_of_node(node) or ("default", address.partition("://")[2].replace("/", "-"))


def _pods(count: int) -> str:
    return f"{count} pod{'' if count == 1 else 's'}"
