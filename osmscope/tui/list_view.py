"""A view of a list over several sidecars: what is wrong, what expires, what differs, what changed.

Decision: the list is gathered in a worker, again whenever a sidecar's state changes; the cursor
stays on its row. What was gathered for a place that was left meanwhile is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on, work
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from osmscope.errors import OsmscopeError
from osmscope.report.inventory.document import Line, Piece
from osmscope.report.untrusted import escaped
from osmscope.session.places import Place, Placed
from osmscope.tui import actions
from osmscope.tui.bars import Bar
from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.filtering import Filter
from osmscope.tui.line_list import LineList
from osmscope.tui.location import Location
from osmscope.tui.table_list import TableList
from osmscope.tui.table_view import TableView

_SIDE_BY_SIDE = 140
"""From how many columns the detail pane stands beside the list."""


class Gathered(Message):
    """A list was gathered, or could not be."""

    def __init__(self, location: Location, result: Placed | OsmscopeError) -> None:
        super().__init__()
        self.location, self.result = location, result


class ListView(TableView):
    """A list and its row in words."""

    CONTEXT = "listing"
    BINDINGS: ClassVar = actions.bindings("listing")
    WORDS: ClassVar[str] = ""
    """What it lists, for the caption."""
    NOTHING: ClassVar[str] = ""
    """What is said where the list is empty."""
    DEFAULT_CSS = """
    ListView #panes { layout: vertical; height: 1fr; }
    ListView #detail { height: 45%; border-top: solid $panel; }
    ListView.beside #panes { layout: horizontal; }
    ListView.beside #detail { height: 1fr; width: 42%; border-top: none;
        border-left: solid $panel; }
    """
    location = Location()
    placed: Placed | None = None

    def compose_view(self) -> Iterable[Widget]:
        """Put the detail pane beside or below the list."""
        yield Bar(id="caption")
        with Container(id="panes"):
            yield TableList(id="table")
            yield DetailPane(id="detail")

    def gather(self, location: Location) -> Placed:
        """Make the list; called in a worker.

        Raises:
            OsmscopeError: It cannot be made.
        """
        raise NotImplementedError

    def heading(self) -> str:
        """Say what of the mesh is listed, for the crumbs."""
        member = self.location.member
        return self.scope.mesh.members[member].name if member else self.scope.mesh.title or "mesh"

    @property
    def detail(self) -> DetailPane:
        """The row under the cursor in words."""
        return self.query_one("#detail", DetailPane)

    def on_resize(self) -> None:
        """Put the panes side by side where there is room."""
        self.set_class(self.app.size.width >= _SIDE_BY_SIDE, "beside")

    def show(self, location: Location) -> None:
        """Show the list."""
        if _without_row(location) != _without_row(self.location):
            self.placed = None
            self.table.filtered(Filter())
        self.location = location
        self.table.focus()
        self._gather(location)
        self.recaption()

    def place(self) -> Location:
        """Return where the user is."""
        return msgspec.structs.replace(self.location, row=self.table.key() or self.location.row)

    def above(self) -> Location | None:
        """Return the whole mesh's list, then the mesh."""
        several = len(self.scope.mesh.members) > 1
        if self.location.member and several:
            return Location(view=self.VIEW)
        return (
            Location(view="browse", member=next(iter(self.scope.mesh.members)), kind="cluster")
            if not several
            else Location()
        )

    def member_changed(self, key: str) -> None:
        """Gather anew."""
        if self.location.member in ("", key):
            self.location = self.place()
            self._gather(self.location)

    @work(thread=True, exclusive=True, group="gather")
    def _gather(self, location: Location) -> None:
        worker = get_current_worker()
        try:
            result: Placed | OsmscopeError = self.gather(location)
        except OsmscopeError as error:
            result = error
        if not worker.is_cancelled:
            self.post_message(Gathered(location, result))

    @on(Gathered)
    def _gathered(self, event: Gathered) -> None:
        if _without_row(event.location) != _without_row(self.location):
            return
        if isinstance(event.result, OsmscopeError):
            self.detail.show_lines((Line((Piece(str(event.result), "bad"),)),))
            return
        self.placed = event.result
        self.table.show(event.result.listing, None, event.location.row)
        self._describe()
        self.recaption()

    def here(self) -> int | None:
        """Return the position in the list of the row under the cursor."""
        if self.placed is None:
            return None
        return self.placed.listing.positions.get(self.table.key())

    def place_here(self) -> Place | None:
        """Return what the row under the cursor is about."""
        position = self.here()
        return None if position is None or self.placed is None else self.placed.places[position]

    def _describe(self) -> None:
        position = self.here()
        lines: tuple[Line, ...] = (Line((Piece(self.NOTHING, "faint"),)),)
        if position is not None and self.placed is not None:
            lines = self.placed.details[position]
        self.detail.show_lines(lines)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if event.list is self.table and not isinstance(event, LineList.Followed):
            self._describe()

    def recaption(self) -> None:
        """Say what is listed, and how much of it."""
        pieces = [(f" {self.WORDS} ", "strong")]
        if self.placed is None:
            pieces.append(("◌ …", "faint"))
        else:
            pieces += self.counted()
        pieces += [(f"  {words}", "faint") for words in self.remarks()]
        self.query_one("#caption", Bar).put(*pieces)
        self.crumbs("osmscope", self.heading(), self.WORDS.lower())

    def remarks(self) -> tuple[str, ...]:
        """Say what else is to be known of the list; by default, what is not in it yet."""
        mesh = self.scope.mesh
        asked = [key for key in mesh.members if self.location.member in ("", key)]
        waiting = sum(not mesh.state(key).is_whole for key in asked)
        return (f"{waiting} of {len(asked)} sidecars are not read yet",) if waiting else ()

    def leave(self) -> bool:
        """Leave the detail pane, or clear the filter."""
        if self.detail.has_focus:
            self.table.focus()
            return True
        if self.table.filter.text:
            self.unfiltered()
            return True
        return False

    def action_other_pane(self) -> None:
        """Go from the list to the detail pane, or back."""
        (self.table if self.detail.has_focus else self.detail).focus()

    # Following

    @on(LineList.Followed)
    async def _followed(self) -> None:
        place = self.place_here()
        if place is not None:
            await self.follow_place(place)

    async def follow_place(self, place: Place) -> None:
        """Go to what a row is about."""
        if place.ref is None:
            await self.scope.open_member(place.member)
        else:
            await self.scope.open_resource(place.member, place.ref)

    def action_copy_name(self) -> None:
        """Copy what the row under the cursor is called."""
        row = self.table.row()
        if row is not None:
            self.scope.copy(escaped(row.names[0]))


def _without_row(location: Location) -> Location:
    return msgspec.structs.replace(location, row="")
