"""The table of a mesh's sidecars: who they are, what they run, how old their data is."""

from __future__ import annotations

import datetime

from osmscope.report.inventory.document import Mark
from osmscope.report.inventory.listing import Listing, listing_of
from osmscope.report.table import Row, Table, columns
from osmscope.session.mesh_model import Member, MemberState, MeshModel

_MARKS = {
    "loading": Mark("◌", "loading", "faint"),
    "stale": Mark("!", "stale", "warn"),
    "failed": Mark("✗", "failed", "bad"),
}


def mesh_listing(mesh: MeshModel, now: datetime.datetime) -> Listing:
    """List the sidecars of a mesh.

    Args:
        mesh: The mesh.
        now: For the ages.
    """
    states = [(member, mesh.state(member.key)) for member in mesh.members.values()]
    table = Table(
        columns("pod", "namespace", "mesh", "envoy", "age", "state", wide=("address", "source")),
        tuple(_row(member, state, now) for member, state in states),
    )
    return listing_of("pod", table, tuple(_MARKS.get(state.status) for _, state in states))


def _row(member: Member, state: MemberState, now: datetime.datetime) -> Row:
    node = None if state.sidecar is None else state.sidecar.proxy.dump.node()
    said = state.reason or (state.progress if state.status == "loading" else "")
    words = f"{state.status}: {said}" if said else state.status
    cells = (
        member.name,
        member.namespace or (state.sidecar.namespace if state.sidecar is not None else ""),
        vendor_of(state),
        "" if node is None else node.version,
        age(state.taken or member.taken, now),
        words,
        member.addresses,
        member.where,
    )
    return Row(cells, (member.name, member.workload, member.key), member.key)


def vendor_of(state: MemberState) -> str:
    """Say whose mesh a sidecar is of; "" where it was not read."""
    from osmscope.mesh.node_vendor import vendor

    return "" if state.sidecar is None else vendor(state.sidecar.proxy.dump.node())


def facts(state: MemberState, now: datetime.datetime) -> str:
    """Say in one line whose sidecar it is, what it runs, and how old its data is."""
    node = None if state.sidecar is None else state.sidecar.proxy.dump.node()
    version = f"Envoy {node.version}" if node is not None and node.version else ""
    old = age(state.taken, now)
    status = "" if state.status == "loaded" else state.status
    parts = (vendor_of(state), version, f"{old} old" if old else "", status)
    return " · ".join(part for part in parts if part)


def age(taken: datetime.datetime | None, now: datetime.datetime) -> str:
    """Write how old something is: `12 s`, `5 m`, `3 h`, `2 d`; "" where it is not known."""
    if taken is None:
        return ""
    seconds = max(0, int((now - taken).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
