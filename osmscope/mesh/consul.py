"""Consul: its sidecar in a pod, of consul-dataplane (1.0 and later) or of its own before.

Not modelled: a pod of several services, which has an Envoy for each; the first one is taken.
"""

from __future__ import annotations

from osmscope.mesh.sidecar import FoundSidecar, option_value, port_number
from osmscope.source.pod_spec import PodSpec

ADMIN_PORT = 19000
OPTION = "envoy-admin-bind-port"

_CONTAINERS = ("consul-dataplane", "envoy-sidecar")


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the sidecar, or the Envoy of a gateway."""
    for container in pod.staying_containers:
        known = container.name.startswith(_CONTAINERS)
        if known or "consul-dataplane" in container.image:
            port = port_number(option_value(container, OPTION))
            named = f"its container is {container.name}"
            return FoundSidecar(
                vendor="Consul",
                container=container.name,
                admin_port=port or ADMIN_PORT,
                why=f"its option -{OPTION} says so" if port else named,
            )
    return None
