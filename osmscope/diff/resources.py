"""The resources of two sidecars side by side: what is new, gone or changed.

Decision: only what serves is compared, so that an update that still warms is no difference yet;
versions and times are none either. Bodies that are the same text are not decoded: two dumps of a
big sidecar differ in a few places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from osmscope.diff.meaning import Change, changes
from osmscope.dump.clusters import Clusters
from osmscope.dump.sections import Entry
from osmscope.resources.proxy import Proxy

KINDS = (
    "listener",
    "route_config",
    "scoped_routes",
    "cluster",
    "endpoint",
    "secret",
    "ecds_filter",
)
"""The kinds that are compared, in the order of a request's path."""

What = Literal["added", "removed", "changed"]


class ResourceChange(msgspec.Struct, frozen=True, kw_only=True):
    """One resource that differs."""

    kind: str
    """One of `KINDS`; or `host`, an endpoint as /clusters shows it."""
    name: str
    what: What
    changes: tuple[Change, ...] = ()
    """What differs in it; () where it is new or gone."""


def compare(before: Proxy, after: Proxy) -> tuple[ResourceChange, ...]:
    """List the resources that differ between two sidecars, or two dumps of one.

    Raises:
        DumpError: A section cannot be read.
    """
    found = [one for kind in KINDS for one in _of_kind(kind, before, after)]
    if before.clusters is not None and after.clusters is not None:
        found += _of_hosts(before.clusters, after.clusters)
    return tuple(found)


def _of_kind(kind: str, before: Proxy, after: Proxy) -> Iterator[ResourceChange]:
    if not (before.dump.has(kind) and after.dump.has(kind)):
        return
    old, new = _bodies(kind, before), _bodies(kind, after)
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield ResourceChange(kind=kind, name=name, what="removed")
        elif name not in old:
            yield ResourceChange(kind=kind, name=name, what="added")
        elif old[name].body != new[name].body:
            one, other = (msgspec.json.decode(bytes(e.body)) for e in (old[name], new[name]))
            differences = tuple(changes(one, other))
            if differences:
                yield ResourceChange(kind=kind, name=name, what="changed", changes=differences)


def _bodies(kind: str, proxy: Proxy) -> Mapping[str, Entry]:
    """Give the serving resources by name; listeners without a name by their place among them."""
    if kind != "listener":
        return proxy.dump.serving(kind)
    return {
        entry.name or f"listener #{index}": entry
        for index, entry in enumerate(proxy.listener_entries)
    }


def _of_hosts(before: Clusters, after: Clusters) -> Iterator[ResourceChange]:
    for cluster in dict.fromkeys((*before, *after)):
        old, new = _hosts(before, cluster), _hosts(after, cluster)
        for address in dict.fromkeys((*old, *new)):
            name = f"{cluster} {address}"
            if address not in new:
                yield ResourceChange(kind="host", name=name, what="removed")
            elif address not in old:
                yield ResourceChange(kind="host", name=name, what="added")
            elif differences := tuple(changes(old[address], new[address])):
                yield ResourceChange(kind="host", name=name, what="changed", changes=differences)


def _hosts(clusters: Clusters, cluster: str) -> dict[str, dict[str, object]]:
    """Give what decides about each host of a cluster, by address."""
    if cluster not in clusters:
        return {}
    return {
        host.address: {
            "health": ", ".join(sorted(host.flags)) or "healthy",
            "weight": host.weight,
            "priority": host.priority,
        }
        for host in clusters[cluster].hosts
    }


def missing_kinds(before: Proxy, after: Proxy) -> tuple[str, ...]:
    """Name the kinds that cannot be compared, as one of the dumps does not show them."""
    return tuple(kind for kind in KINDS if before.dump.has(kind) != after.dump.has(kind))
