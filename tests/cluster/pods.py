"""Pods whose ports lead to an Envoy, made for a test."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from osmscope.errors import UnreachableError
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubernetes import Cluster as Live
from osmscope.source.kubernetes_lists import PodFacts
from tests.cluster.api import wait_until
from tests.cluster.running import Address, Cluster

DEADLINE = 20.0


def add_pod(
    cluster: Cluster, name: str, admin: Address, *, is_open: bool = True, **fields: object
) -> None:
    """Make a pod, and wait until KWOK knows where its port leads."""
    cluster.add_pod(name, admin=admin, **fields)  # type: ignore[arg-type]
    port = int(fields.get("admin_port", 15000))  # type: ignore[call-overload]
    with Live(find_credentials(str(cluster.kubeconfig("operator"))), deadline=DEADLINE) as live:
        facts = live.pod("default", name)
        assert facts is not None
        wait_until(lambda: leads(live, facts, port, is_open), f"port {port} of {name} leads on")


def leads(live: Live, facts: PodFacts, port: int, is_open: bool) -> bool:
    """Whether a connection stays open, or is refused by the one it leads to."""
    try:
        with live.forward(facts, port) as address:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(0.3)
                connection.connect(address.removeprefix("unix://"))
                try:
                    closed = connection.recv(1) == b""
                except TimeoutError:
                    closed = False
            if closed:
                raise UnreachableError("closed")
            return True
    except UnreachableError as error:
        return not is_open and "nothing listens" in error.message


@contextmanager
def silent_admin() -> Iterator[int]:
    """A server that takes a question and never answers; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
