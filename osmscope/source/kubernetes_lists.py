"""What a snapshot tells of Kubernetes: Lists of pods, Services and EndpointSlices.

Decision: lists are context, not the subject. One that is missing or cannot be read leaves names and
addresses unknown and fails nothing; it is told in `problems` of the snapshot.
"""

import datetime
import re
from typing import TypeVar

import msgspec

from osmscope.source.pod_spec import Container, PodSpec, SecurityContext
from osmscope.source.workload import workload_of_owner

T = TypeVar("T")


class ServicePort(msgspec.Struct, frozen=True, rename="camel"):
    """One port of a Service."""

    port: int = 0
    name: str | None = None
    protocol: str = "TCP"
    target_port: int | str | None = None
    app_protocol: str | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One Service, as far as a request's destination depends on it."""

    namespace: str
    name: str
    cluster_ip: str = ""
    """ "" for a headless Service or an ExternalName."""
    cluster_ips: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    type: str = "ClusterIP"
    selector: dict[str, str] = {}


class PodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the API server said of a pod."""

    namespace: str
    name: str
    addresses: tuple[str, ...] = ()
    workload: str = ""
    workload_kind: str = ""
    replica_set: str = ""
    app: str = ""
    service_account: str = ""
    ready: bool | None = None
    """Whether it takes requests; None where the API server does not say."""
    spec: PodSpec = PodSpec()

    @property
    def full_name(self) -> str:
        """The pod's name behind its namespace."""
        return f"{self.namespace}/{self.name}"


class _Owner(msgspec.Struct):
    kind: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = "default"
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] = []
    deletion_timestamp: str = ""
    continue_: str = msgspec.field(name="continue", default="")
    """Of a list: where the next page starts; "" on the last."""


class _PodSpec(msgspec.Struct, rename="camel"):
    service_account_name: str = ""
    host_network: bool = False
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    security_context: SecurityContext = SecurityContext()


class _Ip(msgspec.Struct):
    ip: str = ""


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _PodStatus(msgspec.Struct):
    phase: str = ""
    conditions: list[_Condition] = []
    pod_ip: str = msgspec.field(name="podIP", default="")
    pod_ips: list[_Ip] = msgspec.field(name="podIPs", default_factory=list)


