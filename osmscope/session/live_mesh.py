"""The sidecars of a live cluster, for a screen: the pods that have one."""

from __future__ import annotations

from osmscope.errors import ForbiddenError
from osmscope.mesh.vendors import find_sidecar
from osmscope.session.live import open_cluster
from osmscope.session.mesh_model import Member, member_of
from osmscope.session.sources import SourceOptions

_RUNNING = ("", "Running")


def live_members(options: SourceOptions) -> tuple[Member, ...]:
    """List the running pods that have a sidecar.

    Those of the namespace that was asked for; else of all; of the context's own where the user may
    not list all.

    Args:
        options: Which cluster.

    Raises:
        NoClusterError: No cluster is known.
        ForbiddenError: The user may not list pods.
        UnreachableError: The API server does not answer.
    """
    with open_cluster(options) as cluster:
        try:
            pods = cluster.pods(options.namespace or "")
        except ForbiddenError:
            if options.namespace is not None:
                raise
            pods = cluster.pods(cluster.credentials.namespace)
    return tuple(
        member_of(pod, options)
        for pod in pods
        if pod.spec.phase in _RUNNING and find_sidecar(pod.spec) is not None
    )
