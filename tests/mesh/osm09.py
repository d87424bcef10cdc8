"""What OSM 0.9 configures a sidecar with, in SMI mode: the dialect of OSM's own guide to Envoy.

It differs from 1.2 in nearly every name, has one route configuration for all ports, no circuit
breakers and no route timeouts, and lists in the inbound validation secret whom a server accepts: a
client without a TrafficTarget already fails the handshake. Filters without a ``typed_config``,
which Envoy allowed then, have one here, as Envoy no longer starts without.
"""

from __future__ import annotations

from tests.mesh import filters, names, resources
from tests.mesh.access_log import access_log
from tests.mesh.bootstrap import bootstrap, controller_secrets
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.resources import ANY_RULE, Resource, SidecarResources, typed
from tests.mesh.topology import HttpMatch, Mesh, Pod, Service, principal

OUTBOUND_ROUTES = "rds-outbound"
INBOUND_ROUTES = "rds-inbound"
CONNECT_TIMEOUT = "1s"


def sidecar(mesh: Mesh, pod: Pod, authority: CertificateAuthority) -> SidecarResources:
    """Everything OSM 0.9 would tell the sidecar of ``pod``."""
    outbound = mesh.outbound_services(pod)
    inbound = mesh.services_of(pod)
    return SidecarResources(
        bootstrap=bootstrap(pod, node_id="", router_name="envoy.filters.http.router"),
        controller_secrets=controller_secrets(pod, authority),
        arguments=(
            *("--service-cluster", f"{pod.service_account}.{pod.namespace}"),
            *("--service-node", _node_id(pod)),
        ),
        listeners=[
            *([_outbound_listener(mesh, pod)] if outbound else []),
            *([_inbound_listener(mesh, pod)] if inbound else []),
        ],
        clusters=[
            *(_upstream_cluster(pod, service) for service in outbound),
            *(_local_cluster(service) for service in _own_services(mesh, pod)),
        ],
        route_configurations=[
            *([_outbound_routes(mesh, pod)] if _speaks_http(outbound) else []),
            *([_inbound_routes(mesh, pod)] if _speaks_http(inbound) else []),
        ],
        load_assignments=[_load_assignment(mesh, pod, service) for service in outbound],
        secrets=_secrets(mesh, pod, authority),
    )


def _node_id(pod: Pod) -> str:
    node = names.uuid_of(f"node/{pod.name}")
    workload = f"Deployment/{pod.workload}"
    return f"{pod.uid}/{pod.namespace}/{pod.ip}/{pod.service_account}/{node}/{pod.name}/{workload}"


def _speaks_http(services: list[Service]) -> bool:
    return any(service.protocol == "http" for service in services)


def _own_services(mesh: Mesh, pod: Pod) -> list[Service]:
    # The root of a TrafficSplit is only ever reached through its backends.
    return [s for s in mesh.services_of(pod) if mesh.split_of(s) is None]


def _secrets(mesh: Mesh, pod: Pod, authority: CertificateAuthority) -> list[Resource]:
    sources = sorted({s for target in mesh.targets_to(pod) for s in target.sources})
    inbound = resources.validation_secret(
        f"root-cert-for-mtls-inbound:{pod.identity}",
        authority.root,
        [principal(source) for source in sources],
    )
    return [*resources.mesh_secrets(mesh, pod, authority), inbound]


# --- Listeners --------------------------------------------------------------------------------


def _outbound_listener(mesh: Mesh, pod: Pod) -> Resource:
    return typed(
        "config.listener.v3.Listener",
        name="outbound-listener",
        address=resources.socket_address("0.0.0.0", 15001),
        traffic_direction="OUTBOUND",
        continue_on_listener_filters_timeout=True,
        access_log=access_log("listener"),
        listener_filters=[
            _listener_filter("original_dst", "original_dst.v3.OriginalDst"),
            _listener_filter("tls_inspector", "tls_inspector.v3.TlsInspector"),
            _listener_filter("http_inspector", "http_inspector.v3.HttpInspector"),
        ],
        filter_chains=[
            _outbound_chain(mesh, pod, service) for service in mesh.outbound_services(pod)
        ],
    )


