"""The running bookstore mesh, seen through the API server: its pods lead to its sidecars."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster import objects
from tests.cluster.objects import Manifest
from tests.cluster.running import Cluster
from tests.mesh import MeshError, RunningMesh, network, running_mesh
from tests.mesh.bootstrap import ADMIN_PORT
from tests.mesh.kubernetes import manifests
from tests.mesh.topology import Pod, Release

_TURN = 300.0
"""Seconds to wait where another run of the tests has the mesh."""


@dataclass(frozen=True, slots=True)
class Bookstore:
    """The mesh, and the cluster that it is seen through."""

    cluster: Cluster
    mesh: RunningMesh

    def pod(self, name: str) -> Pod:
        """A pod by its name, or the first of a workload."""
        return self.mesh.mesh.pod(name)

    def end_pod(self, name: str) -> None:
        """Delete a pod, and cut the connections to its sidecar, as a kubelet does."""
        pod = self.pod(name)
        self.cluster.delete_pod(pod.name, pod.namespace)
        self.cluster.cut(pod.name)


@contextlib.contextmanager
def running_bookstore(cluster: Cluster, release: Release = "1.2") -> Iterator[Bookstore]:
    """Run the mesh and list it in a cluster; both are as before after the block.

    Raises:
        MeshError: The mesh cannot run here.
        ClusterError: The API server refuses an object.
    """
    with contextlib.ExitStack() as stack:
        mesh = stack.enter_context(_in_turn(release))
        found = manifests(mesh.mesh)
        for namespace in {pod.namespace for pod in mesh.mesh.pods} | {"osm-system"}:
            cluster.add_namespace(namespace)
        for name in ("node-1", "node-2"):
            cluster.add_node(name)
        for pod, manifest in zip(mesh.mesh.pods, _items(found.pop("pods.json")), strict=True):
            _put_pod(cluster, mesh, pod, manifest)
            stack.callback(_remove_pod, cluster, pod)
        others = [each for listed in found.values() for each in _items(listed)]
        for manifest in (*others, *_workloads(mesh), _mesh_config(mesh)):
            stack.callback(_remove, cluster, cluster.api.create(manifest))
        yield Bookstore(cluster, mesh)


@contextlib.contextmanager
def _in_turn(release: Release) -> Iterator[RunningMesh]:
    end = time.monotonic() + _TURN
    while True:
        with contextlib.ExitStack() as stack:
            try:
                mesh = stack.enter_context(running_mesh(release))
            except MeshError as error:
                if "running already" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(1)
                continue
            yield mesh
            return


def _put_pod(cluster: Cluster, mesh: RunningMesh, pod: Pod, manifest: Manifest) -> None:
    target = f"127.0.0.1:{ADMIN_PORT}"
    name = network.namespace(mesh.mesh.release, pod)
    address = cluster.relay(pod.name, target, network_namespace=name)
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    metadata.pop("uid")
    owner = objects.workload(
        "ReplicaSet", pod.name.rpartition("-")[0], namespace=pod.namespace, labels=dict(pod.labels)
    )
    metadata["ownerReferences"] = [objects.owner_reference(cluster.api.create(owner))]
    cluster.put_pod(manifest, admin=address, admin_port=ADMIN_PORT)


def _workloads(mesh: RunningMesh) -> list[Manifest]:
    found = {(pod.namespace, pod.workload): dict(pod.labels) for pod in mesh.mesh.pods}
    return [
        objects.workload("Deployment", name, namespace=namespace, labels=labels)
        for (namespace, name), labels in found.items()
    ]


def _mesh_config(mesh: RunningMesh) -> Manifest:
    return {
        "apiVersion": "config.openservicemesh.io/v1alpha2",
        "kind": "MeshConfig",
        "metadata": {"name": "osm-mesh-config", "namespace": "osm-system"},
        "spec": {
            "traffic": {
                "enableEgress": False,
                "enablePermissiveTrafficPolicyMode": False,
                "outboundIPRangeExclusionList": [],
                "outboundPortExclusionList": [],
                "inboundPortExclusionList": [],
            },
            "sidecar": {"envoyImage": "envoyproxy/envoy:v1.40.0", "logLevel": "error"},
        },
    }


def _items(listed: Manifest) -> list[Manifest]:
    items = listed["items"]
    assert isinstance(items, list)
    return items


def _remove_pod(cluster: Cluster, pod: Pod) -> None:
    cluster.api.delete("Pod", pod.name, pod.namespace)
    cluster.api.delete("PortForward", pod.name, pod.namespace)
    cluster.api.delete("ReplicaSet", pod.name.rpartition("-")[0], pod.namespace)
    cluster.cut(pod.name)


def _remove(cluster: Cluster, manifest: Manifest) -> None:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    cluster.api.delete(str(manifest["kind"]), metadata["name"], metadata["namespace"])
