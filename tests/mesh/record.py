"""Start a mesh, save what its sidecars say of themselves, send requests, save what happened."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.mesh import requests09, requests12
from tests.mesh.correlation import Happening, happening
from tests.mesh.errors import MeshError
from tests.mesh.kubernetes import manifests
from tests.mesh.requests import Request, split
from tests.mesh.running import Answer, RunningMesh, running_mesh
from tests.mesh.topology import TRUST_DOMAIN, Release

SHARED_REQUESTS = 200
REQUESTS: dict[Release, list[Request]] = {"1.2": requests12.REQUESTS, "0.9": requests09.REQUESTS}

SETTLE_SECONDS = 1.5
"""Until every closed connection has its line in the access logs."""

ADMIN_PAGES = {
    "config_dump.json": "/config_dump?include_eds",
    "clusters.json": "/clusters?format=json",
    "listeners.json": "/listeners?format=json",
    "server_info.json": "/server_info",
    "certs.json": "/certs",
}
_PRIVATE_KEYS = ("PRIVATE KEY", "LS0tLS1CRUdJTiBQUklWQVRF")


def record(release: Release, folder: Path) -> int:
    """Run the mesh of a release and save it in ``folder``; what was saved there before goes.

    Returns:
        How many requests were sent, the counted ones aside.

    Raises:
        MeshError: The mesh did not run; ``folder`` is as it was.
    """
    with tempfile.TemporaryDirectory(prefix="osmscope-record-") as name:
        saved = Path(name)
        with running_mesh(release) as running:
            save(running, saved)
            happenings = send_all(running, REQUESTS[release])
            shares = count_shares(running)
        _write(saved / "requests.jsonl", "".join(json.dumps(h) + "\n" for h in happenings))
        _write_json(saved / "shares.json", shares)
        _clear(folder)
        shutil.copytree(saved, folder, dirs_exist_ok=True)
    return len(happenings)


def save(running: RunningMesh, folder: Path) -> None:
    """Save what a running mesh is and says of itself, as ``--from`` reads it.

    Raises:
        MeshError: A sidecar does not answer, or shows a private key.
    """
    pages = _admin_pages(running)
    for path, text in pages.items():
        _write(folder / path, text)
    for name, manifest in manifests(running.mesh).items():
        _write_json(folder / name, manifest)
    _write_json(folder / "manifest.json", _manifest(running, pages))


def send_all(running: RunningMesh, requests: list[Request]) -> list[Happening]:
    """Send requests one after the other and tell what each sidecar made of each."""
    sent: list[tuple[Request, Answer, Answer]] = []
    for number, request in enumerate(requests, 1):
        fields = request.fields(running.mesh, f"q{number:03}")
        sent.append((request, fields, _send(running, request, fields)))
    time.sleep(SETTLE_SECONDS)
    logs = {name: pod.access_log() for name, pod in running.pods.items()}
    return [happening(running.mesh, logs, *each) for each in sent]


def _send(running: RunningMesh, request: Request, fields: Answer) -> Answer:
    return running.send(
        request.client, {**fields, "waits_for_greeting": request.waits_for_greeting}
    )


def count_shares(running: RunningMesh) -> dict[str, object]:
    """Send many equal requests to the root of the traffic split and count where they go."""
    (request,) = split(1)
    for number in range(SHARED_REQUESTS):
        _send(running, request, request.fields(running.mesh, f"share-{number}"))
    time.sleep(SETTLE_SECONDS)
    lines = [
        line
        for line in running.pod(request.client).access_log()
        if str(line["mesh_request"]).startswith("share-")
    ]
    return {
        "schema": 1,
        "pod": running.pod(request.client).pod.name,
        "request": request.fields(running.mesh, "share"),
        "sent": SHARED_REQUESTS,
        "clusters": _counts(lines, "upstream_cluster_raw"),
        "endpoints": _counts(lines, "upstream_host"),
    }


def _counts(lines: list[dict[str, object]], key: str) -> dict[str, int]:
    return dict(sorted(Counter(str(line[key]) for line in lines).items()))


def _admin_pages(running: RunningMesh) -> dict[str, str]:
    pages = {}
    for pod in running.pods.values():
        for name, path in ADMIN_PAGES.items():
            text = pod.admin(path)
            if any(mark in text for mark in _PRIVATE_KEYS):
                raise MeshError(f"{pod.pod.name}: {path} shows a private key")
            pages[f"pods/{pod.pod.namespace}/{pod.pod.name}/{name}"] = text
    return pages


def _manifest(running: RunningMesh, pages: dict[str, str]) -> dict[str, object]:
    mesh = running.mesh
    server_info = json.loads(
        next(text for path, text in pages.items() if path.endswith("server_info.json"))
    )
    return {
        "schema": 1,
        "name": mesh.name,
        "mesh": "osm",
        "release": mesh.release,
        "trust_domain": TRUST_DOMAIN,
        "envoy": server_info["version"].split("/")[1],
        "recorded_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "pods": [
            {
                "namespace": pod.namespace,
                "name": pod.name,
                "ip": pod.ip,
                "folder": f"pods/{pod.namespace}/{pod.name}",
            }
            for pod in mesh.pods
        ],
    }


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name == "README.md":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write_json(path: Path, content: object) -> None:
    _write(path, json.dumps(content, indent=1))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text.endswith("\n") else text + "\n")
