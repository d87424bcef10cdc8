"""What the view of a sidecar does in workers, and what it does with one resource.

Decision: a worker asks the inventory and posts what it found with the location it was asked for;
the screen drops what came too late.
"""

from __future__ import annotations

import contextlib
import time

from textual import work
from textual.message import Message
from textual.worker import get_current_worker

from osmscope.errors import DumpError, OsmscopeError
from osmscope.report import documents
from osmscope.report.inventory.document import Line, Link, Piece, Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME, KINDS
from osmscope.report.inventory.listing import Listing
from osmscope.report.inventory.words import failure, words
from osmscope.session.mesh_listing import facts
from osmscope.tui.location import Location
from osmscope.tui.marking import MarkingView
from osmscope.tui.settings import FORMS
from osmscope.tui.tree_model import Node, Tree

_PAUSE = 0.1
"""Seconds that the screen gets for itself between two counts."""
_MOST_YAML = 1 << 19
"""The most bytes of JSON that are also written as YAML, which takes long."""


class Listed(Message):
    """A kind's resources were listed."""

    def __init__(
        self, location: Location, listing: Listing, positions: tuple[int, ...] | None
    ) -> None:
        super().__init__()
        self.location, self.listing, self.positions = location, listing, positions


class Rooted(Message):
    """The tree was made."""

    def __init__(self, location: Location, tree: Tree) -> None:
        super().__init__()
        self.location, self.tree = location, tree


class Grown(Message):
    """The nodes below one were made."""

    def __init__(self, node: Node, children: list[Node]) -> None:
        super().__init__()
        self.node, self.children = node, children


class Linked(Message):
    """The links of a resource were found."""

    def __init__(self, title: str, links: tuple[Link, ...], *, back: bool) -> None:
        super().__init__()
        self.title, self.links, self.back = title, links, back


class Counted(Message):
    """One more kind was counted."""


class Described(Message):
    """A resource was described: in lines, or as a text."""

    def __init__(self, ref: Ref | None, lines: tuple[Line, ...], text: str | None = None) -> None:
        super().__init__()
        self.ref, self.lines, self.text = ref, lines, text
        self.is_same = False


