"""What Istio leads from a pod's connections to its Envoy.

The injector writes the command line of `istio-iptables` into an init container: `istio-init`,
which sets the rules, or with the CNI plugin `istio-validation`, which only checks them. Where
neither is to be seen the pod's annotations say what differs from the mesh's defaults, which nothing
here tells.
"""

from __future__ import annotations

from osmscope.mesh.istio import CONTAINER
from osmscope.mesh.listed import entries, host_network, listed
from osmscope.mesh.sidecar import container_named, option_value
from osmscope.rules.interception import Listed, Redirection
from osmscope.source.pod_spec import Container, PodSpec

ENVOY_USER = 1337
"""Whom Envoy runs as."""

INIT_CONTAINERS = ("istio-init", "istio-validation")

_ANNOTATION = "traffic.sidecar.istio.io/{}"
_EVERYTHING = "*"


def redirection(pod: PodSpec) -> Redirection | None:
    """Say what is redirected in a pod with a sidecar of Istio; None for a gateway."""
    proxy = container_named(pod, CONTAINER)
    if proxy is not None and "router" in proxy.args:
        return None
    if pod.host_network:
        return host_network()
    init = next((one for one in pod.init_containers if one.name in INIT_CONTAINERS), None)
    if init is not None:
        return _of_command(init)
    return Redirection(
        missing="what the mesh leaves out by default",
        excluded_ports=tuple(listed(pod, _ANNOTATION.format("excludeOutboundPorts"))),
        excluded_ranges=tuple(listed(pod, _ANNOTATION.format("excludeOutboundIPRanges"))),
        excluded_inbound_ports=tuple(listed(pod, _ANNOTATION.format("excludeInboundPorts"))),
    )


def _of_command(init: Container) -> Redirection:
    def said(option: str) -> tuple[Listed, ...]:
        return tuple(entries(option_value(init, option), f"the option -{option} of {init.name}"))

    def taken(option: str) -> tuple[Listed, ...] | None:
        return None if option_value(init, option) == _EVERYTHING else said(option)

    return Redirection(
        excluded_ports=said("o"),
        excluded_ranges=said("x"),
        included_ports=said("q"),
        included_ranges=taken("i"),
        excluded_inbound_ports=said("d"),
        included_inbound_ports=taken("b"),
    )
