"""What OSM 1.2 configures a sidecar with, in SMI mode, names and order included.

Left out, because it cannot run here: the Wasm statistics filter (its Lua half is there).
"""

from __future__ import annotations

from tests.mesh import filters, resources
from tests.mesh.access_log import access_log
from tests.mesh.bootstrap import ADMIN_PORT, bootstrap, controller_secrets
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.resources import ANY_RULE, Resource, SidecarResources, typed
from tests.mesh.topology import HttpMatch, Mesh, Pod, Service

PASSTHROUGH = "passthrough-outbound"
METRICS = "envoy-metrics-cluster"


def sidecar(mesh: Mesh, pod: Pod, authority: CertificateAuthority) -> SidecarResources:
    """Everything OSM 1.2 would tell the sidecar of ``pod``."""
    outbound = mesh.outbound_services(pod)
    has_inbound = bool(_inbound_services(mesh, pod))
    node_id = f"{pod.proxy_uuid}.sidecar.{pod.principal}"
    secrets = resources.mesh_secrets(mesh, pod, authority)
    if has_inbound:
        name = f"root-cert-for-mtls-inbound:{pod.identity}"
        secrets.append(resources.validation_secret(name, authority.root, []))
    return SidecarResources(
        bootstrap=bootstrap(pod, node_id=node_id, router_name="http_router"),
        controller_secrets=controller_secrets(pod, authority),
        arguments=("--service-cluster", f"{pod.service_account}.{pod.namespace}"),
        listeners=_listeners(mesh, pod),
        clusters=[
            *(_upstream_cluster(pod, service) for service in outbound),
            *(_local_cluster(service) for service in mesh.services_of(pod)),
            *([_passthrough_cluster()] if mesh.has_egress else []),
            *([_metrics_cluster()] if pod.is_scraped else []),
        ],
        route_configurations=[*_outbound_routes(mesh, pod), *_inbound_routes(mesh, pod)],
        load_assignments=[_load_assignment(mesh, pod, service) for service in outbound],
        secrets=secrets,
    )


def cluster_name(service: Service) -> str:
    """The upstream cluster; the number is the target port."""
    return f"{service.key}|{service.target_port}"


# --- Listeners --------------------------------------------------------------------------------


def _listeners(mesh: Mesh, pod: Pod) -> list[Resource]:
    listeners = []
    if mesh.has_egress or mesh.outbound_services(pod):
        listeners.append(_outbound_listener(mesh, pod))
    if _inbound_services(mesh, pod):
        listeners.append(_inbound_listener(mesh, pod))
    if pod.is_scraped:
        listeners.append(_prometheus_listener())
    return listeners


def _inbound_services(mesh: Mesh, pod: Pod) -> list[Service]:
    # The root of a TrafficSplit is only ever reached through its backends.
    return [s for s in mesh.services_of(pod) if mesh.split_of(s) is None]


def _outbound_listener(mesh: Mesh, pod: Pod) -> Resource:
    services = mesh.outbound_services(pod)
    server_first = [s.port for s in services if s.protocol == "tcp-server-first"]
    inspector_options = _filter_disabled(server_first)
    result = typed(
        "config.listener.v3.Listener",
        name="outbound-listener",
        address=resources.socket_address("0.0.0.0", 15001),
        traffic_direction="OUTBOUND",
        continue_on_listener_filters_timeout=True,
        access_log=access_log("listener"),
        listener_filters=[
            filters.listener_filter("original_dst", "original_dst.v3.OriginalDst"),
            filters.listener_filter(
                "tls_inspector", "tls_inspector.v3.TlsInspector", inspector_options
            ),
            filters.listener_filter(
                "http_inspector", "http_inspector.v3.HttpInspector", inspector_options
            ),
        ],
        filter_chains=[_outbound_chain(mesh, pod, service) for service in services],
    )
    if mesh.has_egress:
        result["default_filter_chain"] = {
            "name": "outbound-egress-filter-chain",
            "filters": [
                _tcp_proxy(f"egress-tcp-proxy.{PASSTHROUGH}", {PASSTHROUGH: 100}),
            ],
        }
    return result


