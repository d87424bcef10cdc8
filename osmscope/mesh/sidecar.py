"""What a vendor's sidecar is in a pod: which container runs Envoy, and where its admin port is."""

from __future__ import annotations

import re

import msgspec

from osmscope.source.pod_spec import Container, PodSpec


class FoundSidecar(msgspec.Struct, frozen=True, kw_only=True):
    """The container of a pod that runs Envoy."""

    vendor: str
    """Open Service Mesh, Istio, Consul, Kuma, Envoy Gateway or Envoy."""
    container: str
    admin_port: int
    why: str
    """What told it, as a clause."""


def container_named(pod: PodSpec, *names: str) -> Container | None:
    """Return the container of one of these names that runs as long as the pod."""
    return next((one for one in pod.staying_containers if one.name in names), None)


def port_number(text: str) -> int | None:
    """Read a port; None where it is none."""
    digits = text.strip().strip("\"'")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 5:
        return None
    return int(digits) if 1 <= int(digits) <= 65535 else None


def option_value(container: Container, name: str) -> str:
    """Return the value of a command line's option, however it is written; "" where it is absent."""
    words = [*container.command, *container.args]
    pattern = re.compile(rf"--?{re.escape(name)}(?:=(?P<value>.*))?", re.DOTALL)
    for index, word in enumerate(words):
        if found := pattern.fullmatch(word):
            following = words[index + 1] if index + 1 < len(words) else ""
            return found["value"] if found["value"] is not None else following
    return ""
