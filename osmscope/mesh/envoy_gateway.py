"""Envoy Gateway: the Envoy of a gateway's pod."""

from __future__ import annotations

from osmscope.mesh.sidecar import FoundSidecar, container_named
from osmscope.source.pod_spec import PodSpec

ADMIN_PORT = 19000
LABELS = (
    "gateway.envoyproxy.io/owning-gateway-name",
    "gateway.envoyproxy.io/owning-gatewayclass",
)


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the Envoy of a pod that belongs to a gateway, or to a merged class of them."""
    label = next((name for name in LABELS if name in pod.labels), None)
    container = container_named(pod, "envoy")
    if label is None or container is None:
        return None
    return FoundSidecar(
        vendor="Envoy Gateway",
        container=container.name,
        admin_port=ADMIN_PORT,
        why=f"the pod has the label {label}",
    )
