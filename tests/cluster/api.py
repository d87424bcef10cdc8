"""The API server as its administrator sees it: a few requests over HTTP.

Decision: not through kr8s, which is what osmscope asks with: the tests prepare and look on their
own way.
"""

from __future__ import annotations

import copy
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.cluster import objects
from tests.cluster.errors import ClusterError
from tests.cluster.objects import Manifest

_CONFLICT = 409
_NOT_FOUND = 404


class Api:
    """Writes and reads any object, as a member of system:masters."""

    def __init__(self, server: str, root: Path, certificate: tuple[Path, Path]) -> None:
        context = ssl.create_default_context(cafile=str(root))
        context.load_cert_chain(*map(str, certificate))
        self._client = httpx.Client(base_url=server, verify=context, timeout=30, trust_env=False)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def is_ready(self, *, seconds: float = 5.0) -> bool:
        """Whether the API server says, in time, that it is ready."""
        try:
            return self._client.get("/readyz", timeout=seconds).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def request(self, method: str, path: str, body: Manifest | None = None) -> Manifest:
        """Send a request and return what the API server answers.

        Raises:
            ClusterError: It refuses.
        """
        response = self._client.request(method, path, json=body)
        if response.is_error:
            raise ClusterError(f"{method} {path}: {response.status_code}: {response.text}")
        answer: Manifest = response.json()
        return answer

    def create(self, manifest: Manifest) -> Manifest:
        """Create an object, or put it in the place of one of this name; and set its status.

        Raises:
            ClusterError: The API server refuses it.
        """
        manifest = copy.deepcopy(manifest)
        status = manifest.pop("status", None)
        path = objects.collection(str(manifest["kind"]), _meta(manifest, "namespace"))
        name = _meta(manifest, "name")
        response = self._client.post(path, json=manifest)
        if response.status_code == _CONFLICT:
            self.delete(str(manifest["kind"]), name, _meta(manifest, "namespace"))
            response = self._client.post(path, json=manifest)
        if response.is_error:
            raise ClusterError(f"{path}/{name}: {response.status_code}: {response.text}")
        created: Manifest = response.json()
        if not status:
            return created
        return self.request("PUT", f"{path}/{name}/status", created | {"status": status})

    def get(self, kind: str, name: str, namespace: str = "") -> Manifest:
        """An object.

        Raises:
            ClusterError: There is none.
        """
        return self.request("GET", f"{objects.collection(kind, namespace)}/{name}")

    def exists(self, path: str) -> bool:
        """Whether there is something at a path."""
        return self._client.get(path).status_code != _NOT_FOUND

    def list(self, kind: str, namespace: str = "") -> list[Manifest]:
        """All objects of a kind."""
        items = self.request("GET", objects.collection(kind, namespace))["items"]
        assert isinstance(items, list)
        return items

    def delete(self, kind: str, name: str, namespace: str = "", *, grace: int = 0) -> None:
        """Delete an object, and return when it is gone; one that is not there is no error."""
        path = f"{objects.collection(kind, namespace)}/{name}"
        body = {"gracePeriodSeconds": grace, "propagationPolicy": "Background"}
        response = self._client.request("DELETE", path, json=body)
        if response.is_error and response.status_code != _NOT_FOUND:
            raise ClusterError(f"DELETE {path}: {response.status_code}: {response.text}")
        wait_until(lambda: not self.exists(path), f"{path} is gone")

    def delete_all(self, kind: str, namespace: str) -> None:
        """Delete all objects of a kind in a namespace, and return when they are gone."""
        self.request("DELETE", objects.collection(kind, namespace), {"gracePeriodSeconds": 0})
        wait_until(lambda: not self.list(kind, namespace), f"{kind}s of {namespace} are gone")


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Wait until something is so.

    Raises:
        ClusterError: It is not, in time.
    """
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise ClusterError(f"not within {seconds:g} seconds: {what}")
        time.sleep(0.05)


def _meta(manifest: Manifest, key: str) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata.get(key, ""))
