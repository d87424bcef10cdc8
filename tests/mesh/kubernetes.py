"""The mesh as ``kubectl get … -o json`` would list it."""

from __future__ import annotations

from tests.mesh import names
from tests.mesh.network import IPTABLES
from tests.mesh.topology import HttpMatch, Mesh, Pod, Service, TrafficTarget

Manifest = dict[str, object]

CREATED = "2022-07-19T09:00:00Z"
SIDECAR_IMAGE = "envoyproxy/envoy:v1.40.0"
INIT_IMAGE = "openservicemesh/init:v1.2.0"


def manifests(mesh: Mesh) -> dict[str, Manifest]:
    """Every list of objects, by the name of the file it is saved in."""
    tables: dict[str, list[Manifest]] = {
        "pods.json": [_pod(mesh, pod) for pod in mesh.pods],
        "services.json": [_service(service) for service in mesh.services],
        "endpointslices.json": [_endpoint_slice(mesh, service) for service in mesh.services],
        "traffic-splits.json": [_split(mesh, index) for index in range(len(mesh.splits))],
        "traffic-targets.json": [_target(target) for target in mesh.targets],
        "http-route-groups.json": _route_groups(mesh),
        "tcp-routes.json": [_tcp_route(target) for target in mesh.targets if target.tcp_ports],
    }
    return {name: _list(items) for name, items in tables.items()}


def _list(items: list[Manifest]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"resourceVersion": ""},
        "items": items,
    }


def _object(api_version: str, kind: str, namespace: str, name: str) -> Manifest:
    metadata: Manifest = {
        "name": name,
        "namespace": namespace,
        "uid": names.uuid_of(f"{kind}/{namespace}/{name}"),
        "creationTimestamp": CREATED,
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _pod(mesh: Mesh, pod: Pod) -> Manifest:
    init = {
        "name": "osm-init",
        "image": INIT_IMAGE,
        "command": ["/bin/sh"],
        "args": ["-c", _init_script(mesh)],
        "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}, "runAsUser": 0},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _pod_metadata(pod),
        "spec": {
            "serviceAccountName": pod.service_account,
            "nodeName": f"node-{pod.ip.split('.')[2]}",
            "initContainers": [init],
            "containers": [_application(pod), _sidecar(pod)],
        },
        "status": _status(pod),
    }


def _pod_metadata(pod: Pod) -> Manifest:
    replica_set = pod.name.rpartition("-")[0]
    annotations = {"openservicemesh.io/sidecar-injection": "enabled"}
    if pod.is_scraped:
        annotations |= {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": "15010",
            "prometheus.io/path": "/stats/prometheus",
        }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": replica_set,
        "uid": names.uuid_of(f"ReplicaSet/{pod.namespace}/{replica_set}"),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "name": pod.name,
        "generateName": f"{replica_set}-",
        "namespace": pod.namespace,
        "uid": pod.uid,
        "creationTimestamp": CREATED,
        "labels": dict(pod.labels) | {"osm-proxy-uuid": pod.proxy_uuid},
        "annotations": annotations,
        "ownerReferences": [owner],
    }


def _init_script(mesh: Mesh) -> str:
    return f"iptables-restore --noflush <<EOF\n{IPTABLES[mesh.release]}EOF\n"


def _application(pod: Pod) -> Manifest:
    result: Manifest = {
        "name": pod.workload,
        "image": f"openservicemesh/{pod.workload.partition('-')[0]}:v1.2.0",
        "ports": [{"name": "web", "containerPort": pod.port, "protocol": "TCP"}],
    }
    if pod.is_probed:
        for kind, port in (("liveness", 15901), ("readiness", 15902)):
            get = {"path": f"/osm-{kind}-probe", "port": port, "scheme": "HTTP"}
            result[f"{kind}Probe"] = {"httpGet": get, "periodSeconds": 10}
    return result


