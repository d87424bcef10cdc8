"""One sidecar's resources for a reader: tables, marks, links in both directions, words and JSON.

Decision: everything is made when it is first asked for and then kept; nothing here is for a cheap
caller only, so a screen asks from a worker.
"""

from __future__ import annotations

import datetime
import functools
import threading

import msgspec

from osmscope.report.inventory.bodies import Bodies
from osmscope.report.inventory.document import Link, Mark, Ref, Target
from osmscope.report.inventory.kinds import BY_NAME, KINDS, Kind
from osmscope.report.inventory.links import Links
from osmscope.report.inventory.listing import Listing, listing_of
from osmscope.report.inventory.marks import end_mark, mark_of
from osmscope.report.inventory.referrers import referrers
from osmscope.report.keys import keyed
from osmscope.report.table import Cell, Row
from osmscope.resources.address import split_host_port
from osmscope.resources.certificate import secret_facts
from osmscope.resources.proxy import Proxy


class Inventory:
    """What one sidecar has."""

    def __init__(self, proxy: Proxy, *, now: datetime.datetime) -> None:
        """Take a sidecar; `now` is for the ends of certificates."""
        self.proxy = proxy
        self._now = now
        self._listings: dict[str, Listing] = {}
        self._parts: dict[str, dict[str, list[Row]]] = {}
        self._lock = threading.RLock()  # several workers ask, and each thing is made once
        self._bodies = Bodies(proxy)
        self._links = Links(proxy, self._bodies)

    def listing(self, kind: str) -> Listing:
        """List the resources of a kind.

        Raises:
            DumpError: One cannot be read.
        """
        known = self._listings.get(kind)  # without the lock: a screen asks for what is there
        if known is not None:
            return known
        with self._lock:
            if kind not in self._listings:
                self._listings[kind] = self._list(BY_NAME[kind])
            return self._listings[kind]

    def is_listed(self, kind: str) -> bool:
        """Whether the resources of a kind are listed already."""
        return kind in self._listings

    def _list(self, kind: Kind) -> Listing:
        table = kind.table(self.proxy)
        keys = [column.key for column in table.columns]
        ends = self._ends() if kind.name == "secret" else {}
        marks = (
            mark_of(kind.name, dict(zip(keys, row.cells, strict=True))) or ends.get(row.key)
            for row in table.rows
        )
        return listing_of(kind.name, table, tuple(marks))

    def _ends(self) -> dict[str, Mark | None]:
        """Mark the certificates that end soon, as the list of problems does."""
        entries = keyed(self.proxy.dump.entries("secret"))
        return {key: end_mark(secret_facts(one).certificate, self._now) for key, one in entries}

    def counts(self) -> dict[str, int]:
        """Count the resources of the kinds that are listed already."""
        return {kind: len(listing.rows) for kind, listing in tuple(self._listings.items())}

    def count(self, kind: str) -> int:
        """Count the resources of a kind of which the dump has a section, and do not list them."""
        known = self._listings.get(kind)
        return len(self.proxy.dump.entries(kind)) if known is None else len(known.rows)

    def row(self, ref: Ref) -> Row | None:
        """Return a resource's row; None where it is not there."""
        listing = self.listing(ref.kind)
        position = listing.positions.get(ref.key)
        return None if position is None else listing.rows[position]

    def mark(self, ref: Ref) -> Mark | None:
        """Return what of a resource wants attention."""
        listing = self.listing(ref.kind)
        position = listing.positions.get(ref.key)
        return None if position is None else listing.marks[position]

    def cells(self, ref: Ref) -> dict[str, Cell]:
        """Return a resource's cells by the titles of their columns; {} where it is not there."""
        row, listing = self.row(ref), self.listing(ref.kind)
        if row is None:
            return {}
        titles = [column.title for column in listing.columns]
        return dict(zip(titles, row.cells, strict=True))

    def title(self, ref: Ref) -> str:
        """Return what a resource is called, for a reader."""
        row = self.row(ref)
        if row is None:
            return ref.key
        if ref.kind in ("endpoint", "route"):
            return str(row.cells[1 if ref.kind == "endpoint" else 2])
        return str(row.cells[0]) or ref.key

    def parent(self, ref: Ref) -> Ref | None:
        """Return what a resource is a part of; None where it stands for itself."""
        row = self.row(ref)
        if row is None or not row.parent:
            return None
        for kind in BY_NAME[ref.kind].part_of:
            if row.parent in self.listing(kind).positions:
                return Ref(kind, row.parent)
        return None

    def parts(self, kind: str, scope: Ref) -> tuple[Row, ...]:
        """List the resources of a kind that are parts of another."""
        with self._lock:
            return tuple(self._by_parent(kind).get(scope.key, ()))

    def _by_parent(self, kind: str) -> dict[str, list[Row]]:
        if kind not in self._parts:
            parents = self._parts.setdefault(kind, {})
            for row in self.listing(kind).rows:
                parents.setdefault(row.parent, []).append(row)
        return self._parts[kind]

    def links(self, ref: Ref) -> tuple[Link, ...]:
        """List what a resource leads to: its parts, what it names, the pod behind it.

        Raises:
            DumpError: It cannot be read.
        """
        if ref.kind == "endpoint":
            address = str(self.cells(ref).get("address", ""))
            return (Link(words=f"the pod at {address}", target=Target(address=address)),)
        with self._lock:
            named = self._links.of(ref)
        parts = self._links_to_parts(ref, leads=any(link.is_main for link in named))
        return tuple(sorted((*named, *parts), key=lambda link: not link.is_main))

    def _links_to_parts(self, ref: Ref, *, leads: bool) -> tuple[Link, ...]:
        found = []
        for kind in KINDS:
            if ref.kind not in kind.part_of:
                continue
            count = len(self.parts(kind.name, ref))
            target = Target(kind=kind.name, scope=ref)
            is_main = not leads and ref.kind == kind.part_of[0]
            if count:
                found.append(Link(words=kind.counted(count), target=target, is_main=is_main))
        return tuple(found)

    def referrers(self, ref: Ref) -> tuple[Link, ...]:
        """List who refers to a resource: what it is a part of, and who names it.

        Raises:
            DumpError: A resource cannot be read.
        """
        parent = self.parent(ref)
        above: tuple[Link, ...] = ()
        if parent is not None:
            words = f"{BY_NAME[parent.kind].one} {self.title(parent)}"
            above = (Link(words=words, target=Target(ref=parent), note="holds it"),)
        with self._lock:
            return (*above, *self._referrers.get(ref, ()))

    @functools.cached_property
    def _referrers(self) -> dict[Ref, list[Link]]:
        return referrers(self.proxy, self._links)

    def body(self, ref: Ref) -> bytes:
        """Return a resource's JSON as the dump has it; b"" where it has none."""
        with self._lock:
            if ref.kind == "rbac":
                return self._policy(ref)
            return self._bodies.body(ref)

    def _policy(self, ref: Ref) -> bytes:
        row = self.row(ref)
        if row is None:
            return b""
        parent = self.parent(ref)
        config = msgspec.json.decode((self._bodies.body(parent) if parent else b"") or b"{}")
        if parent is not None and parent.kind != "filter":
            name = ref.key.removeprefix(f"{row.parent}/").removesuffix(f"/{row.cells[0]}")
            config = {"typed_config": config.get("typed_per_filter_config", {}).get(name, {})}
        config = config.get("typed_config", {})
        config = config.get("value", config)
        rules = config.get("rbac", config).get("rules", {})
        return msgspec.json.encode(rules.get("policies", {}).get(row.cells[0]))

    def inbound(self, address: str) -> Ref | None:
        """Find the listener that takes what arrives for an address of this pod.

        Args:
            address: IP:port, as another sidecar's endpoint has it.
        """
        _, port = split_host_port(address)
        listing = self.listing("listener")
        titles = [column.key for column in listing.columns]
        direction, bound = titles.index("direction"), titles.index("address")
        for row in listing.rows:
            if row.cells[direction] == "inbound" and row.cells[titles.index("state")] != "draining":
                return Ref("listener", row.key)
        for row in listing.rows:
            if any(split_host_port(line)[1] == port for line in _lines(row.cells[bound])):
                return Ref("listener", row.key)
        return None


def _lines(cell: Cell) -> tuple[str, ...]:
    return cell if isinstance(cell, tuple) else (str(cell),)
