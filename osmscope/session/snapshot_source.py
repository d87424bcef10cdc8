"""A pod of a snapshot: found by its name, and what the snapshot tells around its sidecar."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from osmscope.errors import SelectorError, SourceError, UsageError
from osmscope.source.service_directory import ServiceDirectory

if TYPE_CHECKING:
    from osmscope.rules.interception import Redirection
    from osmscope.session.sources import Sidecar
    from osmscope.source.files import Source
    from osmscope.source.kubernetes_lists import PodFacts
    from osmscope.source.snapshot import PodFiles, Snapshot


def find_pod(location: str, name: str | None) -> tuple[Snapshot, PodFiles]:
    """Find a pod in a folder or an archive; the only one where no name is given.

    Raises:
        UsageError: No name is given, and there are several.
        SelectorError: The name fits none, or several.
        NoSidecarError: It is listed, and has no sidecar.
        SourceError: It cannot be read.
    """
    from osmscope.source.snapshot import open_snapshot

    snapshot = open_snapshot(location)
    if name is not None:
        try:
            return snapshot, snapshot.find(name)
        except SelectorError:
            _refuse_without_sidecar(snapshot, name)
            raise
    if len(snapshot.pods) != 1:
        shown = ", ".join(pod.full_name for pod in snapshot.pods[:10])
        raise UsageError(
            f"{len(snapshot.pods)} sidecars are in here",
            where=location,
            hint=f"name one of {shown}",
        )
    return snapshot, snapshot.pods[0]


def _refuse_without_sidecar(snapshot: Snapshot, name: str) -> None:
    """Say of a pod that is listed alone why its dump is not there."""
    facts = snapshot.listed(name)
    if facts is None:
        return
    from osmscope.mesh.vendors import find_sidecar
    from osmscope.session.no_sidecar import NoSidecarError

    if find_sidecar(facts.spec) is None:
        known = partial(_with_cluster, snapshot, facts)
        raise NoSidecarError(facts, where=snapshot.where, known=known)
    raise SelectorError(
        f"pod {facts.full_name} is listed, but its dump is not here",
        where=snapshot.where,
        hint="capture it, or name another",
    )


def dump_of(snapshot: Snapshot, pod: PodFiles) -> Source:
    """Read a pod's dump.

    Raises:
        SourceError: It cannot be read.
    """
    dump = snapshot.read(pod, "config_dump")
    if dump is None:
        raise SourceError("the pod has no config dump", where=f"{snapshot.where}: {pod.full_name}")
    return dump


def known(snapshot: Snapshot, pod: PodFiles, sidecar: Sidecar) -> Sidecar:
    """Return what was read of a pod's Envoy, with what the snapshot tells around it."""
    notes = tuple(snapshot.problems)
    if len(pod.chosen_of) > 1:
        replicas = f"{pod.name} stands for {len(pod.chosen_of)} replicas of {pod.workload}"
        notes = (*notes, replicas)
    return msgspec.structs.replace(
        _with_cluster(snapshot, snapshot.facts_of(pod), sidecar),
        name=pod.workload or pod.name,
        namespace=pod.namespace or sidecar.namespace,
        captured_at=captured_at(snapshot, pod),
        stats=lambda pattern: snapshot.read(pod, "stats"),
        files=tuple(Path(snapshot.where, name) for name in ("", *pod.files.values())),
        address=pod.addresses[0] if pod.addresses else "",
        notes=notes,
    )


def _with_cluster(snapshot: Snapshot, facts: PodFacts | None, sidecar: Sidecar) -> Sidecar:
    """Add what is known of the cluster, and of the pod where it is listed."""
    found = msgspec.structs.replace(
        sidecar,
        captured_at=captured_at(snapshot),
        services=ServiceDirectory(snapshot.services()),
        files=(Path(snapshot.where),),
        pod_names=snapshot.pod_names,
        redirection=partial(_redirection, snapshot, facts),
    )
    if facts is None:
        return found
    address = next(iter(facts.addresses), "")
    return msgspec.structs.replace(
        found, name=facts.workload, namespace=facts.namespace, address=address
    )


def captured_at(snapshot: Snapshot, pod: PodFiles | None = None) -> str:
    """Say when a snapshot, or a pod of it, was taken; "" where no manifest says so."""
    moment = snapshot.recorded_at(pod)
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _redirection(snapshot: Snapshot, facts: PodFacts | None) -> Redirection | None:
    from osmscope.mesh.interception import redirection, redirection_of_mesh

    if facts is None:
        return redirection_of_mesh(snapshot.mesh_config)
    return redirection(facts.spec, facts.addresses, snapshot.mesh_config)