def _sidecar(pod: Pod) -> Manifest:
    ports = {"proxy-admin": 15000, "proxy-inbound": 15003, "proxy-metrics": 15010}
    if pod.is_probed:
        ports |= {"liveness-port": 15901, "readiness-port": 15902}
    return {
        "name": "envoy",
        "image": SIDECAR_IMAGE,
        "ports": [{"name": n, "containerPort": p, "protocol": "TCP"} for n, p in ports.items()],
        "securityContext": {"allowPrivilegeEscalation": False, "runAsUser": 1500},
    }


def _status(pod: Pod) -> Manifest:
    running = {"running": {"startedAt": CREATED}}
    kinds = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "phase": "Running",
        "podIP": pod.ip,
        "podIPs": [{"ip": pod.ip}],
        "hostIP": f"172.18.0.{2 + int(pod.ip.split('.')[2])}",
        "startTime": CREATED,
        "conditions": [{"type": kind, "status": "True"} for kind in kinds],
        "containerStatuses": [
            {"name": name, "ready": True, "restartCount": 0, "started": True, "state": running}
            for name in (pod.workload, "envoy")
        ],
    }


def _port_name(service: Service) -> str:
    return f"{service.protocol}-{service.port}"


def _service(service: Service) -> Manifest:
    port = {
        "name": _port_name(service),
        "port": service.port,
        "targetPort": service.target_port,
        "protocol": "TCP",
        "appProtocol": service.protocol,
    }
    return {
        **_object("v1", "Service", service.namespace, service.name),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": service.cluster_ip,
            "clusterIPs": [service.cluster_ip],
            "selector": dict(service.selector),
            "ports": [port],
        },
        "status": {"loadBalancer": {}},
    }


def _endpoint_slice(mesh: Mesh, service: Service) -> Manifest:
    result = _object("discovery.k8s.io/v1", "EndpointSlice", service.namespace, service.name)
    metadata = result["metadata"]
    assert isinstance(metadata, dict)
    metadata["labels"] = {"kubernetes.io/service-name": service.name}
    endpoints = [
        {
            "addresses": [pod.ip],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "targetRef": {
                "kind": "Pod",
                "namespace": pod.namespace,
                "name": pod.name,
                "uid": pod.uid,
            },
        }
        for pod in mesh.pods_of(service)
    ]
    port = {"name": _port_name(service), "port": service.target_port, "protocol": "TCP"}
    return {**result, "addressType": "IPv4", "endpoints": endpoints, "ports": [port]}


# --- SMI --------------------------------------------------------------------------------------


def _split(mesh: Mesh, index: int) -> Manifest:
    split = mesh.splits[index]
    backends = [{"service": name, "weight": weight} for name, weight in split.backends.items()]
    return {
        **_object("split.smi-spec.io/v1alpha2", "TrafficSplit", split.namespace, split.name),
        "spec": {"service": split.service, "backends": backends},
    }


def _target(target: TrafficTarget) -> Manifest:
    rule: Manifest = {"kind": "TCPRoute", "name": target.name}
    if target.matches:
        rule = {
            "kind": "HTTPRouteGroup",
            "name": target.route_group,
            "matches": [match.name for match in target.matches],
        }
    return {
        **_object("access.smi-spec.io/v1alpha3", "TrafficTarget", target.namespace, target.name),
        "spec": {
            "destination": _account(target.destination),
            "sources": [_account(source) for source in target.sources],
            "rules": [rule],
        },
    }


def _account(identity: str) -> Manifest:
    namespace, _, name = identity.partition("/")
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def _route_groups(mesh: Mesh) -> list[Manifest]:
    return [
        {
            **_object("specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", group.namespace, group.name),
            "spec": {"matches": [_match(match) for match in group.matches]},
        }
        for group in mesh.route_groups
    ]


def _match(match: HttpMatch) -> Manifest:
    result: Manifest = {
        "name": match.name,
        "pathRegex": match.path_regex,
        "methods": list(match.methods),
    }
    if match.headers:
        result["headers"] = [{name: value} for name, value in match.headers]
    return result


def _tcp_route(target: TrafficTarget) -> Manifest:
    return {
        **_object("specs.smi-spec.io/v1alpha4", "TCPRoute", target.namespace, target.name),
        "spec": {"matches": {"ports": list(target.tcp_ports)}},
    }
