"""What changed in the sidecars of a mesh while they were looked at, the newest first."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator

from osmscope.diff.resources import ResourceChange
from osmscope.report.inventory.listing import listing_of
from osmscope.report.table import Row, Table, columns
from osmscope.session.comparison_listing import MARKS, place_of, resource_lines, where_words
from osmscope.session.mesh_model import MeshModel, Update
from osmscope.session.places import Placed

_HOST = re.compile(r"virtual_hosts\[(.*?)\](?:\.|$)")
_WORDS = {"added": "is new", "removed": "is gone", "changed": "changed"}


def update_listing(mesh: MeshModel, member: str) -> Placed:
    """List the changes.

    Args:
        mesh: The mesh.
        member: The key of the only sidecar that is asked for; "" for all.
    """
    updates = [update for update in mesh.updates if member in ("", update.member)]
    table = Table(
        columns("resource", "at", "pod", "kind", "what", "where"),
        tuple(_row(mesh, update) for update in updates),
    )
    return Placed(
        listing=listing_of("update", table, tuple(MARKS[u.change.what] for u in updates)),
        places=tuple(place_of(u.change, u.member, u.member) for u in updates),
        details=tuple(tuple(resource_lines(u.change, _WORDS)) for u in updates),
    )


def _row(mesh: MeshModel, update: Update) -> Row:
    change = update.change
    cells = (
        change.name,
        _clock(update.at),
        mesh.members[update.member].name,
        change.kind.replace("_", " "),
        _WORDS[change.what],
        where_words(change),
    )
    return Row(cells, (change.name,), f"{update.at} {update.member} {change.kind} {change.name}")


def _clock(at: datetime.datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def changed_keys(kind: str, found: Iterable[ResourceChange]) -> frozenset[str]:
    """Return the keys of the rows of a kind that changes are about.

    Args:
        kind: The kind that is listed.
        found: What changed.
    """
    return frozenset(key for change in found for key in _keys(kind, change))


def _keys(kind: str, change: ResourceChange) -> Iterator[str]:
    if change.kind == "host":
        cluster, _, address = change.name.partition(" ")
        if kind == "endpoint":
            yield f"{cluster}@{address}"
        elif kind == "cluster":
            yield cluster
    elif change.kind == "endpoint":
        if kind == "cluster":
            yield change.name
    elif change.kind == kind:
        yield change.name
    elif (change.kind, kind) == ("route_config", "virtual_host"):
        for one in change.changes:
            match = _HOST.search(one.path)
            if match is not None:
                yield f"{change.name}/{match[1]}"
