"""Which lines of which sidecars tell of one request.

The client sidecar's lines are those whose downstream peer is the application's socket. The server
sidecar's are those with the request's own header or, where a connection carries no HTTP, those
whose downstream peer is the socket from which the client's sidecar connected.
"""

from __future__ import annotations

from tests.mesh.requests import Request
from tests.mesh.topology import Mesh

Line = dict[str, object]
Happening = dict[str, object]

_BEST_FIRST = ("http", "tcp", "listener")


def happening(
    mesh: Mesh, logs: dict[str, list[Line]], request: Request, fields: Line, answer: Line
) -> Happening:
    """One request with what its client saw and what both sidecars logged; null where none did."""
    client_pod = mesh.pod(request.client)
    source = f"{client_pod.ip}:{answer.get('src_port')}"
    client = _best(
        [line for line in logs[client_pod.name] if line["downstream_remote_address"] == source]
    )
    return {
        "schema": 1,
        "id": fields["id"],
        "note": request.note,
        "pod": f"{client_pod.namespace}/{client_pod.name}",
        "is_lot": request.is_lot,
        "request": fields,
        "answer": {key: value for key, value in answer.items() if key != "src_port"},
        "client": client and decision(client),
        "server": client and _server(mesh, logs, client),
    }


def decision(line: Line) -> Line:
    """What a log line says that was decided."""
    flags = str(line["response_flags"])
    return {
        "logger": line["logger"],
        "filter_chain": line["filter_chain"],
        "virtual_host": line["virtual_host"],
        "route": line["route"],
        "cluster": line["upstream_cluster_raw"],
        "endpoint": line["upstream_host"],
        "code": line["response_code"],
        "flags": [] if flags == "-" else flags.split(","),
        "details": line["response_code_details"],
        "term": line["connection_termination_details"],
        "upstream_failure": line["upstream_transport_failure_reason"],
        "downstream_failure": line["downstream_transport_failure_reason"],
        "sni": line["requested_server_name"],
        "peer": line["downstream_peer"],
        "downstream_remote": line["downstream_remote_address"],
        "downstream_local": line["downstream_local_address"],
        "upstream_local": line["upstream_local_address"],
    }


def _server(mesh: Mesh, logs: dict[str, list[Line]], client: Line) -> Line | None:
    address = str(client["upstream_host"]).partition(":")[0]
    pod = next((pod for pod in mesh.pods if pod.ip == address), None)
    if pod is None:
        return None
    others = [line for line in logs[pod.name] if line is not client]
    identifier = client["mesh_request"]
    by_header = [line for line in others if identifier and line["mesh_request"] == identifier]
    source = client["upstream_local_address"]
    by_address = [line for line in others if source and line["downstream_remote_address"] == source]
    line = _best(by_header) or _best(by_address)
    return line and {"pod": f"{pod.namespace}/{pod.name}", **decision(line)}


def _best(lines: list[Line]) -> Line | None:
    return min(lines, key=lambda line: _BEST_FIRST.index(str(line["logger"])), default=None)
