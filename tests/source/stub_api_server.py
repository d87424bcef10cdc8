"""An API server that answers what it is told to: for what a real one does not do when asked.

The real one is in tests/cluster.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = tuple[int, bytes]
"""Status and body."""


class StubApiServer:
    """What it was asked, and the kubeconfig that leads to it."""

    def __init__(self, address: str, answer: Callable[[str], Answer]) -> None:
        self.address = address
        self.answer = answer
        self.asked: list[str] = []

    def kubeconfig(self, path: Path, **user: object) -> str:
        """Write a kubeconfig of one context, with this user."""
        content = {
            "current-context": "stub",
            "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}],
            "clusters": [{"name": "stub", "cluster": {"server": self.address}}],
            "users": [{"name": "stub", "user": user}],
        }
        path.write_text(json.dumps(content))
        return str(path)


@contextmanager
def stub_api_server(answer: Callable[[str], Answer]) -> Iterator[StubApiServer]:
    """Run one on loopback.

    Args:
        answer: From a path with its query to what is answered.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            stub.asked.append(self.path)
            status, body = stub.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        stub = StubApiServer(f"http://127.0.0.1:{server.server_address[1]}", answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()


def pod(name: str, namespace: str = "default", **spec: object) -> dict[str, object]:
    """A pod, as an API server lists it."""
    owner = {"kind": "ReplicaSet", "name": f"{name}-5ccf77f46d"}
    return {
        "metadata": {
            "name": f"{name}-5ccf77f46d-rc5mg", "namespace": namespace, "ownerReferences": [owner],
        },
        "spec": spec,
        "status": {"phase": "Running", "podIP": "10.244.0.5"},
    }  # fmt: skip


def listed(*items: object, further: str = "") -> bytes:
    """A page of a list."""
    return json.dumps({"items": items, "metadata": {"continue": further}}).encode()
