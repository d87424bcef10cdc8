"""What Kuma leads from a pod's connections to its Envoy.

The injector says in annotations whether it redirects and what it leaves out. What the control
plane's own configuration leaves out for all pods is not to be seen in one.
"""

from __future__ import annotations

from osmscope.mesh.listed import host_network, listed
from osmscope.rules.interception import Redirection
from osmscope.source.pod_spec import PodSpec

ENVOY_USER = 5678
"""Whom Envoy runs as."""

TRANSPARENT = "kuma.io/transparent-proxying"
GATEWAY = "kuma.io/gateway"

_EXCLUDED = "traffic.kuma.io/exclude-{}"


def redirection(pod: PodSpec) -> Redirection | None:
    """Say what is redirected in a pod with a sidecar of Kuma; None for a gateway."""
    if GATEWAY in pod.annotations:
        return None
    if pod.host_network:
        return host_network()
    transparent = pod.annotations.get(TRANSPARENT, "")
    if transparent in ("disabled", "false"):
        return Redirection(never=f"the annotation {TRANSPARENT} is {transparent}")
    return Redirection(
        missing="what the control plane leaves out for all pods",
        redirects_dns=None,
        excluded_ports=tuple(listed(pod, _EXCLUDED.format("outbound-ports"))),
        excluded_ranges=tuple(listed(pod, _EXCLUDED.format("outbound-ips"))),
        excluded_inbound_ports=tuple(listed(pod, _EXCLUDED.format("inbound-ports"))),
    )
