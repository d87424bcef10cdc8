"""A mesh in a folder or an archive: its pods by name, and what is known of its Services.

How a name that a user types is read is `osmscope.source.pod_selection`.
"""

import contextlib
import datetime
import re
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import msgspec

from osmscope.errors import OsmscopeError, SelectorError, SourceError
from osmscope.source.files import Source
from osmscope.source.kubernetes_lists import (
    PodFacts,
    Service,
    read_pods,
    read_recorded_at,
    read_service_table,
    read_services,
    read_slice_addresses,
)
from osmscope.source.kubernetes_objects import find_list
from osmscope.source.layout import places
from osmscope.source.pod_selection import full_name, nearest, select, wanted
from osmscope.source.tree import Tree, open_tree
from osmscope.source.workload import workload_of_pod

__all__ = ["PodFiles", "Service", "Snapshot", "open_snapshot"]

T = TypeVar("T")

_SERVICE_TABLE = re.compile(
    r"(?:^|/)namespaces/[^/]+/commands/kubectl_get_svc_-n_(?P<namespace>[^/]+)$"
)


class PodFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One pod of a snapshot and its files."""

    namespace: str
    """ "" where the snapshot does not tell it."""
    name: str
    workload: str
    workload_kind: str = ""
    """ "" where the snapshot does not tell it."""
    replica_set: str = ""
    app: str = ""
    service_account: str = ""
    ready: bool | None = None
    addresses: tuple[str, ...] = ()
    files: dict[str, str] = {}
    """Paths by what they hold: config_dump, clusters, listeners, server_info, certs."""
    chosen_of: tuple[str, ...] = ()
    """All replicas that a selector fitted, where it fitted several of one workload."""

    @property
    def full_name(self) -> str:
        """The pod's name, behind its namespace if that is known: "namespace/pod"."""
        return full_name(self)


