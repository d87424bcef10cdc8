"""The tree of one sidecar, as a list of lines."""

from __future__ import annotations

from rich.cells import cell_len
from textual.message import Message

from osmscope.report.inventory.document import Ref
from osmscope.tui import actions
from osmscope.tui.cells import fitted
from osmscope.tui.filtering import Filter
from osmscope.tui.line_list import LineList, Pieces
from osmscope.tui.tree_model import Node, Tree

_WORDS = {"filter_chain": "chain", "route_config": "routes", "virtual_host": "host"}


class TreeList(LineList):
    """The tree."""

    CONTEXT = "tree"
    BINDINGS = actions.bindings("tree")

    class Opened(Message):
        """The user opens a branch; its nodes are to be made."""

        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.model: Tree | None = None
        self.filter = Filter()

    def show(self, tree: Tree, ref: Ref | None) -> None:
        """Show a tree, with the cursor on a resource where it is in sight."""
        self.model = tree
        self.changed()
        wanted = [index for index, node in enumerate(tree.nodes) if ref and node.ref == ref]
        self.cursor = wanted[0] if wanted else self.cursor
        self.post_message(self.Moved(self))

    def grow(self, node: Node, children: list[Node]) -> None:
        """Show the nodes below one."""
        if self.model is not None and node in self.model.nodes:
            self.model.expand(self.model.nodes.index(node), children)
            self.changed()

    def node(self) -> Node | None:
        """Return the node under the cursor."""
        if self.model is None or not self.model.nodes:
            return None
        return self.model.nodes[self.cursor]

    def searched(self, wanted: Filter) -> None:
        """Mark the nodes that fit, and go to the first of them from here on."""
        self.filter = wanted
        if wanted.matches is not None and not self.is_match(self.cursor):
            self.action_next_match()
        self.refresh()

    def matches(self) -> int:
        """Count the nodes in sight that fit the search."""
        return sum(self.is_match(index) for index in range(self.count()))

    def is_match(self, index: int) -> bool:
        """Whether a node fits the search."""
        fits = self.filter.matches
        return self.model is not None and fits is not None and fits(self.model.nodes[index].title)

    def count(self) -> int:
        """Return how many nodes are shown."""
        return 0 if self.model is None else len(self.model.nodes)

    def pieces(self, index: int, width: int) -> Pieces:
        """Return a node: its place, what it is, its name, and what of it wants attention."""
        if self.model is None:
            return []
        node = self.model.nodes[index]
        sign = ("▾" if node.path in self.model.open else "▸") if node.is_branch else " "
        lead = f" {'  ' * node.depth}{sign} "
        mark = f" {node.mark.sign} {node.mark.word}" if node.mark is not None else ""
        mark = " ? not in the dump" if node.missing else mark
        word = "" if node.ref is None else _WORDS.get(node.kind, node.kind).ljust(8) + " "
        note = f"  {fitted(node.note, width // 3).rstrip()}" if node.note else ""
        room = max(width - sum(map(cell_len, (lead, word, note, mark))) - 1, 4)
        title = fitted(node.title, room).rstrip()
        style = "match" if self.is_match(index) else "strong" if node.ref is None else ""
        mark_style = "bad" if node.missing else node.mark.style if node.mark is not None else ""
        return [(lead, "faint"), (word, "faint"), (title, style), (note, "faint"),
                (mark, mark_style)]  # fmt: skip

    def action_follow(self) -> None:
        """Open or close a branch; follow what is none."""
        node = self.node()
        if node is None or not node.is_branch:
            super().action_follow()
        elif self.model is not None and node.path in self.model.open:
            self.action_collapse()
        else:
            self.action_expand()

    def action_expand(self) -> None:
        """Open a branch; go into one that is open."""
        node = self.node()
        if node is None or self.model is None or not node.is_branch:
            return
        if node.path in self.model.open:
            self.action_down()
        else:
            self.post_message(self.Opened(node))

    def action_collapse(self) -> None:
        """Close a branch; go to what holds a node that is none, or closed."""
        node = self.node()
        if node is None or self.model is None:
            return
        if node.path in self.model.open:
            self.model.collapse(self.cursor)
            self.changed()
        else:
            self.cursor = self.model.holder(self.cursor)
