"""Lists over several sidecars, each row of which is about one place of one of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.report.inventory.document import Line, Ref
from osmscope.report.inventory.listing import Listing
from osmscope.report.keys import keyed
from osmscope.resources.proxy import Proxy
from osmscope.session.mesh_model import Member, MeshModel
from osmscope.session.sources import Sidecar

_ENTRY_OF = {"filter_chain": "listener", "route": "route_config"}
"""The kind of the entry that holds a kind."""


class Place(msgspec.Struct, frozen=True):
    """One resource of one sidecar; or the sidecar, where `ref` is None."""

    member: str
    """The sidecar's key."""
    ref: Ref | None = None


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A list, and what each of its rows is about."""

    listing: Listing
    places: tuple[Place, ...]
    """Of each row."""
    details: tuple[tuple[Line, ...], ...]
    """Each row in words."""


def loaded(mesh: MeshModel, member: str) -> Iterator[tuple[Member, Sidecar]]:
    """Give the sidecars that are read whole.

    Args:
        mesh: The mesh.
        member: The key of the only one that is asked for; "" for all.
    """
    for key, known in mesh.members.items():
        state = mesh.state(key)
        if state.sidecar is not None and state.is_whole and member in ("", key):
            yield known, state.sidecar


class Refs:
    """Finds resources of a sidecar by the place of their entry in the dump."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._keys: dict[str, dict[str, str]] = {}

    def at(self, kind: str, name: str, path: str, part: str = "") -> Ref:
        """Return the resource of a kind.

        Args:
            kind: Its kind.
            name: Its name, by which it is known where the path is "".
            path: The place in the dump of the entry that it is, or is a part of.
            part: Which part; see `osmscope.check.finding`.
        """
        of = _ENTRY_OF.get(kind, kind)
        if of not in self._keys:
            self._keys[of] = _by_path(self._proxy, of) if path else {}
        return Ref("cluster" if kind == "endpoint" else kind, self._keys[of].get(path, name) + part)


def _by_path(proxy: Proxy, kind: str) -> dict[str, str]:
    return {entry.path: key for key, entry in keyed(proxy.dump.entries(kind))}
