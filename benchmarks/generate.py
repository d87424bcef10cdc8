"""Writes a config dump like OSM 1.2's of a mesh with any number of services.

    python benchmarks/generate.py 10000 /tmp/osm-10000.json

Every service has what OSM gives a client for it: a filter chain with its own connection manager,
a virtual host, an EDS cluster with TLS, endpoints and a validation secret. 10,000 services make
about 80 MB, as in the large meshes that the tool has to serve.
"""

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PORT = 14001
ENDPOINTS = 2
_TYPE = "type.googleapis.com/"
_ADS = {"ads": {}, "resource_api_version": "V3"}
_UPDATED = "2026-01-01T00:00:00.000Z"
_LOG_FIELDS = (
    "START_TIME", "REQ(:METHOD)", "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)", "PROTOCOL", "RESPONSE_CODE",
    "RESPONSE_CODE_DETAILS", "RESPONSE_FLAGS", "UPSTREAM_CLUSTER",
)  # fmt: skip


def service(number: int) -> tuple[str, str]:
    """Return a service's namespace and name."""
    return f"namespace-{number % 100:03}", f"service-{number:05}"


def cluster_ip(number: int) -> str:
    """Return a service's ClusterIP."""
    return f"10.{96 + number // 65536}.{number // 256 % 256}.{number % 256}"


def _any(type_name: str, **fields: Any) -> Json:
    return {"@type": _TYPE + type_name, **fields}


def _filter_chain(number: int) -> Json:
    namespace, name = service(number)
    http_filters = "envoy.extensions.filters.http"
    log = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
    manager = _any(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=f"mesh-http-conn-manager.rds-outbound.{PORT}",
        rds={"config_source": _ADS, "route_config_name": f"rds-outbound.{PORT}"},
        http_filters=[
            {
                "name": "envoy.filters.http.rbac",
                "typed_config": _any(f"{http_filters}.rbac.v3.RBAC"),
            },
            {
                "name": "envoy.filters.http.local_ratelimit",
                "typed_config": _any(
                    f"{http_filters}.local_ratelimit.v3.LocalRateLimit",
                    stat_prefix="http_local_rate_limiter",
                ),
            },
            {
                "name": "http_lua",
                "typed_config": _any(
                    f"{http_filters}.lua.v3.Lua",
                    inline_code="--\nfunction envoy_on_request(request_handle)\n"
                    '  request_handle:headers():add("osm-stats-pod", "client-0")\n'
                    '  request_handle:headers():add("osm-stats-namespace", "client")\nend',
                ),
            },
            {"name": "http_router", "typed_config": _any(f"{http_filters}.router.v3.Router")},
        ],
        access_log=[
            {
                "name": "envoy.access_loggers.stream",
                "typed_config": _any(
                    log,
                    log_format={
                        "json_format": {f.lower(): f"%{f}%" for f in _LOG_FIELDS},
                    },
                ),
            }
        ],
        upgrade_configs=[{"upgrade_type": "websocket"}],
    )
    return {
        "name": f"outbound_{namespace}/{name}_{PORT}_http",
        "filter_chain_match": {
            "destination_port": PORT,
            "prefix_ranges": [{"address_prefix": cluster_ip(number), "prefix_len": 32}],
        },
        "filters": [{"name": "http_connection_manager", "typed_config": manager}],
    }


def _virtual_host(number: int) -> Json:
    namespace, name = service(number)
    host = f"{name}.{namespace}"
    suffixes = ("", ".svc", ".svc.cluster", ".svc.cluster.local")
    return {
        "name": f"outbound_virtual-host|{host}.svc.cluster.local",
        "domains": [f"{host}{suffix}{port}" for suffix in suffixes for port in ("", f":{PORT}")],
        "routes": [
            {
                "match": {
                    "headers": [{"name": ":method", "safe_regex_match": {"regex": ".*"}}],
                    "safe_regex": {"regex": ".*"},
                },
                "route": {
                    "weighted_clusters": {
                        "clusters": [{"name": f"{namespace}/{name}|{PORT}", "weight": 100}],
                        "total_weight": 100,
                    },
                    "timeout": "0s",
                },
            }
        ],
    }


