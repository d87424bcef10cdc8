r"""Names that Open Service Mesh gives to Envoy's resources, from release 0.9 to its last.

Decision: parsing a name is decoration. It breaks a tie or names a service to a reader; what refers
to what is always told by the resources' own references, compared as they are.
Not parsed: names of releases before 0.9.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from osmscope.mesh.sidecar import FoundSidecar, container_named
from osmscope.source.pod_spec import PodSpec

ADMIN_PORT = 15000
"""Where every release's Envoy has its admin interface, on loopback."""

PROXY_LABEL = "osm-proxy-uuid"

Direction = Literal["outbound", "inbound", "ingress", "egress"]

_SERVICE = r"(?P<namespace>[^/_|]+)/(?P<service>[^_:|]+?)"
_CHAINS: tuple[tuple[Direction, re.Pattern[str]], ...] = (
    ("outbound", re.compile(rf"outbound_{_SERVICE}_(?P<port>\d+)_(?P<protocol>[a-z0-9-]+)")),
    ("inbound", re.compile(rf"inbound_{_SERVICE}_(?P<port>\d+)_(?P<protocol>[a-z0-9-]+)")),
    (
        "outbound",
        re.compile(
            rf"outbound-mesh-(?P<kind>http|tcp)-filter-chain:{_SERVICE}"
            r"(?:_(?P<port>\d+)_(?P<protocol>[a-z0-9-]+))?"
        ),
    ),
    (
        "inbound",
        re.compile(rf"inbound-mesh-(?P<kind>http|tcp)-filter-chain:{_SERVICE}:(?P<port>\d+)"),
    ),
    (
        "ingress",
        re.compile(rf"ingress_{_SERVICE}_(?P<port>\d+)_(?P<protocol>https?)(?:_with_sni)?"),
    ),
    ("egress", re.compile(r"egress-(?P<protocol>http|https|tcp|tcp-server-first)\.(?P<port>\d+)")),
)
_CLUSTER = re.compile(rf"{_SERVICE}(?:\|(?P<port>\d+))?(?:\|local|-local)?")
_NODE = re.compile(
    r"(?P<uuid>[0-9a-f-]{36})\.sidecar\.(?P<account>[^.]+)\.(?P<namespace>[^.]+)\.(?P<domain>.+)"
)


class ServicePort(msgspec.Struct, frozen=True, kw_only=True):
    """What a name says: a service of the mesh, or a port of the world outside."""

    direction: Direction | None = None
    namespace: str = ""
    service: str = ""
    port: int | None = None
    protocol: str = ""


def find_sidecar(pod: PodSpec) -> FoundSidecar | None:
    """Find the sidecar that OSM's injector put into a pod."""
    container = container_named(pod, "envoy")
    if container is None:
        return None
    if PROXY_LABEL in pod.labels:
        why = f"the pod has the label {PROXY_LABEL}"
    elif any(one.name == "osm-init" for one in pod.init_containers):
        why = "the pod has the init container osm-init"
    else:
        return None
    return FoundSidecar(
        vendor="Open Service Mesh", container=container.name, admin_port=ADMIN_PORT, why=why
    )


def parse_chain_name(name: str) -> ServicePort | None:
    """Read a filter chain's name; None if it is not one of OSM's."""
    for direction, pattern in _CHAINS:
        if found := pattern.fullmatch(name):
            return _service_port(direction, found)
    return None


def parse_cluster_name(name: str) -> ServicePort | None:
    """Read a cluster's name, `namespace/service|port`; None if it is not one of OSM's."""
    found = _CLUSTER.fullmatch(name)
    return found and _service_port(None, found)


def node_namespace(node_id: str) -> str:
    """Return the namespace in a sidecar's node id; "" if it is not one of OSM's."""
    found = _NODE.fullmatch(node_id)
    return found["namespace"] if found else ""


def _service_port(direction: Direction | None, found: re.Match[str]) -> ServicePort:
    parts = found.groupdict()
    port = parts.get("port")
    return ServicePort(
        direction=direction,
        namespace=parts.get("namespace") or "",
        service=parts.get("service") or "",
        port=int(port) if port else None,
        protocol=parts.get("protocol") or parts.get("kind") or "",
    )
