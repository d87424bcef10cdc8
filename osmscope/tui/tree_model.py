"""The tree of a sidecar: what is open of it, as a flat list of nodes.

Decision: a branch's nodes are made when it is opened, from the same links that are followed
elsewhere; so the tree shows what a request would meet, in that order, and cycles do no harm.
"""

from __future__ import annotations

import msgspec

from osmscope.report.inventory.document import Mark, Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME
from osmscope.report.table import Row

_ROOTS = ("listener", "route_config", "cluster", "secret")
_LEAVES = frozenset({"endpoint", "secret", "rbac", "filter"})


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the tree."""

    depth: int
    title: str
    kind: str
    ref: Ref | None = None
    """None for a heading."""
    note: str = ""
    mark: Mark | None = None
    missing: bool = False
    is_branch: bool = True
    path: tuple[str, ...] = ()
    """The keys from the root, by which it is found again after a reload."""


class Tree:
    """The nodes that are shown."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.nodes: list[Node] = []
        self.open: set[tuple[str, ...]] = set()

    def start(self, opened: set[tuple[str, ...]] | None = None) -> None:
        """Show the roots, and again what was open; raises DumpError."""
        roots = [
            Node(
                depth=0, title=BY_NAME[kind].title, kind=kind,
                note=str(self._inventory.count(kind)), path=(kind,),
            )
            for kind in _ROOTS
        ]  # fmt: skip
        self.nodes, self.open = [], set()
        wanted: set[tuple[str, ...]] = {("listener",)} if opened is None else opened
        for root in roots:
            self._put(root, wanted)

    def _put(self, node: Node, wanted: set[tuple[str, ...]]) -> None:
        self.nodes.append(node)
        if node.path in wanted:
            self.open.add(node.path)
            for child in self.children(node):
                self._put(child, wanted)

    def children(self, node: Node) -> list[Node]:
        """Make the nodes below one; raises DumpError."""
        if node.ref is None:
            rows = self._inventory.listing(node.kind).rows
            return [self._row(node, node.kind, row) for row in rows]
        found = []
        for link in self._inventory.links(node.ref):
            target = link.target
            if target.scope is not None:
                rows = self._inventory.parts(target.kind, target.scope)
                found += [self._row(node, target.kind, row) for row in rows]
            elif target.ref is not None:
                found.append(self._named(node, target.ref, link.note, missing=link.missing))
        return found

    def expand(self, index: int, children: list[Node]) -> None:
        """Open a branch."""
        node = self.nodes[index]
        if node.path not in self.open:
            self.open.add(node.path)
            self.nodes[index + 1 : index + 1] = children

    def collapse(self, index: int) -> None:
        """Close a branch."""
        node = self.nodes[index]
        end = index + 1
        while end < len(self.nodes) and self.nodes[end].depth > node.depth:
            self.open.discard(self.nodes[end].path)
            end += 1
        self.open.discard(node.path)
        del self.nodes[index + 1 : end]

    def holder(self, index: int) -> int:
        """Return the line of what holds a node; its own for a root."""
        depth = self.nodes[index].depth
        while index and self.nodes[index].depth >= depth:
            index -= 1
        return index

    def _row(self, parent: Node, kind: str, row: Row) -> Node:
        ref = Ref(kind, row.key)
        return self._named(parent, ref, "", missing=False)

    def _named(self, parent: Node, ref: Ref, note: str, *, missing: bool) -> Node:
        branch = ref.kind not in _LEAVES or bool(
            ref.kind == "filter" and self._inventory.parts("rbac", ref)
        )
        return Node(
            depth=parent.depth + 1,
            title=self._inventory.title(ref),
            kind=ref.kind,
            ref=ref,
            note=note,
            mark=self._inventory.mark(ref),
            missing=missing,
            is_branch=branch and not missing,
            path=(*parent.path, f"{ref.kind}:{ref.key}"),
        )
