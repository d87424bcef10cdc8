"""Kuma, and Kong Mesh: its sidecar and gateways in a pod.

Not modelled: an admin port of the control plane's own configuration, which no pod tells.
"""

from __future__ import annotations

from osmscope.mesh.sidecar import FoundSidecar, container_named, port_number
from osmscope.source.pod_spec import PodSpec

ADMIN_PORT = 9901
ANNOTATION = "kuma.io/envoy-admin-port"
VARIABLE = "KUMA_DATAPLANE_ADMIN_PORT"


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the sidecar, or the Envoy of a gateway."""
    container = container_named(pod, "kuma-sidecar", "kuma-gateway")
    if container is None:
        return None
    for source, text in (
        (f"the annotation {ANNOTATION}", pod.annotations.get(ANNOTATION, "")),
        (f"its variable {VARIABLE}", container.variable(VARIABLE)),
    ):
        port = port_number(text)
        if port is not None:
            return _found(container.name, port, f"{source} says so")
    return _found(container.name, ADMIN_PORT, f"its container is {container.name}")


def _found(container: str, port: int, why: str) -> FoundSidecar:
    return FoundSidecar(vendor="Kuma", container=container, admin_port=port, why=why)