def _cluster(number: int) -> Json:
    namespace, name = service(number)
    limit = 4294967295
    tls = _any(
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context={
            "tls_params": {
                "tls_minimum_protocol_version": "TLSv1_2",
                "tls_maximum_protocol_version": "TLSv1_3",
            },
            "alpn_protocols": ["osm"],
            "tls_certificate_sds_secret_configs": [
                {"name": "service-cert:client/client", "sds_config": _ADS}
            ],
            "validation_context_sds_secret_config": {
                "name": f"root-cert-for-mtls-outbound:{namespace}/{name}",
                "sds_config": _ADS,
            },
        },
        sni=f"{name}.{namespace}.svc.cluster.local",
    )
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return _any(
        "envoy.config.cluster.v3.Cluster",
        name=f"{namespace}/{name}|{PORT}",
        type="EDS",
        eds_cluster_config={"eds_config": _ADS},
        circuit_breakers={
            "thresholds": [
                {
                    "max_connections": limit,
                    "max_pending_requests": limit,
                    "max_requests": limit,
                    "max_retries": limit,
                    "track_remaining": True,
                }
            ]
        },
        transport_socket={"name": f"{namespace}/{name}|{PORT}", "typed_config": tls},
        typed_extension_protocol_options={
            options: _any(options, use_downstream_protocol_config={"http2_protocol_options": {}})
        },
    )


def _endpoints(number: int) -> Json:
    namespace, name = service(number)
    addresses = [
        f"10.{128 + n // 65536}.{n // 256 % 256}.{n % 256}"
        for n in range(number * ENDPOINTS, (number + 1) * ENDPOINTS)
    ]
    return _any(
        "envoy.config.endpoint.v3.ClusterLoadAssignment",
        cluster_name=f"{namespace}/{name}|{PORT}",
        endpoints=[
            {
                "locality": {"zone": "local"},
                "lb_endpoints": [
                    {
                        "endpoint": {
                            "address": {"socket_address": {"address": address, "port_value": PORT}},
                            "health_check_config": {},
                        },
                        "health_status": "HEALTHY",
                        "metadata": {},
                        "load_balancing_weight": 1,
                    }
                    for address in addresses
                ],
            }
        ],
        policy={"overprovisioning_factor": 140},
    )


def _secret(number: int) -> Json:
    namespace, name = service(number)
    return _any(
        "envoy.extensions.transport_sockets.tls.v3.Secret",
        name=f"root-cert-for-mtls-outbound:{namespace}/{name}",
        validation_context={
            "trusted_ca": {"inline_bytes": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==" * 3},
            "match_subject_alt_names": [{"exact": f"{name}.{namespace}.cluster.local"}],
        },
    )


def config_dump(services: int) -> Json:
    """Return the dump of a client that may reach so many services."""
    listener = _any(
        "envoy.config.listener.v3.Listener",
        name="outbound-listener",
        address={"socket_address": {"address": "0.0.0.0", "port_value": 15001}},
        filter_chains=[_filter_chain(number) for number in range(services)],
        listener_filters=[
            {
                "name": "original_dst",
                "typed_config": _any(
                    "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
                ),
            }
        ],
        traffic_direction="OUTBOUND",
    )
    routes = _any(
        "envoy.config.route.v3.RouteConfiguration",
        name=f"rds-outbound.{PORT}",
        virtual_hosts=[_virtual_host(number) for number in range(services)],
        validate_clusters=False,
    )
    version = {"version_info": "1", "last_updated": _UPDATED}
    node = {"id": "00000000-0000-4000-8000-000000000000.sidecar.client.client.cluster.local"}
    numbers = range(services)
    return {
        "configs": [
            _any("envoy.admin.v3.BootstrapConfigDump", bootstrap={"node": node}),
            _any(
                "envoy.admin.v3.ClustersConfigDump",
                version_info="1",
                dynamic_active_clusters=[{**version, "cluster": _cluster(n)} for n in numbers],
            ),
            _any(
                "envoy.admin.v3.EndpointsConfigDump",
                dynamic_endpoint_configs=[{"endpoint_config": _endpoints(n)} for n in numbers],
            ),
            _any(
                "envoy.admin.v3.ListenersConfigDump",
                version_info="1",
                dynamic_listeners=[
                    {"name": "outbound-listener", "active_state": {**version, "listener": listener}}
                ],
            ),
            _any(
                "envoy.admin.v3.RoutesConfigDump",
                dynamic_route_configs=[{**version, "route_config": routes}],
            ),
            _any(
                "envoy.admin.v3.SecretsConfigDump",
                dynamic_active_secrets=[
                    {"name": _secret(n)["name"], **version, "secret": _secret(n)} for n in numbers
                ],
            ),
        ]
    }


def main() -> None:
    """Write the dump of `argv[1]` services to the file `argv[2]`."""
    services, path = int(sys.argv[1]), Path(sys.argv[2])
    path.write_text(json.dumps(config_dump(services), indent=1))
    print(f"{path}: {services} services, {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
