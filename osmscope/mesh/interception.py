"""What a pod's mesh leads to its Envoy, whichever mesh it is."""

from __future__ import annotations

import msgspec

from osmscope.mesh import (
    consul_interception,
    istio_interception,
    kuma_interception,
    osm_interception,
)
from osmscope.mesh.vendors import find_sidecar
from osmscope.rules.interception import Redirection
from osmscope.source.pod_spec import PodSpec


def redirection(
    pod: PodSpec, own_addresses: tuple[str, ...], mesh_config: bytes | None = None
) -> Redirection | None:
    """Say what is redirected in a pod.

    Args:
        pod: How it is made.
        own_addresses: Its own addresses.
        mesh_config: OSM's MeshConfig, as JSON; None where it is not known.

    Returns:
        None where nothing redirects, and clients come to Envoy by themselves: gateways, plain
        Envoys.
    """
    sidecar = find_sidecar(pod)
    found, user = _of_vendor(pod, "" if sidecar is None else sidecar.vendor, mesh_config)
    if sidecar is None or found is None:
        return None
    return msgspec.structs.replace(
        found,
        own_addresses=own_addresses,
        users=pod.users(sidecar.container),
        envoy_user=user,
    )


def redirection_of_mesh(mesh_config: bytes | None) -> Redirection | None:
    """Say what OSM redirects in a pod of which nothing is known but its sidecar.

    Args:
        mesh_config: Its MeshConfig, as JSON; None where it is not known.

    Returns:
        None where nothing is known, or nothing is left out.
    """
    traffic = _traffic(mesh_config)
    return None if traffic is None else osm_interception.redirection_of_mesh(traffic)


def _of_vendor(
    pod: PodSpec, vendor: str, mesh_config: bytes | None
) -> tuple[Redirection | None, int]:
    """What is redirected, and whom Envoy runs as."""
    if vendor == "Open Service Mesh":
        traffic = _traffic(mesh_config)
        return osm_interception.redirection(pod, traffic), osm_interception.ENVOY_USER
    if vendor == "Istio":
        return istio_interception.redirection(pod), istio_interception.ENVOY_USER
    if vendor == "Consul":
        return consul_interception.redirection(pod), consul_interception.ENVOY_USER
    if vendor == "Kuma":
        return kuma_interception.redirection(pod), kuma_interception.ENVOY_USER
    return None, 0


def _traffic(mesh_config: bytes | None) -> osm_interception.Traffic | None:
    """Read a MeshConfig; one that cannot be read is as good as none."""
    if mesh_config is None:
        return None
    try:
        return osm_interception.read_traffic(mesh_config)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
