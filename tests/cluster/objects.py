"""Kubernetes objects as tests need them: nodes, pods, roles, and the kinds that OSM adds."""

from __future__ import annotations

from datetime import UTC, datetime

Manifest = dict[str, object]

SIDECAR: Manifest = {
    "name": "envoy",
    "image": "envoyproxy/envoy:v1.40.0",
    "ports": [{"name": "proxy-admin", "containerPort": 15000, "protocol": "TCP"}],
}
APPLICATION: Manifest = {"name": "app", "image": "example.org/app:v1"}

_KINDS = (
    ("config.openservicemesh.io", "v1alpha2", "MeshConfig", "meshconfigs"),
    ("policy.openservicemesh.io", "v1alpha1", "Egress", "egresses"),
    ("policy.openservicemesh.io", "v1alpha1", "IngressBackend", "ingressbackends"),
    ("policy.openservicemesh.io", "v1alpha1", "Retry", "retries"),
    (
        "policy.openservicemesh.io",
        "v1alpha1",
        "UpstreamTrafficSetting",
        "upstreamtrafficsettings",
    ),
    ("split.smi-spec.io", "v1alpha2", "TrafficSplit", "trafficsplits"),
    ("access.smi-spec.io", "v1alpha3", "TrafficTarget", "traffictargets"),
    ("specs.smi-spec.io", "v1alpha4", "HTTPRouteGroup", "httproutegroups"),
    ("specs.smi-spec.io", "v1alpha4", "TCPRoute", "tcproutes"),
)
OSM_KINDS = tuple(kind for _, _, kind, _ in _KINDS)
_PATHS = {
    "Namespace": ("api/v1", "namespaces"),
    "Node": ("api/v1", "nodes"),
    "Pod": ("api/v1", "pods"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "ConfigMap": ("api/v1", "configmaps"),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "DaemonSet": ("apis/apps/v1", "daemonsets"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "PortForward": ("apis/kwok.x-k8s.io/v1alpha1", "portforwards"),
} | {kind: (f"apis/{group}/{version}", plural) for group, version, kind, plural in _KINDS}


def collection(kind: str, namespace: str = "") -> str:
    """The path of all objects of a kind."""
    group, plural = _PATHS[kind]
    return f"/{group}/namespaces/{namespace}/{plural}" if namespace else f"/{group}/{plural}"


def osm_definitions() -> list[Manifest]:
    """The kinds that OSM and SMI add, without what they say of their fields."""
    return [
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [
                    {
                        "name": version,
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            }
                        },
                    }
                ],
            },
        }
        for group, version, kind, plural in _KINDS
    ]


def node(name: str, *, address: str, port: int) -> Manifest:
    """A node whose kubelet answers at an address."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "conditions": [ready],
        },
    }


def pod(
    name: str,
    *,
    namespace: str,
    node_name: str,
    ip: str,
    ready: bool = True,
    phase: str = "Running",
    containers: tuple[Manifest, ...] = (APPLICATION, SIDECAR),
    **metadata: object,
) -> Manifest:
    """A pod, with its status."""
    started = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    kinds = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ready_text = "True" if ready else "False"
    status: Manifest = {
        "phase": phase,
        "conditions": [
            {"type": kind, "status": ready_text if "Ready" in kind else "True"} for kind in kinds
        ],
        "containerStatuses": [
            {
                "name": each["name"],
                "image": each["image"],
                "imageID": "",
                "ready": ready,
                "started": True,
                "restartCount": 0,
                "state": started,
            }
            for each in containers
        ],
    }
    if ip:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "172.18.0.2"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"nodeName": node_name, "containers": list(containers)},
        "status": status,
    }


def workload(
    kind: str, name: str, *, namespace: str, labels: dict[str, str], **metadata: object
) -> Manifest:
    """A Deployment, ReplicaSet, StatefulSet or DaemonSet that nobody acts upon."""
    template = {"metadata": {"labels": labels}, "spec": {"containers": [APPLICATION]}}
    spec: Manifest = {"selector": {"matchLabels": labels}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels, **metadata},
        "spec": spec,
    }


def owner_reference(owner: Manifest) -> Manifest:
    """What a child says of its owner, an object as the API server gave it."""
    metadata = owner["metadata"]
    assert isinstance(metadata, dict)
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }


def rule(verbs: str, resources: str, group: str = "") -> Manifest:
    """One rule of a role; verbs and resources are separated by blanks."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
