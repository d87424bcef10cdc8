"""The pod that an Envoy's node is named after.

Istio puts the pod's name into the node's id, Open Service Mesh its service account and namespace;
what other meshes put there is not told from it.
"""

from __future__ import annotations

import re

_ISTIO = re.compile(r"[a-z]+~[^~]*~(?P<name>[^~]+)\.(?P<namespace>[^~.]+)~[^~]*")
_OSM = re.compile(
    r"(?P<uuid>[0-9a-f]{8})[0-9a-f-]{28}\.sidecar\.(?P<name>[^.]+)\.(?P<namespace>[^.]+)\..+"
)


def pod_of_node(node_id: str) -> tuple[str, str] | None:
    """Return a pod's namespace and a name for it; None where the id does not tell.

    Open Service Mesh does not tell the pod's name: its service account's stands for it, with what
    tells it from others of that account.
    """
    if found := _ISTIO.fullmatch(node_id):
        return found["namespace"], found["name"]
    if found := _OSM.fullmatch(node_id):
        return found["namespace"], f"{found['name']}-{found['uuid']}"
    return None
