"""What the meshes consist of, as data: pods, services and SMI policies, and what follows from them.

The bookstore mesh is OSM's demo. Every address, identifier and name is fixed, so that recording it
again gives the same files. Sidecars never see this data; ``osm12`` and ``osm09`` turn it into
Envoy resources the way each release of OSM does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.mesh import names

Protocol = Literal["http", "tcp", "tcp-server-first"]
Release = Literal["1.2", "0.9"]

TRUST_DOMAIN = "cluster.local"


@dataclass(frozen=True, slots=True)
class Service:
    """A Kubernetes Service with one port; ``selector`` picks pods of its namespace by label."""

    namespace: str
    name: str
    cluster_ip: str
    selector: Mapping[str, str]
    port: int = 14001
    target_port: int = 14001
    protocol: Protocol = "http"

    @property
    def key(self) -> str:
        """``namespace/name``, as OSM's resource names have it."""
        return f"{self.namespace}/{self.name}"

    @property
    def host_name(self) -> str:
        """The fully qualified name, which is also the SNI of connections to this service."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"

    def domains(self, *, bare_name: bool) -> list[str]:
        """Every name the service has, shortest first; the bare one only where it resolves."""
        first = [self.name] if bare_name else []
        qualified = f"{self.name}.{self.namespace}"
        suffixes = ("", ".svc", ".svc.cluster", ".svc.cluster.local")
        return first + [qualified + suffix for suffix in suffixes]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod: one application, one sidecar, one address."""

    namespace: str
    workload: str
    suffix: str
    ip: str
    service_account: str
    labels: Mapping[str, str]
    port: int = 14001
    protocol: Protocol = "http"
    is_probed: bool = False
    is_scraped: bool = False

    @property
    def name(self) -> str:
        """The name Kubernetes gave it: workload, ReplicaSet hash, random suffix."""
        return f"{self.workload}-{self.suffix}"

    @property
    def identity(self) -> str:
        """``namespace/service account``, as OSM's secret names have it."""
        return f"{self.namespace}/{self.service_account}"

    @property
    def principal(self) -> str:
        """The DNS SAN of its certificate."""
        return principal(self.identity)

    @property
    def proxy_uuid(self) -> str:
        """The identifier OSM's injector gives the sidecar."""
        return names.uuid_of(f"proxy/{self.namespace}/{self.name}")

    @property
    def uid(self) -> str:
        """The identifier Kubernetes gives the pod."""
        return names.uuid_of(f"pod/{self.namespace}/{self.name}")


@dataclass(frozen=True, slots=True)
class HttpMatch:
    """One match of an HTTPRouteGroup."""

    name: str
    methods: tuple[str, ...]
    path_regex: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficTarget:
    """An SMI TrafficTarget; it has either HTTP matches (of one HTTPRouteGroup) or TCP ports.

    Identities are ``namespace/service account``; the target lives in the destination's namespace.
    """

    name: str
    destination: str
    sources: tuple[str, ...]
    matches: tuple[HttpMatch, ...] = ()
    route_group: str = ""
    tcp_ports: tuple[int, ...] = ()

    @property
    def namespace(self) -> str:
        """The namespace of the object, always that of the destination."""
        return self.destination.partition("/")[0]

    @property
    def key(self) -> str:
        """``namespace/name``, the policy name in OSM's network RBAC."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """An SMI TrafficSplit: root service and weighted backends of the same namespace."""

    namespace: str
    name: str
    service: str
    backends: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RouteGroup:
    """An SMI HTTPRouteGroup."""

    namespace: str
    name: str
    matches: tuple[HttpMatch, ...]


@dataclass(frozen=True, slots=True)
class Mesh:
    """A mesh: its release of OSM, its workloads and its policies.

    ``deleted_targets`` are TrafficTargets that no longer exist, but whose client sidecars have not
    been told yet: the state between two updates of a control plane.
    """

    name: str
    release: Release
    has_egress: bool
    pods: tuple[Pod, ...]
    services: tuple[Service, ...]
    splits: tuple[TrafficSplit, ...]
    route_groups: tuple[RouteGroup, ...]
    targets: tuple[TrafficTarget, ...]
    deleted_targets: tuple[TrafficTarget, ...] = ()

    def pod(self, name: str) -> Pod:
        """The pod called ``name``, or the first of the workload ``name``.

        Raises:
            KeyError: No pod or workload has this name.
        """
        for pod in self.pods:
            if name in (pod.name, pod.workload):
                return pod
        raise KeyError(name)

    def service(self, key: str) -> Service:
        """The service ``namespace/name``.

        Raises:
            KeyError: There is no such service.
        """
        for service in self.services:
            if service.key == key:
                return service
        raise KeyError(key)

    def pods_of(self, service: Service) -> list[Pod]:
        """The pods a service selects."""
        return [pod for pod in self.pods if _selects(service, pod)]

    def services_of(self, pod: Pod) -> list[Service]:
        """The services that select a pod."""
        return [service for service in self.services if _selects(service, pod)]

    def split_of(self, service: Service) -> TrafficSplit | None:
        """The TrafficSplit whose root is this service."""
        for split in self.splits:
            if (split.namespace, split.service) == (service.namespace, service.name):
                return split
        return None

    def backends(self, service: Service) -> dict[str, int]:
        """Service keys and weights that a request to ``service`` is spread over."""
        split = self.split_of(service)
        if split is None:
            return {service.key: 100}
        return {f"{split.namespace}/{name}": weight for name, weight in split.backends.items()}

    def targets_to(self, pod: Pod) -> list[TrafficTarget]:
        """The TrafficTargets whose destination is the pod's identity."""
        return [target for target in self.targets if target.destination == pod.identity]

    def destinations_of(self, pod: Pod) -> set[str]:
        """The identities that the pod's sidecar thinks it may call."""
        known = (*self.targets, *self.deleted_targets)
        return {target.destination for target in known if pod.identity in target.sources}

    def outbound_services(self, pod: Pod) -> list[Service]:
        """The services that have a pod of an allowed identity: what OSM tells this sidecar of."""
        return [s for s in self.services if self.endpoints_for(pod, s)]

    def endpoints_for(self, pod: Pod, service: Service) -> list[Pod]:
        """The pods of a service whose identity ``pod`` may call."""
        allowed = self.destinations_of(pod)
        return [backend for backend in self.pods_of(service) if backend.identity in allowed]

    def identities_of(self, service: Service) -> list[str]:
        """The identities a service runs under, each once, sorted."""
        return sorted({pod.identity for pod in self.pods_of(service)})

    def sources_by_match(self, pod: Pod) -> dict[HttpMatch, list[str]]:
        """Every HTTP match of the pod's TrafficTargets with the identities it is open to."""
        sources: dict[HttpMatch, set[str]] = {}
        for target in self.targets_to(pod):
            for match in target.matches:
                sources.setdefault(match, set()).update(target.sources)
        return {match: sorted(identities) for match, identities in sources.items()}


def principal(identity: str) -> str:
    """The DNS name in the certificate of ``namespace/service account``."""
    namespace, _, account = identity.partition("/")
    return f"{account}.{namespace}.{TRUST_DOMAIN}"


def _selects(service: Service, pod: Pod) -> bool:
    return service.namespace == pod.namespace and service.selector.items() <= pod.labels.items()
