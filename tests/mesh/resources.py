"""What both releases of OSM build in the same way: TLS contexts, clusters, RBAC, bootstrap.

Where a real OSM sidecar asks its controller (``ads``), ours reads a file: every configuration
source is a path relative to the folder Envoy is started in, so a dump names the same paths whoever
records it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Literal

from tests.mesh import names
from tests.mesh.certificates import CertificateAuthority, KeyPair
from tests.mesh.topology import Mesh, Pod, Service, principal

Resource = dict[str, object]
Kind = Literal["lds", "cds", "rds", "eds", "sds"]

ANY_RULE: Resource = {"any": True}
NO_LIMIT = 4294967295
CONTROLLER = "osm-controller.osm-system.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class SidecarResources:
    """Everything one sidecar is configured with."""

    bootstrap: Resource
    controller_secrets: dict[str, Resource]
    arguments: tuple[str, ...]
    listeners: list[Resource] = field(default_factory=list)
    clusters: list[Resource] = field(default_factory=list)
    route_configurations: list[Resource] = field(default_factory=list)
    load_assignments: list[Resource] = field(default_factory=list)
    secrets: list[Resource] = field(default_factory=list)


def typed(type_name: str, **fields: object) -> Resource:
    """A ``google.protobuf.Any`` in JSON: ``type_name`` below ``type.googleapis.com/envoy.``."""
    return {"@type": f"type.googleapis.com/envoy.{type_name}", **fields}


def source_path(kind: Kind, resource: str) -> str:
    """The file that holds one resource, relative to the sidecar's folder."""
    return f"xds/{kind}/{names.file_name(resource)}.json"


def config_source(kind: Kind, resource: str) -> Resource:
    """Where a sidecar gets the resource from; stands for OSM's ``{"ads": {}}``."""
    return {
        "path_config_source": {"path": source_path(kind, resource)},
        "resource_api_version": "V3",
    }


def socket_address(address: str, port: int) -> Resource:
    """An ``Address`` in JSON."""
    return {"socket_address": {"address": address, "port_value": port}}


def regex_header(name: str, regex: str) -> Resource:
    """A header matcher in the form OSM writes."""
    return {"name": name, "safe_regex_match": regex_matcher(regex)}


def regex_matcher(regex: str) -> Resource:
    """A ``RegexMatcher`` that names its engine, as it had to then."""
    return {"google_re2": {}, "regex": regex}


# --- TLS --------------------------------------------------------------------------------------


def certificate_secret(name: str, pair: KeyPair) -> Resource:
    """A ``Secret`` with a certificate and its key."""
    return typed(
        "extensions.transport_sockets.tls.v3.Secret",
        name=name,
        tls_certificate={
            "certificate_chain": _inline(pair.certificate),
            "private_key": _inline(pair.private_key),
        },
    )


def validation_secret(name: str, root: bytes, sans: list[str]) -> Resource:
    """A ``Secret`` with the CA to trust and, if any are given, the only names to accept."""
    context: Resource = {"trusted_ca": _inline(root)}
    if sans:
        context["match_subject_alt_names"] = [{"exact": san} for san in sans]
    return typed(
        "extensions.transport_sockets.tls.v3.Secret", name=name, validation_context=context
    )


def mesh_secrets(mesh: Mesh, pod: Pod, authority: CertificateAuthority) -> list[Resource]:
    """The sidecar's own certificate and what it validates the peers of each direction with."""
    secrets = [certificate_secret(f"service-cert:{pod.identity}", authority.issue(pod.principal))]
    for service in mesh.outbound_services(pod):
        sans = [principal(identity) for identity in mesh.identities_of(service)]
        name = f"root-cert-for-mtls-outbound:{service.key}"
        secrets.append(validation_secret(name, authority.root, sans))
    return secrets


def upstream_tls(name: str, pod: Pod, service: Service) -> Resource:
    """The transport socket of a cluster of the mesh."""
    return {
        "name": name,
        "typed_config": typed(
            "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            common_tls_context={
                **_mesh_tls(pod, f"root-cert-for-mtls-outbound:{service.key}"),
                "alpn_protocols": ["osm"],
            },
            sni=service.host_name,
        ),
    }


def downstream_tls(name: str, pod: Pod) -> Resource:
    """The transport socket of an inbound chain of the mesh."""
    return {
        "name": name,
        "typed_config": typed(
            "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            common_tls_context=_mesh_tls(pod, f"root-cert-for-mtls-inbound:{pod.identity}"),
            require_client_certificate=True,
        ),
    }


def _mesh_tls(pod: Pod, validation: str) -> Resource:
    certificate = f"service-cert:{pod.identity}"
    return {
        "tls_params": _TLS_VERSIONS,
        "tls_certificate_sds_secret_configs": [
            {"name": certificate, "sds_config": config_source("sds", certificate)}
        ],
        "validation_context_sds_secret_config": {
            "name": validation,
            "sds_config": config_source("sds", validation),
        },
    }


def _inline(content: bytes) -> Resource:
    return {"inline_bytes": base64.b64encode(content).decode()}


