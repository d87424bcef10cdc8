"""Who an Envoy says it is: the node of its bootstrap.

Decision: only what the bootstrap holds. An id given on the command line (`--service-node`) is not
in a config dump; it stays "" here and is not guessed.
"""

import msgspec

from osmscope.dump.gaps import Gap


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """The identity of one Envoy."""

    id: str = ""
    cluster: str = ""
    version: str = ""
    """As "1.40.0"; "" where the dump does not tell."""
    user_agent_name: str = ""
    locality: msgspec.Raw | None = None
    metadata: msgspec.Raw | None = None


class _Version(msgspec.Struct, frozen=True):
    major_number: int = 0
    minor_number: int = 0
    patch: int = 0


class _BuildVersion(msgspec.Struct, frozen=True):
    version: _Version = _Version()


class _NodeWire(msgspec.Struct, frozen=True):
    id: str = ""
    cluster: str = ""
    user_agent_name: str = ""
    user_agent_version: str = ""
    user_agent_build_version: _BuildVersion | None = None
    build_version: str = ""
    locality: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


class _BootstrapWire(msgspec.Struct, frozen=True):
    node: _NodeWire = _NodeWire()


def read_node(bootstrap: msgspec.Raw | None, *, gaps: list[Gap]) -> Node:
    """The node of a bootstrap; empty where there is none.

    Args:
        bootstrap: The bootstrap configuration, or another object with a member `node`.
        gaps: Is told of a node that cannot be read.
    """
    if bootstrap is None:
        return Node()
    try:
        wire = msgspec.json.decode(bootstrap, type=_BootstrapWire).node
    except msgspec.ValidationError as error:
        gaps.append(Gap("bootstrap.node", f"not of the expected type: {error}"))
        return Node()
    return Node(
        id=wire.id,
        cluster=wire.cluster,
        version=_version(wire),
        user_agent_name=wire.user_agent_name,
        locality=wire.locality or None,
        metadata=wire.metadata or None,
    )


def _version(wire: _NodeWire) -> str:
    build = wire.user_agent_build_version
    if build is not None:
        version = build.version
        return f"{version.major_number}.{version.minor_number}.{version.patch}"
    if wire.user_agent_version:
        return wire.user_agent_version
    parts = wire.build_version.split("/")  # until 1.14: "revision/1.13.0/Clean/RELEASE/BoringSSL"
    return parts[1] if len(parts) > 1 else ""
