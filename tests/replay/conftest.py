"""Logs made of what the recorded mesh's sidecars logged, and replays of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.replay.replaying import Replay, Replayed
from osmscope.resources.proxy import Proxy
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.tracer import Tracer

BOOKSTORE = Path(__file__).parents[2] / "fixtures" / "bookstore"

Line = dict[str, object]
Edit = Callable[[str], str]


def osm_line(happening: Mapping[str, Mapping[str, object]], side: str) -> Line:
    """What OSM's own access log format makes of a recorded request: its keys and no others."""
    asked, fact = happening["request"], happening[side]
    http = fact["logger"] == "http" and fact["details"] != "http1.codec_error"
    headers = {name.lower(): text for name, text in dict(asked.get("headers") or {}).items()}
    return {
        "start_time": "2026-11-22T21:06:29.000Z",
        "method": asked.get("method") if http else None,
        "path": asked.get("path") if http else None,
        "protocol": "HTTP/1.1" if http else None,
        "response_code": fact["code"],
        "response_code_details": fact["details"],
        "response_flags": ",".join(fact["flags"]) or "-",
        "bytes_received": 0,
        "bytes_sent": 12,
        "duration": 3,
        "time_to_first_byte": 2,
        "upstream_service_time": None,
        "x_forwarded_for": None,
        "user_agent": headers.get("user-agent") if http else None,
        "request_id": happening["id"],
        "requested_server_name": fact["sni"],
        "authority": asked.get("host") if http else None,
        "upstream_cluster": fact["cluster"],
        "upstream_host": fact["endpoint"],
    }


def mesh_line(happening: Mapping[str, Mapping[str, object]], side: str) -> Line:
    """What the mesh's own format, which is in its dumps, makes of it: beyond OSM's, decisions."""
    fact = happening[side]
    return {
        **osm_line(happening, side),
        "virtual_host": fact["virtual_host"],
        "route": fact["route"],
        "upstream_cluster_raw": fact["cluster"],
        "connection_termination_details": fact["term"],
        "downstream_peer": fact["peer"],
        "downstream_remote_address": fact["downstream_remote"],
        "downstream_local_address": fact["downstream_local"],
    }


class Mesh:
    """The recorded mesh: its sidecars' logs, and replays against their dumps."""

    def __init__(self) -> None:
        text = (BOOKSTORE / "requests.jsonl").read_text()
        self.happenings = [json.loads(line) for line in text.splitlines()]
        manifest = json.loads((BOOKSTORE / "manifest.json").read_text())
        self.folders = {pod["name"]: BOOKSTORE / pod["folder"] for pod in manifest["pods"]}
        self.addresses = {
            pod["metadata"]["name"]: pod["status"]["podIP"]
            for pod in json.loads((BOOKSTORE / "pods.json").read_text())["items"]
        }

    def log(self, pod: str, *, full: bool = False) -> list[bytes]:
        """One pod's log, of both its sides."""
        line = mesh_line if full else osm_line
        lines = []
        for happening in self.happenings:
            for side in ("client", "server"):
                fact = happening[side]
                place = happening["pod"] if side == "client" else fact and fact["pod"]
                if fact and place.endswith(f"/{pod}"):
                    lines.append(json.dumps(line(happening, side)).encode())
        return lines

    def pod(self, start: str) -> str:
        """The first pod whose name starts so."""
        return next(name for name in self.folders if name.startswith(start))

    def replay(self, pod: str, lines: list[bytes], edit: Edit = str) -> Replayed:
        """Replay lines against a pod's dump, its text changed."""
        folder = self.folders[pod]
        text = edit((folder / "config_dump.json").read_text())
        clusters = read_clusters((folder / "clusters.json").read_bytes(), where="clusters")
        proxy = Proxy(Dump.read(text.encode(), where="a dump"), clusters)
        completion = Completion(Destinations(proxy), self.addresses[pod])
        replay = Replay(proxy, Tracer(proxy), completion, address=self.addresses[pod])
        return replay.run(lines, where="a log")


@pytest.fixture(scope="session")
def mesh() -> Mesh:
    """The recorded mesh."""
    return Mesh()