class Snapshot:
    """The dumps of a mesh's pods."""

    def __init__(self, tree: Tree, *, where: str) -> None:
        self.where = where
        self.problems: list[str] = []
        """What of the Kubernetes lists could not be read."""
        self._tree = tree
        self.pods: tuple[PodFiles, ...] = self._pods()
        """The pods that have a config dump, by namespace and name."""

    def read(self, pod: PodFiles, what: str) -> Source | None:
        """A pod's file, None where the snapshot has none.

        Args:
            pod: One of `pods`.
            what: config_dump, clusters, listeners, server_info or certs.

        Raises:
            SourceError: The file cannot be read.
        """
        name = pod.files.get(what)
        return None if name is None else self._tree.read(name)

    def find(self, selector: str) -> PodFiles:
        """The pod that a user means.

        Args:
            selector: A pod's name, its workload's, its app's or its service account's; alone, as
                "namespace/name", "name.namespace" or "pod/name".

        Raises:
            SelectorError: It fits nothing, or several workloads.
        """
        try:
            fitting = select(selector, self.pods) or self._of_service(selector)
        except SelectorError as error:
            raise SelectorError(error.message, where=self.where, hint=error.hint) from None
        if not fitting:
            raise SelectorError(
                f"no pod fits {selector!r}", where=self.where, hint=nearest(selector, self.pods)
            )
        if len(fitting) == 1:
            return fitting[0]
        return msgspec.structs.replace(fitting[0], chosen_of=tuple(pod.name for pod in fitting))

    def _of_service(self, selector: str) -> tuple[PodFiles, ...]:
        """The pods behind the Service that a selector names, if it names one."""
        facts = {(fact.namespace, fact.name): fact for fact in self._pod_facts}
        for one in wanted(selector):
            for service in self._services if one.kind == "Service" else ():
                if service.name == one.name and one.namespace in ("", service.namespace):
                    labels = service.selector.items()
                    return tuple(
                        pod
                        for pod in self.pods
                        if pod.namespace == service.namespace
                        and (fact := facts.get((pod.namespace, pod.name))) is not None
                        and labels
                        and labels <= fact.spec.labels.items()
                    )
        return ()

    def listed(self, selector: str) -> PodFacts | None:
        """A pod of the list of pods, with or without a dump; None where none or many fit."""
        try:
            fitting = select(selector, self._pod_facts)
        except SelectorError:
            return None
        return fitting[0] if fitting else None

    def services(self) -> tuple[Service, ...]:
        """The Services that the snapshot lists."""
        return self._services

    def recorded_at(self, pod: PodFiles | None = None) -> datetime.datetime | None:
        """When the snapshot, or a pod of it, was taken; None where no manifest says so.

        A capture that was gone on with after an interruption holds pods of several times.
        """
        if pod is not None:
            name = f"{pod.files['config_dump'].rpartition('/')[0]}/capture.json"
            if name in self._names:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, SourceError):
                    own = read_recorded_at(self._tree.read(name).data)
                    if own is not None:
                        return own
        return self._manifest_time

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._tree.names)

    @cached_property
    def _manifest_time(self) -> datetime.datetime | None:
        return self._read_list("manifest.json", read_recorded_at)

    def pod_of_address(self, address: str) -> PodFiles | None:
        """The pod that has an IP address; None where none, or several, are known to have it."""
        owners = [pod for pod in self.pods if address in pod.addresses]
        if len(owners) == 1:
            return owners[0]
        listed = self._slice_addresses.get(address)
        if owners or listed is None:
            return None
        named = [pod for pod in self.pods if (pod.namespace, pod.name) == listed]
        return named[0] if named else None

    def facts_of(self, pod: PodFiles) -> PodFacts | None:
        """What the API server said of a pod; None where the snapshot does not tell."""
        named = [one for one in self._pod_facts if one.name == pod.name]
        same = [one for one in named if pod.namespace in ("", one.namespace)]
        return same[0] if len(same) == 1 else None

    @cached_property
    def mesh_config(self) -> bytes | None:
        """OSM's MeshConfig, or a list of them; None where the snapshot has none."""
        return self._read_list("mesh-configs.json", bytes)

    def list_of(self, file: str) -> bytes | None:
        """A list of Kubernetes objects, in JSON; None where the snapshot has none.

        Args:
            file: What it is called in a capture: "pods.json".

        Raises:
            SourceError: It cannot be read.
        """
        return find_list(self._tree, file)

    def pod_names(self) -> dict[str, str]:
        """The names of pods by IP address, where only one has it: hosts share theirs with pods."""
        owners: dict[str, set[tuple[str, str]]] = {}
        for address, owner in self._slice_addresses.items():
            owners.setdefault(address, set()).add(owner)
        for fact in self._pod_facts:
            for address in fact.addresses:
                owners.setdefault(address, set()).add((fact.namespace, fact.name))
        return {address: next(iter(pods))[1] for address, pods in owners.items() if len(pods) == 1}

    @cached_property
    def _pod_facts(self) -> list[PodFacts]:
        return self._read_list("pods.json", read_pods) or []

    @cached_property
    def _services(self) -> tuple[Service, ...]:
        listed = self._read_list("services.json", read_services) or []
        for name in self._tree.names:
            table = _SERVICE_TABLE.search(name)
            if table is not None:
                text = self._tree.read(name).data.decode("utf-8", "replace")
                listed += read_service_table(text, namespace=table["namespace"])
        return tuple(listed)

    @cached_property
    def _slice_addresses(self) -> dict[str, tuple[str, str]]:
        return self._read_list("endpointslices.json", read_slice_addresses) or {}

    def _read_list(self, file: str, read: Callable[[bytes], T]) -> T | None:
        """Read one of the Kubernetes lists; None, and a problem, where that fails."""
        try:
            data = self.list_of(file)
            return None if data is None else read(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OsmscopeError) as error:
            self.problems.append(f"{file} cannot be read: {error}")
            return None

    def _pods(self) -> tuple[PodFiles, ...]:
        files: dict[tuple[str, str], dict[str, str]] = {}
        for (namespace, pod, what), name in places(self._tree.names).items():
            files.setdefault((namespace, pod), {})[what] = name
        listed = self._pod_facts
        facts = {(fact.namespace, fact.name): fact for fact in listed}
        alone = {fact.name: fact for fact in listed}
        return tuple(
            _pod(
                namespace,
                name,
                found,
                facts.get((namespace, name)) if namespace else alone.get(name),
            )
            for (namespace, name), found in sorted(files.items())
            if "config_dump" in found
        )


def open_snapshot(location: str) -> Snapshot:
    """Open a folder, an archive or a single dump.

    Args:
        location: The path of a snapshot, of a bug report of osm or istioctl, of egctl's output, or
            of a folder of dumps.

    Raises:
        SourceError: There is no such path, it cannot be read, or no config dump is in it.
    """
    snapshot = Snapshot(open_tree(location), where=location)
    if not snapshot.pods:
        raise SourceError(
            "no config dumps in here",
            where=location,
            hint="expected pods/NAMESPACE/POD/config_dump.json, a bug report, or *.json dumps",
        )
    return snapshot


def _pod(namespace: str, name: str, files: dict[str, str], fact: PodFacts | None) -> PodFiles:
    if fact is None:
        workload = workload_of_pod(name)
        return PodFiles(namespace=namespace, name=name, workload=workload, files=files)
    return PodFiles(
        namespace=fact.namespace,
        name=name,
        workload=fact.workload,
        workload_kind=fact.workload_kind,
        replica_set=fact.replica_set,
        app=fact.app,
        service_account=fact.service_account,
        ready=fact.ready,
        addresses=fact.addresses,
        files=files,
    )
