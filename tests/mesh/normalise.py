"""What two recordings of a mesh have in common, and where they differ beyond that.

Normalised away: times, certificates and serial numbers, request ids, the ports a kernel chose,
sizes of answers (they hold names of pods), the order of what Envoy keeps in hash tables, and lots:
which backend of a split or which pod of a service a request went to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.mesh.demo import MESHES
from tests.mesh.topology import Mesh, Service

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_VOLATILE = {
    "content-length",
    "date",
    "days_until_expiration",
    "expiration_time",
    "last_updated",
    "recorded_at",
    "serial_number",
    "uptime_all_epochs",
    "uptime_current_epoch",
    "valid_from",
    "x-envoy-upstream-service-time",
    "x-request-id",
}
_UNORDERED = {
    "certificates",
    "cluster_statuses",
    "dynamic_active_clusters",
    "dynamic_active_secrets",
    "dynamic_endpoint_configs",
    "dynamic_listeners",
    "dynamic_route_configs",
    "listener_statuses",
    "static_clusters",
    "static_endpoint_configs",
    "static_listeners",
    "static_route_configs",
}
_CHOSEN_PORTS = {"downstream_remote", "upstream_local"}
_PLACEHOLDER = "…"
_REDACTED = "W3JlZGFjdGVkXQ=="


def differences(first: Path, second: Path) -> Iterator[str]:
    """Where two recordings differ after normalisation, one line each; README files aside."""
    paths = sorted({*_files(first), *_files(second)})
    for path in paths:
        if not ((first / path).exists() and (second / path).exists()):
            yield f"{path}: only in {first if (first / path).exists() else second}"
            continue
        before, after = (normalised(folder / path) for folder in (first, second))
        yield from (f"{path}{where}" for where in _compare(before, after, ""))


def normalised(path: Path) -> Json:
    """The content of one recorded file without what differs from run to run."""
    text = path.read_text()
    if path.name == "requests.jsonl":
        mesh = _mesh_of(path.parent)
        return [_request(mesh, json.loads(line)) for line in text.splitlines()]
    content = json.loads(text)
    if path.name == "shares.json":
        return _shares(content)
    return _value(content)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.json*"):
        yield path.relative_to(folder)


def _mesh_of(folder: Path) -> Mesh:
    manifest = json.loads((folder / "manifest.json").read_text())
    return next(mesh for mesh in MESHES.values() if mesh.release == manifest["release"])


# --- Values -----------------------------------------------------------------------------------


def _value(value: Json, key: str = "") -> Json:
    if isinstance(value, dict):
        return {name: _value(item, name) for name, item in value.items()}
    if isinstance(value, list) and key not in _VOLATILE:
        items = [_value(item, key) for item in value]
        return sorted(items, key=_text) if key in _UNORDERED else items
    return _leaf(value, key)


def _leaf(value: Json, key: str) -> Json:
    if key in _VOLATILE or (isinstance(value, str) and value.startswith("date: ")):
        return _PLACEHOLDER
    if key == "inline_bytes" and value != _REDACTED:
        return _PLACEHOLDER
    if key in _CHOSEN_PORTS and isinstance(value, str):
        return f"{value.partition(':')[0]}:{_PLACEHOLDER}"
    return value


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


# --- Lots -------------------------------------------------------------------------------------


def _request(mesh: Mesh, happening: dict[str, Json]) -> Json:
    if happening["is_lot"]:
        return _value(happening["request"])
    text = _text(_value(happening))
    client = happening["client"]
    service = _service_of(mesh, client) if isinstance(client, dict) else None
    if service is not None:
        for name in _drawn_names(mesh, service):
            text = re.sub(rf"{re.escape(name)}(?!\d)", _PLACEHOLDER, text)
    result: Json = json.loads(text)
    return result


def _service_of(mesh: Mesh, client: dict[str, Json]) -> Service | None:
    host = str(client["virtual_host"]).partition("|")[2]
    return next((s for s in mesh.services if host in s.domains(bare_name=True)), None)


def _drawn_names(mesh: Mesh, service: Service) -> list[str]:
    """Names in whose place another draw would have put others, the longest first."""
    backends = [mesh.service(key) for key in mesh.backends(service)]
    pods = [pod for backend in backends for pod in mesh.pods_of(backend)]
    if len(pods) == 1:
        return []
    names = [name for pod in pods for name in (pod.name, pod.ip)]
    names += [backend.name for backend in backends] if len(backends) > 1 else []
    return sorted(names, key=len, reverse=True)


def _shares(content: dict[str, Json]) -> Json:
    result = {key: _value(value) for key, value in content.items()}
    for key in ("clusters", "endpoints"):
        counts = content[key]
        assert isinstance(counts, dict)
        result[key] = list(sorted(counts))
    return result


# --- Comparison -------------------------------------------------------------------------------


def _compare(before: Json, after: Json, where: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _compare(before.get(key), after.get(key), f"{where}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from _compare(*pair, f"{where}[{index}]")
    elif before != after:
        yield f"{where}: {_text(before)[:200]} is now {_text(after)[:200]}"
