"""What Consul leads from a pod's connections to its Envoy, where its proxy is transparent.

With the CNI plugin the injector writes what is redirected into an annotation; else the pod's own
annotations say it. Whether a pod's proxy is transparent at all may be a default of its namespace
or of the installation, which no pod tells.
"""

from __future__ import annotations

import msgspec

from osmscope.mesh.listed import host_network, listed
from osmscope.rules.interception import Listed, Redirection
from osmscope.source.pod_spec import PodSpec

ENVOY_USER = 5995
"""Whom Envoy runs as."""

CNI = "consul.hashicorp.com/redirect-traffic-config"
TRANSPARENT = "consul.hashicorp.com/transparent-proxy"

_EXCLUDED = TRANSPARENT + "-exclude-{}"


class _Redirected(msgspec.Struct, rename="pascal"):
    exclude_inbound_ports: list[str] | None = None
    exclude_outbound_ports: list[str] | None = None
    exclude_outbound_cidrs: list[str] | None = msgspec.field(
        name="ExcludeOutboundCIDRs", default=None
    )


def redirection(pod: PodSpec) -> Redirection:
    """Say what is redirected in a pod with a sidecar of Consul."""
    if pod.host_network:
        return host_network()
    if pod.annotations.get(TRANSPARENT) == "false":
        return Redirection(never=f"the annotation {TRANSPARENT} is false")
    if CNI in pod.annotations:
        try:
            return _of_plugin(pod.annotations[CNI])
        except msgspec.MsgspecError:
            return Redirection(missing=f"what {CNI} says")
    is_said = pod.annotations.get(TRANSPARENT) == "true"
    return Redirection(
        missing="" if is_said else "whether the proxy is transparent by default",
        excluded_ports=tuple(listed(pod, _EXCLUDED.format("outbound-ports"))),
        excluded_ranges=tuple(listed(pod, _EXCLUDED.format("outbound-cidrs"))),
        excluded_inbound_ports=tuple(listed(pod, _EXCLUDED.format("inbound-ports"))),
    )


def _of_plugin(text: str) -> Redirection:
    said = msgspec.json.decode(text, type=_Redirected)

    def excluded(values: list[str] | None) -> tuple[Listed, ...]:
        return tuple(Listed(one, f"the annotation {CNI}") for one in values or ())

    return Redirection(
        excluded_ports=excluded(said.exclude_outbound_ports),
        excluded_ranges=excluded(said.exclude_outbound_cidrs),
        excluded_inbound_ports=excluded(said.exclude_inbound_ports),
    )
