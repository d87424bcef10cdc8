"""Finishes drawn configurations for a real Envoy: bootstrap, LDS and CDS files of one batch.

Each case is a listener of its own on a port that the kernel chooses. The files come by way of file
discovery, because Envoy then refuses a bad listener alone; a bad static one ends the process.
"""

import json
from pathlib import Path
from typing import Any

from tests.oracle.case import Case

Json = dict[str, Any]

TYPES = "type.googleapis.com/envoy"
FILTERS = f"{TYPES}.extensions.filters"
MANAGER = f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"
TCP_PROXY = f"{FILTERS}.network.tcp_proxy.v3.TcpProxy"
ROUTER = f"{FILTERS}.http.router.v3.Router"
DOWNSTREAM_TLS = f"{TYPES}.extensions.transport_sockets.tls.v3.DownstreamTlsContext"

SHARED_CLUSTERS = {"alpha": 1, "beta": 1, "gamma": 2, "empty": 0}
"""Every case may name them; how many endpoints each has."""

LOG_FIELDS = {
    "key": "%DOWNSTREAM_DIRECT_REMOTE_PORT%",
    "filter_chain": "%FILTER_CHAIN_NAME%",
    "route": "%ROUTE_NAME%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "endpoint": "%UPSTREAM_HOST%",
    "code": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "location": "%RESP(LOCATION)%",
    "term": "%CONNECTION_TERMINATION_DETAILS%",
    "local_close": "%DOWNSTREAM_LOCAL_CLOSE_REASON%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "upstream_protocol": "%UPSTREAM_PROTOCOL%",
    "virtual_cluster": "%VIRTUAL_CLUSTER_NAME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}
"""The direct remote port is that of the client's own socket: each request has another."""


def endpoint(address: str, **fields: Any) -> Json:
    """Return an endpoint that the stand-in answers for."""
    return {"endpoint": {"address": {"socket_address": {"address": address}}}, **fields}


PEERS = {
    "name": "peers",
    "load_assignment": {
        "endpoints": [
            {
                "locality": {"region": "r1", "zone": zone},
                "lb_endpoints": [endpoint(f"127.9.200.{at}") for at in numbers],
            }
            for zone, numbers in {"z1": (1, 2), "z2": (3,), "z3": (4,)}.items()
        ]
    },
}
"""The local cluster: with it, Envoy prefers the endpoints of its own zone, which is z1."""

SECRETS = [{"name": "secret", "generic_secret": {"secret": {"inline_string": "only-for-tests"}}}]


_BY_SDS = '"sds_config": {}'
"""How a cluster says that a secret comes by SDS."""


def listener_name(number: int) -> str:
    """Return the name of the listener that holds a case."""
    return f"case-{number}"


class EnvoyFiles:
    """The files of one Envoy, in one folder."""

    def __init__(self, folder: Path, endpoint_port: int, more: Json | None = None) -> None:
        self.folder = folder
        self._port = endpoint_port
        self._more = more or {}

    def write(self, cases: list[Case]) -> Path:
        """Write all files; return the bootstrap."""
        shared = [_shared(name, count, at) for at, (name, count) in enumerate(_shared_items())]
        clusters = [self._cluster(one, 0) for one in shared]
        clusters += [self._cluster(one, n) for n, case in enumerate(cases) for one in case.clusters]
        listeners = [self._listener(case, number) for number, case in enumerate(cases)]
        for number, case in enumerate(cases):
            for table in case.tables:
                finished = {"@type": f"{TYPES}.config.route.v3.RouteConfiguration", **table}
                finished = _numbered(finished, number)
                self._discovery(finished["name"], [finished])
        kind = {"@type": f"{TYPES}.config.cluster.v3.Cluster"}
        self._discovery("cds", [kind | one for one in clusters])
        self._discovery("lds", listeners)
        self._discovery("secrets", [self._secret()])
        bootstrap = self.folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(self._bootstrap()))
        return bootstrap

    def _bootstrap(self) -> Json:
        sources = {f"{name}_config": self._source(name) for name in ("cds", "lds")}
        locality = {"region": "r1", "zone": "z1"}
        return {
            "node": {"id": "oracle", "cluster": "tests", "locality": locality},
            "admin": {"address": {"pipe": {"path": str(self.folder / "admin.sock")}}},
            "dynamic_resources": sources,
            "cluster_manager": {"local_cluster_name": "peers"},
            "static_resources": {"clusters": [self._cluster(PEERS, 0)], "secrets": SECRETS},
            **self._more,
        }

    def _secret(self) -> Json:
        """Return the one secret that SDS delivers, whoever asks for which."""
        file = {"filename": str(self.folder / "dns.pem")}
        certificate = {"certificate_chain": file, "private_key": file}
        kind = f"{TYPES}.extensions.transport_sockets.tls.v3.Secret"
        return {"@type": kind, "name": "here", "tls_certificate": certificate}

    def _discovery(self, name: str, resources: list[Json]) -> None:
        response = {"version_info": "1", "resources": resources}
        (self.folder / f"{name}.json").write_text(json.dumps(response))

    def _source(self, name: str) -> Json:
        path = str(self.folder / f"{name}.json")
        return {"resource_api_version": "V3", "path_config_source": {"path": path}}

    def _cluster(self, cluster: Json, number: int) -> Json:
        awaiting = json.dumps({"sds_config": self._source("secrets")})[1:-1]
        finished = json.loads(json.dumps(_numbered(cluster, number)).replace(_BY_SDS, awaiting))
        for locality in finished.get("load_assignment", {}).get("endpoints", ()):
            for endpoint in locality.get("lb_endpoints", ()):
                address = endpoint["endpoint"]["address"]["socket_address"]
                address.setdefault("port_value", self._port)
        if not {"type", "cluster_type"} & finished.keys():
            finished |= {"type": "STATIC"}
            finished.setdefault("load_assignment", {})
        if "load_assignment" in finished:
            finished["load_assignment"]["cluster_name"] = finished["name"]
        if finished.get("type") == "EDS" and "load_assignment" in finished:
            finished |= self._discovered(finished.pop("load_assignment"))
        return {"connect_timeout": "2s", **finished}

    def _discovered(self, load_assignment: Json) -> Json:
        """Give endpoints by EDS; return where the cluster finds them."""
        name = f"endpoints-{load_assignment['cluster_name']}"
        kind = f"{TYPES}.config.endpoint.v3.ClusterLoadAssignment"
        self._discovery(name, [{"@type": kind, **load_assignment}])
        return {"eds_cluster_config": {"eds_config": self._source(name)}}

    def _listener(self, case: Case, number: int) -> Json:
        listener = _numbered(case.listener, number)
        chains = [*listener.get("filter_chains", ())]
        chains += [listener["default_filter_chain"]] if "default_filter_chain" in listener else []
        for chain in chains:
            for network_filter in chain.get("filters", ()):
                self._finish_filter(network_filter["typed_config"])
            if "transport_socket" in chain:
                self._finish_tls(chain["transport_socket"]["typed_config"])
        proxy_protocol = {
            "name": "proxy_protocol",
            "typed_config": {"@type": f"{FILTERS}.listener.proxy_protocol.v3.ProxyProtocol"},
        }
        return {
            "@type": f"{TYPES}.config.listener.v3.Listener",
            **listener,
            "name": listener_name(number),
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "listener_filters": [proxy_protocol, *listener.get("listener_filters", ())],
            "access_log": [self._access_log("listener")],
        }

    def _finish_filter(self, config: Json) -> None:
        if config["@type"] == MANAGER:
            config.setdefault("stat_prefix", "http")
            router = {"name": "router", "typed_config": {"@type": ROUTER}}
            filters = config.get("http_filters", [])
            if not filters or filters[-1].get("typed_config", {}).get("@type") != ROUTER:
                config["http_filters"] = [*filters, router]
            config["access_log"] = [self._access_log("http")]
            if "rds" in config:
                name = config["rds"]["route_config_name"]
                config["rds"]["config_source"] = self._source(name)
        elif config["@type"] == TCP_PROXY:
            config.setdefault("stat_prefix", "tcp")
            config["access_log"] = [self._access_log("tcp")]
        elif ".network." in config["@type"]:
            config.setdefault("stat_prefix", "network")

    def _finish_tls(self, config: Json) -> None:
        server = {"filename": str(self.folder / "server.pem")}
        settings = config.setdefault("common_tls_context", {})
        settings["tls_certificates"] = [{"certificate_chain": server, "private_key": server}]
        if "validation_context" in settings:
            authority = {"filename": str(self.folder / "ca.pem")}
            settings["validation_context"]["trusted_ca"] = authority

    def _access_log(self, kind: str) -> Json:
        return {
            "name": "oracle",
            "typed_config": {
                "@type": f"{TYPES}.extensions.access_loggers.file.v3.FileAccessLog",
                "path": str(self.folder / "access.log"),
                "log_format": {"json_format": {"kind": kind} | LOG_FIELDS},
            },
        }


def _numbered(value: Json, number: int) -> Json:
    finished: Json = json.loads(json.dumps(value).replace("CONFIG", str(number)))
    return finished


def _shared_items() -> list[tuple[str, int]]:
    return list(SHARED_CLUSTERS.items())


def _shared(name: str, count: int, at: int) -> Json:
    endpoints = [endpoint(f"127.9.{at}.{number + 1}") for number in range(count)]
    return {"name": name, "load_assignment": {"endpoints": [{"lb_endpoints": endpoints}]}}
