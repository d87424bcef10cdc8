"""Whose mesh a sidecar is of, told by its node: decoration for a reader, never a decision.

Checked against dumps of Open Service Mesh, Istio and Kuma; of Consul and Envoy Gateway against what
their sources put into the bootstrap.
"""

from __future__ import annotations

import re

from osmscope.dump.node import Node
from osmscope.mesh.osm import node_namespace

_ISTIO = re.compile(r"(sidecar|router|waypoint|ztunnel)~[^~]*~[^~]*~")


def vendor(node: Node) -> str:
    """Name the mesh of a node: OSM, Istio, Kuma, Consul, Envoy Gateway; else "Envoy"."""
    metadata = bytes(node.metadata or b"")
    if node_namespace(node.id):
        return "OSM"
    if _ISTIO.match(node.id):
        return "Istio"
    if b'"dataplane.' in metadata:
        return "Kuma"
    if b'"envoy-gateway' in metadata or node.cluster.startswith("envoy-gateway"):
        return "Envoy Gateway"
    if b'"namespace"' in metadata and b'"partition"' in metadata:
        return "Consul"
    return "Envoy"
