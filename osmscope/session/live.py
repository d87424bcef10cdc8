"""A pod of a live cluster: found by its name, understood, and a way to its admin interface."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from osmscope.errors import UnreachableError
from osmscope.mesh.interception import redirection
from osmscope.mesh.osm import find_sidecar as is_osm
from osmscope.mesh.osm import parse_cluster_name
from osmscope.mesh.vendors import find_sidecar
from osmscope.session.no_sidecar import NoSidecarError
from osmscope.source.kubernetes_lists import PodFacts

if TYPE_CHECKING:
    from osmscope.resources.proxy import Proxy
    from osmscope.rules.interception import Redirection
    from osmscope.session.sources import Sidecar, SourceOptions
    from osmscope.source.kubernetes import Cluster
    from osmscope.source.kubernetes_names import Asking

_RUNNING = "Running"


class LivePod:
    """One pod that was meant, and its sidecar's admin interface.

    Args:
        cluster: Where it is.
        facts: What the API server says of it.
        admin_port: Where its admin interface is.
        notes: What was chosen on the user's behalf.
    """

    def __init__(
        self, cluster: Cluster, facts: PodFacts, admin_port: int, notes: tuple[str, ...] = ()
    ) -> None:
        self.cluster = cluster
        self.facts = facts
        self.admin_port = admin_port
        self.notes = notes

    @contextlib.contextmanager
    def admin_address(self) -> Iterator[str]:
        """Open a way to the admin interface, for as long as the context lasts.

        Yields:
            Its address here, as `osmscope.source.admin` takes it.

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: It cannot be reached; also in the place of an error that whoever
                used the way got.
        """
        with self.cluster.forward(self.facts, self.admin_port) as address:
            yield address

    def known(self, sidecar: Sidecar) -> Sidecar:
        """Return what was read of the pod's Envoy, with what the cluster tells around it."""
        from osmscope.source.kubernetes_names import Asking, LivePodNames, LiveServices

        asking = Asking(self.cluster)
        own = self.facts.namespace
        return msgspec.structs.replace(
            sidecar,
            name=self.facts.workload,
            namespace=own,
            address=next(iter(self.facts.addresses), ""),
            services=LiveServices(asking),
            pod_names=lambda: LivePodNames(asking, lambda: _namespaces(sidecar.proxy, own)),
            redirection=lambda: self._redirection(asking),
            notes=self.notes,
            later_notes=lambda: asking.notes,
        )

    def _redirection(self, asking: Asking) -> Redirection | None:
        """Say what is led to the sidecar; OSM's MeshConfig says more than the pod, or news."""
        from osmscope.source.kubernetes_api import MESH_CONFIGS, Question

        spec, addresses = self.facts.spec, self.facts.addresses
        found = redirection(spec, addresses)
        if found is None or not is_osm(spec):
            return found
        without = "what it leaves out of interception is not known" if found.missing else ""
        for kind in MESH_CONFIGS:
            for page in asking.pages(Question(kind=kind), without) or ():
                told = redirection(spec, addresses, page)
                if told is not None and (told.lists_are_newer or not told.missing):
                    return told
        return found


def _namespaces(proxy: Proxy, own: str) -> Iterable[str]:
    """List the namespaces that the clusters read so far are named after, its own first."""
    from osmscope.dump.live import LiveDump

    dump = proxy.dump
    known = dump.known().get("cluster") if isinstance(dump, LiveDump) else None
    entries = known.entries if known is not None else dump.entries("cluster")
    services = (parse_cluster_name(entry.name) for entry in entries)
    names = (service.namespace for service in services if service is not None)
    return dict.fromkeys((own, *names))


def open_cluster(options: SourceOptions) -> Cluster:
    """Find the cluster that the options name; it is connected to when it is first asked.

    Raises:
        NoClusterError: No cluster is known.
        SourceError: A kubeconfig cannot be read.
        SelectorError: There is no such context.
    """
    from osmscope.source.kubeconfig import find_credentials
    from osmscope.source.kubernetes import Cluster

    credentials = find_credentials(options.kubeconfig, options.context)
    return Cluster(credentials, deadline=options.request_timeout, via=options.via)


def find_live_pod(cluster: Cluster, selector: str, options: SourceOptions) -> LivePod:
    """Find the pod that a user means, and its admin port.

    Raises:
        SelectorError: The name fits none, or several workloads.
        ForbiddenError: The user may not look.
        UnreachableError: The API server cannot be asked, or the pod has no running sidecar.
    """
    from osmscope.source.kubernetes_selection import find_pods

    found = find_pods(cluster, selector, options.namespace)
    facts = found.pods[0]
    notes = []
    if len(found.pods) > 1:
        notes.append(f"{facts.name} stands for {len(found.pods)} pods of {found.of}")
    elif found.of:
        notes.append(f"{facts.name} is the only pod of {found.of}")
    return live_pod(cluster, facts, options.admin_port, tuple(notes))


def live_pod(
    cluster: Cluster, facts: PodFacts, admin_port: int | None = None, notes: tuple[str, ...] = ()
) -> LivePod:
    """Find a pod's sidecar.

    Args:
        cluster: Where the pod is.
        facts: What the API server says of it.
        admin_port: Its admin port, where it is not to be found.
        notes: What was chosen on the user's behalf.

    Raises:
        NoSidecarError: It has none.
        UnreachableError: It does not run.
    """
    if facts.spec.phase not in ("", _RUNNING):
        raise UnreachableError(
            f"pod {facts.full_name} is {facts.spec.phase}, not {_RUNNING}",
            where=cluster.where,
            hint=f"see `kubectl describe pod {facts.name} -n {facts.namespace}`",
        )
    if admin_port is not None:
        return LivePod(cluster, facts, admin_port, notes)
    sidecar = find_sidecar(facts.spec)
    if sidecar is None:
        bare = LivePod(cluster, facts, 0, notes)
        raise NoSidecarError(facts, where=cluster.where, known=bare.known)
    return LivePod(cluster, facts, sidecar.admin_port, notes)