def _outbound_chain(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    name = f"outbound_{service.key}_{service.port}_{service.protocol}"
    if service.protocol == "http":
        network_filter = _connection_manager(pod, f"rds-outbound.{service.port}")
    else:
        clusters = _backend_clusters(mesh, service)
        network_filter = _tcp_proxy(f"outbound-mesh-tcp-proxy_{name}", clusters)
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
            filters.listener_filter("tls_inspector", "tls_inspector.v3.TlsInspector"),
            filters.listener_filter("original_dst", "original_dst.v3.OriginalDst"),
        ],
        filter_chains=[_inbound_chain(mesh, pod, s) for s in _inbound_services(mesh, pod)],
    )


def _inbound_chain(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    name = f"inbound_{service.key}_{service.target_port}_{service.protocol}"
    local = f"{cluster_name(service)}|local"
    if service.protocol == "http":
        last = _connection_manager(pod, f"rds-inbound.{service.target_port}")
    else:
        last = _tcp_proxy(f"inbound-mesh-tcp-proxy.{local}", {local: 100})
    return {
        "name": name,
        "filter_chain_match": {
            "destination_port": service.target_port,
            "transport_protocol": "tls",
            "application_protocols": ["osm"],
            "server_names": [service.host_name],
        },
        "filters": [resources.network_rbac("l4_rbac", _network_policies(mesh, pod)), last],
        "transport_socket": resources.downstream_tls(name, pod),
    }


def _network_policies(mesh: Mesh, pod: Pod) -> dict[str, Resource]:
    return {
        target.key: {
            "permissions": [{"destination_port": port} for port in target.tcp_ports] or [ANY_RULE],
            "principals": [resources.authenticated(s) for s in target.sources],
        }
        for target in mesh.targets_to(pod)
    }


def _prometheus_listener() -> Resource:
    route = {
        "match": {"prefix": "/stats/prometheus"},
        "route": {"cluster": METRICS, "prefix_rewrite": "/stats/prometheus"},
    }
    virtual_host = {
        "name": "prometheus-inbound-virtual-host",
        "domains": ["*"],
        "routes": [route],
    }
    connection_manager = typed(
        filters.CONNECTION_MANAGER,
        stat_prefix="prometheus-http-conn-manager",
        route_config={"virtual_hosts": [virtual_host]},
        http_filters=[filters.router("http_router")],
        access_log=access_log("http"),
    )
    return typed(
        "config.listener.v3.Listener",
        name="inbound-prometheus-listener",
        address=resources.socket_address("0.0.0.0", 15010),
        traffic_direction="INBOUND",
        filter_chains=[
            {"filters": [{"name": "http_connection_manager", "typed_config": connection_manager}]}
        ],
    )


# --- Filters ----------------------------------------------------------------------------------


def _filter_disabled(ports: list[int]) -> Resource:
    ranges: list[Resource] = [
        {"destination_port_range": {"start": port, "end": port + 1}} for port in ports
    ]
    if not ranges:
        return {}
    return {"filter_disabled": ranges[0] if len(ranges) == 1 else {"or_match": {"rules": ranges}}}


def _tcp_proxy(stat_prefix: str, clusters: dict[str, int]) -> Resource:
    return filters.tcp_proxy("tcp_proxy", stat_prefix, clusters)


def _connection_manager(pod: Pod, route_configuration: str) -> Resource:
    rate_limit = filters.http_filter(
        "envoy.filters.http.local_ratelimit",
        "local_ratelimit.v3.LocalRateLimit",
        stat_prefix="http_local_rate_limiter",
    )
    return filters.connection_manager(
        "http_connection_manager",
        route_configuration,
        [
            filters.http_rbac(),
            rate_limit,
            filters.stats_filter("http_lua", pod),
            filters.router("http_router"),
        ],
        upgrade_configs=[{"upgrade_type": "websocket"}],
    )


# --- Routes -----------------------------------------------------------------------------------


def _outbound_routes(mesh: Mesh, pod: Pod) -> list[Resource]:
    services = [s for s in mesh.outbound_services(pod) if s.protocol == "http"]
    return [
        _route_configuration(
            f"rds-outbound.{port}",
            [_outbound_virtual_host(mesh, pod, s) for s in services if s.port == port],
        )
        for port in sorted({service.port for service in services})
    ]


def _outbound_virtual_host(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    any_method = [resources.regex_header(":method", ".*")]
    route = resources.weighted_route(".*", any_method, _backend_clusters(mesh, service))
    return _virtual_host(
        "outbound", service, [_without_timeout(route)], bare_name=service.namespace == pod.namespace
    )


def _inbound_routes(mesh: Mesh, pod: Pod) -> list[Resource]:
    services = [s for s in mesh.services_of(pod) if s.protocol == "http"]
    headers = resources.header_values(resources.stats_headers(pod))
    return [
        _route_configuration(
            f"rds-inbound.{port}",
            [_inbound_virtual_host(mesh, pod, s) for s in services if s.target_port == port],
            response_headers_to_add=headers,
        )
        for port in sorted({service.target_port for service in services})
    ]


def _inbound_virtual_host(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    local = {f"{cluster_name(service)}|local": 100}
    routes = [
        _inbound_route(match, method, local, clients)
        for match, clients in mesh.sources_by_match(pod).items()
        for method in match.methods
    ]
    return _virtual_host("inbound", service, routes, bare_name=True)


def _inbound_route(
    match: HttpMatch, method: str, clusters: dict[str, int], sources: list[str]
) -> Resource:
    headers = [resources.regex_header(":method", ".*" if method == "*" else method)]
    for name, regex in match.headers:
        headers.append(resources.regex_header(":authority" if name == "host" else name, regex))
    route = resources.weighted_route(match.path_regex, headers, clusters)
    principals = [resources.authenticated(source) for source in sources]
    return {
        **_without_timeout(route),
        "typed_per_filter_config": resources.route_rbac(principals),
    }


def _without_timeout(route: Resource) -> Resource:
    action = route["route"]
    assert isinstance(action, dict)
    return {**route, "route": {**action, "timeout": "0s"}}


def _virtual_host(
    direction: str, service: Service, routes: list[Resource], *, bare_name: bool
) -> Resource:
    domains = []
    for domain in service.domains(bare_name=bare_name):
        domains += [domain, f"{domain}:{service.port}"]
    return {
        "name": f"{direction}_virtual-host|{service.host_name}",
        "domains": domains,
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


def _backend_clusters(mesh: Mesh, service: Service) -> dict[str, int]:
    backends = mesh.backends(service).items()
    return {cluster_name(mesh.service(key)): weight for key, weight in backends}


def _upstream_cluster(pod: Pod, service: Service) -> Resource:
    name = cluster_name(service)
    return typed(
        "config.cluster.v3.Cluster",
        name=name,
        type="EDS",
        eds_cluster_config={"eds_config": resources.config_source("eds", name)},
        circuit_breakers=resources.UNLIMITED,
        transport_socket=resources.upstream_tls(name, pod, service),
        typed_extension_protocol_options=resources.DOWNSTREAM_PROTOCOL,
    )


def _local_cluster(service: Service) -> Resource:
    name = f"{cluster_name(service)}|local"
    return resources.local_cluster(name, "127.0.0.1", service.target_port)


def _metrics_cluster() -> Resource:
    cluster = resources.static_cluster(METRICS, ADMIN_PORT)
    return typed("config.cluster.v3.Cluster", alt_stat_name=METRICS, **cluster)


def _passthrough_cluster() -> Resource:
    return typed(
        "config.cluster.v3.Cluster",
        name=PASSTHROUGH,
        type="ORIGINAL_DST",
        lb_policy="CLUSTER_PROVIDED",
        circuit_breakers=resources.UNLIMITED,
        typed_extension_protocol_options=resources.DOWNSTREAM_PROTOCOL,
    )


def _load_assignment(mesh: Mesh, pod: Pod, service: Service) -> Resource:
    endpoints = [
        resources.endpoint(backend.ip, service.target_port)
        for backend in mesh.endpoints_for(pod, service)
    ]
    name = cluster_name(service)
    assignment = resources.load_assignment(name, endpoints, zone="local")
    return typed("config.endpoint.v3.ClusterLoadAssignment", **assignment)