class Browsing(MarkingView):
    """What is behind the view of a sidecar."""

    location: Location = Location(view="browse")
    form: str = FORMS[0]

    def ref(self) -> Ref | None:
        """Return the resource under the cursor."""
        raise NotImplementedError

    def load(self) -> None:
        """List what the location names; read the sidecar first, where that was not done."""
        key = self.location.member
        inventory = self.scope.inventory(key)
        if inventory is not None:
            self._list(inventory, self.location)
        elif self.scope.mesh.state(key).status in ("unread", "loaded"):
            self.scope.read(key)  # of a live one, only who it is may be read
        self.describe()

    def member_changed(self, key: str) -> None:
        """Show the new state of the sidecar."""
        if key == self.location.member:
            self.location = self.place()
            self.load()

    def progressed(self, key: str) -> None:
        """Show how far the reading of the sidecar has come."""
        if key == self.location.member:
            self.caption()

    def caption(self) -> None:
        """Write the caption anew."""
        raise NotImplementedError

    @work(thread=True, exclusive=True, group="list")
    def _list(self, inventory: Inventory, location: Location) -> None:
        worker = get_current_worker()
        try:
            message = self._listing(inventory, location)
        except OsmscopeError as error:
            message = Described(location.ref, _failed(error))
        if not worker.is_cancelled:
            self.post_message(message)
        if isinstance(message, Listed):
            time.sleep(_PAUSE)
            message.listing.prepare()

    def count_kinds(self) -> None:
        """List all kinds in the background, where that was not done."""
        inventory = self.scope.inventory(self.location.member)
        if inventory is not None and not all(inventory.is_listed(kind.name) for kind in KINDS):
            self._count(inventory)

    @work(thread=True, exclusive=True, group="count")
    def _count(self, inventory: Inventory) -> None:
        """List the other kinds too, for the counts, once what was asked for is on the screen."""
        worker = get_current_worker()
        for kind in KINDS:
            if not inventory.is_listed(kind.name):
                time.sleep(_PAUSE)
            if worker.is_cancelled:
                return
            with contextlib.suppress(OsmscopeError):  # told when that kind is looked at
                inventory.listing(kind.name)
                self.post_message(Counted())

    def _listing(self, inventory: Inventory, location: Location) -> Message:
        if not location.kind:
            tree = Tree(inventory)
            tree.start()
            return Rooted(location, tree)
        listing = inventory.listing(location.kind)
        positions = None
        if location.scope is not None:
            parts = inventory.parts(location.kind, location.scope)
            positions = tuple(listing.positions[row.key] for row in parts)
        return Listed(location, listing, positions)

    @work(thread=True, exclusive=True, group="links")
    def look(self, inventory: Inventory, ref: Ref, *, back: bool) -> None:
        """Find what a resource leads to, or who refers to it."""
        worker = get_current_worker()
        try:
            links = inventory.referrers(ref) if back else inventory.links(ref)
            message: Message = Linked(inventory.title(ref), links, back=back)
        except OsmscopeError as error:
            message = Described(ref, _failed(error))
        if not worker.is_cancelled:
            self.post_message(message)

    @work(thread=True, exclusive=True, group="grow")
    def grow(self, tree: Tree, node: Node) -> None:
        """Make the nodes below one."""
        worker = get_current_worker()
        try:
            message: Message = Grown(node, tree.children(node))
        except OsmscopeError as error:
            message = Described(node.ref, _failed(error))
        if not worker.is_cancelled:
            self.post_message(message)

    def describe(self) -> None:
        """Describe the resource under the cursor, or say why there is none."""
        inventory = self.scope.inventory(self.location.member)
        ref = self.ref()
        if inventory is None:
            self.post_message(Described(None, self._without()))
        elif ref is not None:
            self._describe(inventory, ref, self.form)
        else:
            self.post_message(Described(None, ()))

    @work(thread=True, exclusive=True, group="describe")
    def _describe(self, inventory: Inventory, ref: Ref, form: str) -> None:
        worker = get_current_worker()
        try:
            message = described(inventory, ref, form)
        except OsmscopeError as error:
            message = Described(ref, _failed(error))
        if not worker.is_cancelled:
            self.post_message(message)

    def _without(self) -> tuple[Line, ...]:
        state = self.scope.mesh.state(self.location.member)
        if state.status == "failed":
            return (
                Line((Piece("✗ cannot be read", "bad"),)),
                Line((Piece(state.reason),), indent=1),
                Line((Piece("r reads it again", "faint"),), indent=1),
            )
        return (Line((Piece("◌ is being read; esc stops that", "faint"),)),)

    def state_words(self) -> list[tuple[str, str]]:
        """Say what is to be known of the sidecar's data."""
        state = self.scope.mesh.state(self.location.member)
        if state.status == "loading":
            return [(f"  ◌ reading {state.progress or '…'}; esc stops", "faint")]
        if state.status in ("stale", "failed"):
            return [(f"  ! {state.status}: {state.reason}", "warn")]
        return []

    def facts(self) -> str:
        """Say whose sidecar it is and how old its data is."""
        return facts(self.scope.mesh.state(self.location.member), self.scope.now())

    def trail(self) -> list[str]:
        """Name the way to the resource under the cursor."""
        member = self.scope.mesh.members[self.location.member]
        inventory = self.scope.inventory(self.location.member)
        parts = [member.name]
        ref = self.ref()
        if inventory is not None and ref is not None:
            parts += self._names(inventory, ref)
        return parts

    def _names(self, inventory: Inventory, ref: Ref) -> list[str]:
        """Name a resource and what holds it, as far as that is known without waiting."""
        if not inventory.is_listed(ref.kind):
            return [ref.key]
        is_known = all(map(inventory.is_listed, BY_NAME[ref.kind].part_of))
        above = inventory.parent(ref) if is_known else None
        names = [inventory.title(above)] if above and inventory.is_listed(above.kind) else []
        return [*names, inventory.title(ref)]

    async def follow(self, link: Link) -> None:
        """Go where a link leads."""
        target = link.target
        if target.address:
            await self.scope.open_address(target.address)
        elif link.missing and target.ref is not None:
            self.notify(f"{link.words} is not in the dump", severity="warning")
        elif target.scope is not None:
            await self.scope.go(
                Location(
                    view="browse",
                    member=self.location.member,
                    kind=target.kind,
                    scope=target.scope,
                )
            )
        elif target.ref is not None:
            await self.scope.open_resource(self.location.member, target.ref)


def described(inventory: Inventory, ref: Ref, form: str) -> Described:
    """Describe a resource; raises DumpError."""
    if form == "words":
        return Described(ref, words(inventory, ref))
    body = inventory.body(ref)
    if not body:
        return Described(ref, (Line((Piece("the dump holds no JSON of this", "faint"),)),))
    if form == "YAML" and len(body) <= _MOST_YAML:
        return Described(ref, (), documents.as_yaml(documents.parsed(body)))
    text = documents.as_json(documents.parsed(body))
    if form == "YAML":
        text = f"# as JSON: too large for YAML\n{text}"
    return Described(ref, (), text)


def _failed(error: OsmscopeError) -> tuple[Line, ...]:
    if isinstance(error, DumpError):
        return failure(error)
    return (Line((Piece(str(error), "bad"),)),)
