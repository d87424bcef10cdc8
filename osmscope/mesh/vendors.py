"""All vendors: which of them a pod's sidecar is of."""

from __future__ import annotations

from osmscope.mesh import consul, envoy_gateway, istio, kuma, osm, plain
from osmscope.mesh.sidecar import FoundSidecar
from osmscope.source.pod_spec import PodSpec

VENDORS = (osm, istio, consul, kuma, envoy_gateway, plain)
"""In the order they are asked: a plain Envoy is what no other recognises."""


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the container of a pod that runs Envoy; None where there is none."""
    found = (vendor.find_sidecar(pod) for vendor in VENDORS)
    return next((one for one in found if one is not None), None)
