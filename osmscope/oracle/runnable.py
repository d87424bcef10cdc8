"""From a sidecar to a bootstrap that runs on loopback, and the list of what was taken out.

Decision: everything is static. Nothing is discovered, resolved or reported, so the copy speaks with
nobody but the one who asks it and the stand-in for its endpoints.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from osmscope.oracle.confinement import Confinement
from osmscope.oracle.json_tree import Json, message
from osmscope.oracle.runnable_cluster import ClusterCopies, put_addresses
from osmscope.oracle.runnable_http import HttpCopies
from osmscope.oracle.runnable_listener import ListenerCopies
from osmscope.oracle.runnable_tls import TlsCopies
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from osmscope.resources.proxy import Proxy

ADMIN_SOCKET = "admin.sock"
ACCESS_LOG = "access.log"


class Runnable(msgspec.Struct, kw_only=True):
    """A copy of a sidecar, ready for Envoy but for the addresses of its endpoints."""

    bootstrap: Json
    entries: dict[str, str]
    """Listener → the loopback address that its copy listens at."""
    endpoints: list[str]
    """The real address of each endpoint, "" where the dump does not tell it."""
    taken_out: list[str]
    """What the copy lacks, in words."""

    def with_addresses(self, addresses: tuple[str, ...]) -> Json:
        """Finish the bootstrap.

        Args:
            addresses: Where the stand-in answers for each endpoint.
        """
        clusters = message(self.bootstrap, "static_resources")["clusters"]
        assert isinstance(clusters, list)
        put_addresses(clusters, addresses)
        return self.bootstrap


def runnable(proxy: Proxy, keys: ThrowAwayKeys, folder: Path) -> Runnable:
    """Make a copy of a sidecar that runs on loopback.

    Args:
        proxy: The sidecar.
        keys: What TLS in the copy goes by.
        folder: Where Envoy's socket and log will be.

    Raises:
        DumpError: A resource cannot be read.
        NotComparableError: It cannot be run without doing more than to decide requests.
    """
    taken_out: list[str] = []

    def note(what: str) -> None:
        if what not in taken_out:
            taken_out.append(what)

    log = str(folder / ACCESS_LOG)
    tls = TlsCopies(proxy, keys.server, keys.trusted.root, note)
    listeners = ListenerCopies(HttpCopies(proxy, log, note), tls, log, note)
    bodies = [message(msgspec.json.decode(entry.body)) for entry in proxy.listener_entries]
    copies, entries = listeners.copies(proxy.listeners, bodies)
    clusters = ClusterCopies(proxy)
    static = Confinement(log, note).confined({"listeners": copies, "clusters": clusters.copies()})
    counted = [
        f"{what} (of {count} clusters)" if count > 1 else what
        for what, count in clusters.taken_out.items()
    ]
    return Runnable(
        bootstrap=_bootstrap(proxy, static, folder),
        entries=entries,
        endpoints=clusters.endpoints.real,
        taken_out=[*taken_out, *counted],
    )


def _bootstrap(proxy: Proxy, static: Json, folder: Path) -> Json:
    node = proxy.dump.node()
    identity: Json = {"id": node.id or "osmscope", "cluster": node.cluster or "osmscope"}
    for name, raw in (("locality", node.locality), ("metadata", node.metadata)):
        if raw is not None and bytes(raw):
            identity[name] = msgspec.json.decode(raw)
    runtime = {"name": "dump", "static_layer": proxy.runtime}
    # What was in use in 2021 is still understood, but only on demand.
    features = {"envoy.features.enable_all_deprecated_features": True}
    allowed = {"name": "osmscope", "static_layer": features}
    asked: Json = {"name": "asked", "admin_layer": {}}  # the runtime keys that a request sets
    bootstrap: Json = {
        "node": identity,
        "admin": {"address": {"pipe": {"path": str(folder / ADMIN_SOCKET)}}},
        "layered_runtime": {"layers": [runtime, allowed, asked]},
        "static_resources": static,
    }
    if proxy.local_cluster_name and proxy.cluster(proxy.local_cluster_name) is not None:
        bootstrap["cluster_manager"] = {"local_cluster_name": proxy.local_cluster_name}
    return bootstrap