_TLS_VERSIONS: Resource = {
    "tls_minimum_protocol_version": "TLSv1_2",
    "tls_maximum_protocol_version": "TLSv1_3",
}


# --- Clusters ---------------------------------------------------------------------------------


def http_options(**fields: object) -> Resource:
    """``typed_extension_protocol_options`` for HTTP."""
    options = "upstreams.http.v3.HttpProtocolOptions"
    return {f"envoy.extensions.{options}": typed(f"extensions.{options}", **fields)}


DOWNSTREAM_PROTOCOL = http_options(use_downstream_protocol_config={"http2_protocol_options": {}})
UNLIMITED: Resource = {
    "thresholds": [
        {
            "max_connections": NO_LIMIT,
            "max_pending_requests": NO_LIMIT,
            "max_requests": NO_LIMIT,
            "max_retries": NO_LIMIT,
            "track_remaining": True,
        }
    ]
}


def load_assignment(cluster: str, endpoints: list[Resource], zone: str = "") -> Resource:
    """A ``ClusterLoadAssignment`` with one locality."""
    locality: Resource = {"lb_endpoints": endpoints}
    if zone:
        locality["locality"] = {"zone": zone}
    return {"cluster_name": cluster, "endpoints": [locality]}


def endpoint(address: str, port: int, weight: int = 0) -> Resource:
    """An ``LbEndpoint``; without a weight Envoy counts it as 1."""
    result: Resource = {"endpoint": {"address": socket_address(address, port)}}
    if weight:
        result["load_balancing_weight"] = weight
    return result


def local_cluster(name: str, address: str, port: int) -> Resource:
    """The cluster of the pod's own application."""
    return typed(
        "config.cluster.v3.Cluster",
        name=name,
        alt_stat_name=name,
        type="STRICT_DNS",
        dns_lookup_family="V4_ONLY",
        respect_dns_ttl=True,
        load_assignment=load_assignment(name, [endpoint(address, port, weight=100)], zone="zone"),
        typed_extension_protocol_options=DOWNSTREAM_PROTOCOL,
    )


def static_cluster(name: str, port: int) -> Resource:
    """A cluster of something in the same pod: a probed container, Envoy's own admin page."""
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": load_assignment(name, [endpoint("127.0.0.1", port)]),
    }


# --- Routes and authorization -----------------------------------------------------------------


def weighted_route(path: str, headers: list[Resource], clusters: dict[str, int]) -> Resource:
    """A route in OSM's form: a path expression, header expressions, weighted clusters."""
    weighted = [{"name": name, "weight": weight} for name, weight in sorted(clusters.items())]
    return {
        "match": {"safe_regex": regex_matcher(path), "headers": headers},
        "route": {
            "weighted_clusters": {"clusters": weighted, "total_weight": sum(clusters.values())}
        },
    }


def network_rbac(name: str, policies: dict[str, Resource]) -> Resource:
    """The network filter that decides which clients may connect at all."""
    config = typed(
        "extensions.filters.network.rbac.v3.RBAC",
        stat_prefix="network-",
        rules={"policies": policies},
    )
    return {"name": name, "typed_config": config}


def route_rbac(principals: list[Resource]) -> Resource:
    """``typed_per_filter_config`` of an inbound route."""
    policy = {"permissions": [ANY_RULE], "principals": principals}
    return {
        "envoy.filters.http.rbac": typed(
            "extensions.filters.http.rbac.v3.RBACPerRoute",
            rbac={"rules": {"policies": {"rbac-for-route": policy}}},
        )
    }


def authenticated(identity: str) -> Resource:
    """An RBAC principal: the client that has the certificate of this identity."""
    return {"authenticated": {"principal_name": {"exact": principal(identity)}}}


# --- Statistics headers -----------------------------------------------------------------------


def stats_headers(pod: Pod) -> dict[str, str]:
    """The headers by which OSM's statistics tell who sent a request and who answered it."""
    return {
        "osm-stats-namespace": pod.namespace,
        "osm-stats-kind": "Deployment",
        "osm-stats-name": pod.workload,
        "osm-stats-pod": pod.name,
    }


def stats_script(pod: Pod) -> str:
    """OSM's Lua script, which adds them to every request."""
    lines = [
        f'  request_handle:headers():add("{name}", "{value}")'
        for name, value in stats_headers(pod).items()
    ]
    return "\n".join(["--", "function envoy_on_request(request_handle)", *lines, "end"])


def header_values(headers: dict[str, str]) -> list[Resource]:
    """``HeaderValueOption`` objects."""
    return [{"header": {"key": name, "value": value}} for name, value in headers.items()]


UNKNOWN_PEER = {
    "mappers": [
        {
            "filter": {"not_health_check_filter": {}},
            "headers_to_add": header_values(
                dict.fromkeys(
                    ("osm-stats-namespace", "osm-stats-kind", "osm-stats-name", "osm-stats-pod"),
                    "unknown",
                )
            ),
        }
    ]
}
