"""The bootstrap that OSM's injector writes, with files in the place of the controller."""

from __future__ import annotations

from tests.mesh import filters
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.resources import (
    CONTROLLER,
    Resource,
    certificate_secret,
    endpoint,
    http_options,
    load_assignment,
    socket_address,
    static_cluster,
    typed,
    validation_secret,
)
from tests.mesh.topology import Pod

ADMIN_PORT = 15000
CONTROLLER_PORT = 15128
PROBES = {"liveness": 15901, "readiness": 15902}


def bootstrap(pod: Pod, *, node_id: str, router_name: str) -> Resource:
    """The bootstrap of a pod's sidecar; without ``node_id`` it comes from the command line."""
    probes = PROBES if pod.is_probed else {}
    result: Resource = {
        "admin": {"address": socket_address("127.0.0.1", ADMIN_PORT)},
        "dynamic_resources": {
            "lds_config": _files("xds/lds.json"),
            "cds_config": _files("xds/cds.json"),
        },
        "static_resources": {
            "listeners": [_probe_listener(kind, router_name) for kind in probes],
            "clusters": [
                _controller_cluster(),
                *(static_cluster(f"{kind}_cluster", pod.port) for kind in probes),
            ],
        },
    }
    if node_id:
        result["node"] = {"id": node_id}
    return result


def controller_secrets(pod: Pod, authority: CertificateAuthority) -> dict[str, Resource]:
    """The files by which a sidecar authenticates to the controller, by path."""
    pair = authority.issue(f"{pod.proxy_uuid}.sidecar.{pod.principal}")
    return {
        _TLS_PATH: certificate_secret("tls_sds", pair),
        _VALIDATION_PATH: validation_secret("validation_context_sds", authority.root, []),
    }


_TLS_PATH = "bootstrap/tls_certificate_sds_secret.json"
_VALIDATION_PATH = "bootstrap/validation_context_sds_secret.json"


def _files(path: str) -> Resource:
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def _controller_cluster() -> Resource:
    return {
        "name": "osm-controller",
        "type": "LOGICAL_DNS",
        "typed_extension_protocol_options": http_options(
            explicit_http_config={"http2_protocol_options": {}}
        ),
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": typed(
                "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                common_tls_context={
                    "alpn_protocols": ["h2"],
                    "tls_params": {
                        "tls_minimum_protocol_version": "TLSv1_2",
                        "tls_maximum_protocol_version": "TLSv1_3",
                    },
                    "tls_certificate_sds_secret_configs": [
                        {"name": "tls_sds", "sds_config": _files(_TLS_PATH)}
                    ],
                    "validation_context_sds_secret_config": {
                        "name": "validation_context_sds",
                        "sds_config": _files(_VALIDATION_PATH),
                    },
                },
            ),
        },
        "load_assignment": load_assignment(
            "osm-controller", [endpoint(CONTROLLER, CONTROLLER_PORT)]
        ),
    }


def _probe_listener(kind: str, router_name: str) -> Resource:
    route = {
        "match": {"prefix": f"/osm-{kind}-probe"},
        "route": {
            "cluster": f"{kind}_cluster",
            "prefix_rewrite": f"/{kind}",
            "timeout": "1s",
        },
    }
    virtual_host = {"name": "local_service", "domains": ["*"], "routes": [route]}
    connection_manager = typed(
        filters.CONNECTION_MANAGER,
        stat_prefix="health_probes_http",
        route_config={"name": "local_route", "virtual_hosts": [virtual_host]},
        http_filters=[filters.router(router_name)],
    )
    return {
        "name": f"{kind}_listener",
        "address": socket_address("0.0.0.0", PROBES[kind]),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": connection_manager,
                    }
                ]
            }
        ],
    }
