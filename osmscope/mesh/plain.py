"""An Envoy that no mesh put into a pod: found by its image, its program or its name.

Decision: where it listens is its own configuration's to say; a port that the container names
`admin` is believed, else it is the port that Envoy's examples use.
"""

from __future__ import annotations

import re

from osmscope.mesh.sidecar import FoundSidecar
from osmscope.source.pod_spec import Container, PodSpec

ADMIN_PORT = 9901

_IMAGE = re.compile(
    r"(?:^|/)envoy(?:-(?:alpine|distroless|debug|contrib|dev|tools))*(?:-dev)?(?::|@|$)"
)
_PORT_NAMES = frozenset({"admin", "envoy-admin", "proxy-admin", "http-admin"})


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find a container that runs Envoy."""
    for container in pod.staying_containers:
        why = _why(container)
        if why:
            named = (one for one in container.ports if one.name in _PORT_NAMES)
            port = next(named, None)
            return FoundSidecar(
                vendor="Envoy",
                container=container.name,
                admin_port=port.container_port if port else ADMIN_PORT,
                why=f"its port {port.name} says so" if port else why,
            )
    return None


def _why(container: Container) -> str:
    if _IMAGE.search(container.image):
        return f"its image is {container.image}"
    if container.command and container.command[0].rsplit("/", 1)[-1] == "envoy":
        return f"its command is {container.command[0]}"
    return "its container is envoy" if container.name == "envoy" else ""
