"""Istio: its sidecar and gateways in a pod.

Not modelled: a proxyAdminPort of the mesh-wide configuration, which no pod tells.
"""

from __future__ import annotations

import re

from osmscope.mesh.sidecar import FoundSidecar, container_named, port_number
from osmscope.source.pod_spec import PodSpec

ADMIN_PORT = 15000
CONTAINER = "istio-proxy"
CONFIGURATION = "proxy.istio.io/config"

_ADMIN_PORT = re.compile(r"[\"']?proxyAdminPort[\"']?\s*:\s*(?P<port>[\"']?\d+[\"']?)")


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the sidecar or gateway, also a native sidecar; pods of ztunnel have no Envoy."""
    container = container_named(pod, CONTAINER)
    if container is None:
        return None
    configured = _ADMIN_PORT.search(pod.annotations.get(CONFIGURATION, ""))
    port = port_number(configured["port"]) if configured else None
    return FoundSidecar(
        vendor="Istio",
        container=container.name,
        admin_port=port or ADMIN_PORT,
        why=f"the annotation {CONFIGURATION} says so" if port else f"its container is {CONTAINER}",
    )
