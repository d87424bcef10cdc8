"""Lists of Kubernetes objects, where each tool saves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmscope.errors import DumpError, SourceError
from osmscope.source.kubernetes_lists import read_pods, read_services
from osmscope.source.kubernetes_objects import find_list
from osmscope.source.tree import open_tree

K8S_RESOURCES = """\
apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      note: |
        - apiVersion: not an item
          kind: Service
    creationTimestamp: "2026-01-01T00:00:00Z"
    labels:
      version: "1.10"
    name: a-1
    namespace: n
  status:
    podIP: 10.0.0.1
- apiVersion: v1
  kind: Event
  broken: [
- apiVersion: v1
  kind: Service
  metadata:
    name: a
    namespace: n
  spec:
    clusterIP: 10.96.0.1
    ports:
    - port: 80
      targetPort: web
  status:
    loadBalancer: {}
kind: List
metadata:
  resourceVersion: ""
"""
MESH_CONFIG = {"kind": "MeshConfig", "spec": {"traffic": {"enableEgress": True}}}


def find(folder: Path, file: str) -> bytes | None:
    return find_list(open_tree(str(folder)), file)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_istioctl_saves_all_kinds_in_one_yaml(tmp_path: Path) -> None:
    put(tmp_path, "bug-report/cluster/k8s-resources", K8S_RESOURCES)
    (pod,) = read_pods(find(tmp_path, "pods.json") or b"")
    assert (pod.full_name, pod.addresses) == ("n/a-1", ("10.0.0.1",))
    assert pod.spec.labels == {"version": "1.10"}
    (service,) = read_services(find(tmp_path, "services.json") or b"")
    assert (service.namespace, service.name, service.cluster_ip) == ("n", "a", "10.96.0.1")
    assert [port.port for port in service.ports] == [80]
    assert find(tmp_path, "egresses.json") is None


def test_egctl_saves_a_list_a_namespace(tmp_path: Path) -> None:
    for namespace in ("a", "b"):
        pod = {"metadata": {"name": "p", "namespace": namespace}}
        text = json.dumps({"kind": "PodList", "items": [pod]})
        put(tmp_path, f"cluster-resources/pods/{namespace}.json", text)
    listed = read_pods(find(tmp_path, "pods.json") or b"")
    assert [pod.full_name for pod in listed] == ["a/p", "b/p"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mesh-configs.json", json.dumps({"items": [MESH_CONFIG]})),
        ("meshconfig.json", json.dumps(MESH_CONFIG)),
        ("meshconfig.json", json.dumps({"kind": "MeshConfigList", "items": [MESH_CONFIG]})),
        (
            "osm_bug_report_1/namespaces/osm-system/commands/"
            "kubectl_get_meshconfig_-n_osm-system_-o_yaml",
            "apiVersion: v1\nitems:\n- apiVersion: config.openservicemesh.io/v1alpha2\n"
            "  kind: MeshConfig\n  spec:\n    traffic:\n      enableEgress: true\nkind: List\n",
        ),
    ],
)
def test_the_mesh_config_is_found(name: str, text: str, tmp_path: Path) -> None:
    (item,) = json.loads(find(put(tmp_path, name, text), "mesh-configs.json") or b"")["items"]
    assert item["spec"] == MESH_CONFIG["spec"]


def test_a_list_of_its_own_comes_first(tmp_path: Path) -> None:
    put(tmp_path, "cluster/k8s-resources", K8S_RESOURCES)
    put(tmp_path, "pods.json", '{"items": []}')
    assert find(tmp_path, "pods.json") == b'{"items": []}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cluster/k8s-resources", "items:\n- kind: x\n  kind: Pod\n  metadata: [\nkind: List\n"),
        ("cluster/k8s-resources", "items:\n- a: &x 1\n  kind: Pod\n  b: *x\n"),
        ("cluster-resources/pods/n.json", "[1"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises((SourceError, DumpError), match=r"YAML|list of objects"):
        find(put(tmp_path, name, text), "pods.json")


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    put(tmp_path, "cluster/nodes", "Name: x\n")
    assert find(tmp_path, "pods.json") is None