class _Pod(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class _ServiceSpec(msgspec.Struct):
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    cluster_ips: list[str] = msgspec.field(name="clusterIPs", default_factory=list)
    ports: tuple[ServicePort, ...] = ()
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None


class _Service(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)


class _SliceEndpoint(msgspec.Struct, rename="camel"):
    addresses: list[str] = []
    target_ref: _Metadata | None = None


class _EndpointSlice(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    endpoints: list[_SliceEndpoint] | None = None


class _Manifest(msgspec.Struct):
    recorded_at: datetime.datetime | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


_APP_LABELS = ("app", "app.kubernetes.io/name", "k8s-app")
_HEADLESS = frozenset({"None", "<none>"})
_PORT = re.compile(r"(?P<port>\d+)(?::\d+)?/(?P<protocol>\w+)")


def read_pods(data: bytes) -> list[PodFacts]:
    """Read a List of pods.

    Raises:
        msgspec.DecodeError: It is not one.
    """
    return [_pod_facts(pod) for pod in _items(data, _Pod)]


def read_pod(data: bytes) -> PodFacts:
    """Read one pod.

    Raises:
        msgspec.DecodeError: It is not one.
    """
    return _pod_facts(msgspec.json.decode(data, type=_Pod))


def read_continue(data: bytes) -> str:
    """Return the token of a list's next page; "" on the last.

    Raises:
        msgspec.DecodeError: It is not a list.
    """
    return msgspec.json.decode(data, type=_List).metadata.continue_


def read_services(data: bytes) -> list[Service]:
    """Read a List of Services.

    Raises:
        msgspec.DecodeError: It is not one.
    """
    services = []
    for service in _items(data, _Service):
        addresses = _unique(service.spec.cluster_ip, *service.spec.cluster_ips)
        services.append(
            Service(
                namespace=service.metadata.namespace,
                name=service.metadata.name,
                cluster_ip=addresses[0] if addresses else "",
                cluster_ips=addresses,
                ports=service.spec.ports,
                type=service.spec.type,
                selector=service.spec.selector or {},
            )
        )
    return services


def read_service_table(text: str, *, namespace: str) -> list[Service]:
    """Read the table that `kubectl get svc` prints, for one namespace."""
    lines = [line.split() for line in text.splitlines()]
    head = next((line for line in lines if line[:1] == ["NAME"]), None)
    if head is None or "CLUSTER-IP" not in head or "PORT(S)" not in head:
        return []
    address, ports = head.index("CLUSTER-IP"), head.index("PORT(S)")
    return [
        Service(
            namespace=namespace,
            name=cells[0],
            cluster_ip="".join(_unique(cells[address])),
            cluster_ips=_unique(cells[address]),
            ports=tuple(
                ServicePort(port=int(port["port"]), protocol=port["protocol"])
                for port in _PORT.finditer(cells[ports])
            ),
            type=cells[1],
        )
        for cells in lines
        if len(cells) == len(head) and cells != head
    ]


def read_slice_addresses(data: bytes) -> dict[str, tuple[str, str]]:
    """The pod, by namespace and name, of each address in a List of EndpointSlices.

    Raises:
        msgspec.DecodeError: It is not one.
    """
    pods = {}
    for endpoint_slice in _items(data, _EndpointSlice):
        for endpoint in endpoint_slice.endpoints or ():
            if endpoint.target_ref is not None:
                pod = (endpoint_slice.metadata.namespace, endpoint.target_ref.name)
                pods.update(dict.fromkeys(endpoint.addresses, pod))
    return pods


def read_recorded_at(data: bytes) -> datetime.datetime | None:
    """When a snapshot was taken, as its manifest says; None where it does not.

    Raises:
        msgspec.DecodeError: It is not a manifest.
    """
    return msgspec.json.decode(data, type=_Manifest).recorded_at


def _items(data: bytes, type_: type[T]) -> list[T]:
    listed = msgspec.json.decode(data, type=_List).items
    return [msgspec.json.decode(item, type=type_) for item in listed or ()]


def _pod_facts(pod: _Pod) -> PodFacts:
    metadata, spec, status = pod.metadata, pod.spec, pod.status
    workload, kind, replica_set = _workload(metadata)
    return PodFacts(
        namespace=metadata.namespace,
        name=metadata.name,
        addresses=_unique(status.pod_ip, *(ip.ip for ip in status.pod_ips)),
        workload=workload,
        workload_kind=kind,
        replica_set=replica_set,
        app=_app(metadata.labels or {}),
        service_account=spec.service_account_name,
        ready=_ready(pod),
        spec=PodSpec(
            labels=metadata.labels or {},
            annotations=metadata.annotations or {},
            containers=spec.containers,
            init_containers=spec.init_containers,
            host_network=spec.host_network,
            run_as_user=spec.security_context.run_as_user,
            phase=status.phase,
            deleted_at=metadata.deletion_timestamp,
        ),
    )


def _unique(*addresses: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ip for ip in addresses if ip and ip not in _HEADLESS))


def _ready(pod: _Pod) -> bool | None:
    if pod.metadata.deletion_timestamp or pod.status.phase in ("Succeeded", "Failed"):
        return False
    said = (one.status == "True" for one in pod.status.conditions if one.type == "Ready")
    return next(said, None)


def _workload(metadata: _Metadata) -> tuple[str, str, str]:
    """The name and the kind of a pod's workload, and the name of its ReplicaSet."""
    if not metadata.owner_references:
        return metadata.name, "Pod", ""
    owner = metadata.owner_references[0]
    name = workload_of_owner(owner.kind, owner.name)
    if owner.kind != "ReplicaSet":
        return name, owner.kind, ""
    return name, "Deployment" if name != owner.name else owner.kind, owner.name


def _app(labels: dict[str, str]) -> str:
    return next((labels[label] for label in _APP_LABELS if label in labels), "")