def _outbound_chain(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    if service.protocol == "http":
        name = f"outbound-mesh-http-filter-chain:{service.key}"
        network_filter = _connection_manager(pod, OUTBOUND_ROUTES)
    else:
        name = f"outbound-mesh-tcp-filter-chain:{service.key}"
        prefix = f"outbound-mesh-tcp-proxy.{name}"
        network_filter = _tcp_proxy(prefix, mesh.backends(service))
    return {
        "name": name,
        "filter_chain_match": {
            "destination_port": service.port,
            "prefix_ranges": [{"address_prefix": service.cluster_ip, "prefix_len": 32}],
        },
        "filters": [network_filter],
    }


def _inbound_listener(mesh: Mesh, pod: Pod) -> Resource:
    return typed(
        "config.listener.v3.Listener",
        name="inbound-listener",
        address=resources.socket_address("0.0.0.0", 15003),
        traffic_direction="INBOUND",
        access_log=access_log("listener"),
        listener_filters=[
            _listener_filter("tls_inspector", "tls_inspector.v3.TlsInspector"),
            _listener_filter("original_dst", "original_dst.v3.OriginalDst"),
        ],
        filter_chains=[_inbound_chain(mesh, pod, s) for s in _own_services(mesh, pod)],
    )


def _inbound_chain(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    if service.protocol == "http":
        kind, last = "http", _connection_manager(pod, INBOUND_ROUTES)
    else:
        local = f"{service.key}-local"
        kind, last = "tcp", _tcp_proxy(f"inbound-mesh-tcp-proxy.{local}", {local: 100})
    rbac = resources.network_rbac("envoy.filters.network.rbac", _network_policies(mesh, pod))
    return {
        "name": f"inbound-mesh-{kind}-filter-chain:{service.key}:{service.target_port}",
        "filter_chain_match": {
            "destination_port": service.target_port,
            "transport_protocol": "tls",
            "application_protocols": ["osm"],
            "server_names": [service.host_name],
        },
        "filters": [rbac, last],
        "transport_socket": resources.downstream_tls("envoy.transport_sockets.tls", pod),
    }


def _network_policies(mesh: Mesh, pod: Pod) -> dict[str, Resource]:
    policies: dict[str, Resource] = {}
    for target in mesh.targets_to(pod):
        ports: list[Resource] = [{"destination_port": port} for port in target.tcp_ports]
        policies[target.key] = {
            "permissions": [{"or_rules": {"rules": ports}} if ports else ANY_RULE],
            "principals": [_principal(source) for source in target.sources],
        }
    return policies


def _principal(source: str) -> Resource:
    return {"or_ids": {"ids": [resources.authenticated(source)]}}


def _listener_filter(name: str, type_name: str) -> Resource:
    return filters.listener_filter(f"envoy.filters.listener.{name}", type_name)


def _tcp_proxy(stat_prefix: str, clusters: dict[str, int]) -> Resource:
    return filters.tcp_proxy("envoy.filters.network.tcp_proxy", stat_prefix, clusters)


def _connection_manager(pod: Pod, route_configuration: str) -> Resource:
    return filters.connection_manager(
        "envoy.filters.network.http_connection_manager",
        route_configuration,
        [
            filters.http_rbac(),
            filters.stats_filter("envoy.filters.http.lua", pod),
            filters.router("envoy.filters.http.router"),
        ],
    )


# --- Routes -----------------------------------------------------------------------------------


def _outbound_routes(mesh: Mesh, pod: Pod) -> Resource:
    any_method = [resources.regex_header(":method", ".*")]
    virtual_hosts = [
        _virtual_host(
            "outbound",
            service,
            [resources.weighted_route(".*", any_method, mesh.backends(service))],
            bare_name=service.namespace == pod.namespace,
        )
        for service in mesh.outbound_services(pod)
        if service.protocol == "http"
    ]
    return _route_configuration(OUTBOUND_ROUTES, virtual_hosts)


def _inbound_routes(mesh: Mesh, pod: Pod) -> Resource:
    own = _own_services(mesh, pod)
    clusters = {f"{service.key}-local": 100 for service in own if service.protocol == "http"}
    routes = [
        _inbound_route(match, method, clusters, sources)
        for match, sources in mesh.sources_by_match(pod).items()
        for method in match.methods
    ]
    virtual_hosts = [
        _virtual_host("inbound", service, routes, bare_name=True)
        for service in mesh.services_of(pod)
        if service.protocol == "http"
    ]
    headers = resources.header_values(resources.stats_headers(pod))
    return _route_configuration(INBOUND_ROUTES, virtual_hosts, response_headers_to_add=headers)


def _inbound_route(
    match: HttpMatch, method: str, clusters: dict[str, int], sources: list[str]
) -> Resource:
    headers = [resources.regex_header(":method", ".*" if method == "*" else method)]
    headers += [resources.regex_header(name, regex) for name, regex in match.headers]
    return {
        **resources.weighted_route(match.path_regex, headers, clusters),
        "typed_per_filter_config": resources.route_rbac([_principal(s) for s in sources]),
    }


def _virtual_host(
    direction: str, service: Service, routes: list[Resource], *, bare_name: bool
) -> Resource:
    domains = service.domains(bare_name=bare_name)
    is_near = direction == "outbound" and bare_name
    name = service.name if is_near else f"{service.name}.{service.namespace}"
    return {
        "name": f"{direction}_virtual-host|{name}",
        "domains": [*domains, *(f"{domain}:{service.port}" for domain in domains)],
        "routes": routes,
    }


def _route_configuration(name: str, virtual_hosts: list[Resource], **fields: object) -> Resource:
    return typed(
        "config.route.v3.RouteConfiguration",
        name=name,
        virtual_hosts=virtual_hosts,
        validate_clusters=False,
        **fields,
    )


# --- Clusters ---------------------------------------------------------------------------------


def _upstream_cluster(pod: Pod, service: Service) -> Resource:
    return typed(
        "config.cluster.v3.Cluster",
        name=service.key,
        type="EDS",
        connect_timeout=CONNECT_TIMEOUT,
        eds_cluster_config={"eds_config": resources.config_source("eds", service.key)},
        transport_socket=resources.upstream_tls("envoy.transport_sockets.tls", pod, service),
        typed_extension_protocol_options=resources.DOWNSTREAM_PROTOCOL,
    )


def _local_cluster(service: Service) -> Resource:
    cluster = resources.local_cluster(f"{service.key}-local", "0.0.0.0", service.target_port)
    return {**cluster, "connect_timeout": CONNECT_TIMEOUT}


def _load_assignment(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    backends = mesh.endpoints_for(pod, service)
    weight = 100 // len(backends)
    endpoints = [
        resources.endpoint(backend.ip, service.target_port, weight) for backend in backends
    ]
    assignment = resources.load_assignment(service.key, endpoints, zone="zone")
    return typed("config.endpoint.v3.ClusterLoadAssignment", **assignment)
