"""The mesh: its pods, whose mesh they are of, what they run, how old their data is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from osmscope.report.untrusted import escaped
from osmscope.session.mesh_listing import mesh_listing
from osmscope.tui import actions
from osmscope.tui.bars import Bar
from osmscope.tui.cells import shown
from osmscope.tui.line_list import LineList
from osmscope.tui.location import Location
from osmscope.tui.marking import MarkingView
from osmscope.tui.table_list import TableList
from osmscope.tui.table_view import TableView


class MeshScreen(TableView, MarkingView):
    """The pods of a mesh."""

    VIEW = "mesh"
    CONTEXT = "mesh"
    BINDINGS: ClassVar = actions.bindings("mesh")
    DEFAULT_CSS = "MeshScreen #nothing { padding: 0 1; }"

    def compose_view(self) -> Iterable[Widget]:
        """Put a caption above the table."""
        yield Bar(id="caption")
        yield Static(id="nothing", markup=False)
        yield TableList(id="pods")

    def on_mount(self) -> None:
        """Let ages grow."""
        self.table.focus()
        self.set_interval(10, self._list)

    def show(self, location: Location) -> None:
        """Show the mesh, with the cursor on a pod."""
        self._list(location.member)

    def place(self) -> Location:
        """Return where the user is."""
        return Location(member=self.table.key())

    def member_changed(self, key: str) -> None:
        """Show the new state of a sidecar."""
        self._list()

    def _list(self, key: str = "") -> None:
        if not self.is_mounted:
            return
        listing = mesh_listing(self.scope.mesh, self.scope.now())
        self.table.show(listing, None, key or self.table.key())
        title = self.scope.mesh.title or "mesh"
        self.crumbs("osmscope", title)
        self.recaption()

    def recaption(self) -> None:
        """Say how many pods there are, or why none, to the end: it says what to do next."""
        nothing = self.query_one("#nothing", Static)
        nothing.display = not self.table.total()
        if nothing.display:
            nothing.update(self._nothing())
            self.query_one("#caption", Bar).put((" Pods", "strong"))
            return
        pieces = [(" Pods ", "strong"), *self.counted()]
        if self.scope.mesh.problem:
            pieces.append((f"  ! not listed anew: {self.scope.mesh.problem}", "warn"))
        self.query_one("#caption", Bar).put(*pieces)

    @on(LineList.Followed)
    async def _opened(self) -> None:
        await self.scope.open_member(self.table.key())

    def leave(self) -> bool:
        """Stop reading, or clear the filter."""
        if self.scope.stop_reading():
            return True
        if self.table.filter.text:
            self.unfiltered()
            return True
        return False

    def action_refresh(self) -> None:
        """Read the sidecar under the cursor again; of a cluster, list the pods anew."""
        if self.table.key():
            self.scope.read(self.table.key())
        if self.scope.mesh.lister is not None:
            self.scope.find_members(self.scope.mesh.lister)

    def _nothing(self) -> str:
        """Say why there are no pods."""
        mesh = self.scope.mesh
        if mesh.problem:
            return shown(f"✗ {mesh.problem}")
        if mesh.is_listed:
            return "no pod with a sidecar is here; give osmscope tui a SOURCE"
        return "◌ listing the pods of the cluster …"

    def action_read_all(self) -> None:
        """Read all sidecars, whole."""
        self.scope.read_all(whole=True)
        self._list()

    def watched(self) -> tuple[str, ...]:
        """Return none: a list of pods is no reason to ask them all again and again."""
        return ()

    def progressed(self, key: str) -> None:
        """Show how far the reading of a sidecar has come."""
        self._list()

    async def action_trace(self) -> None:
        """Trace a request from the sidecar under the cursor."""
        if self.table.key():
            await self.scope.trace(self.table.key())

    def action_copy_name(self) -> None:
        """Copy the pod's name."""
        row = self.table.row()
        if row is not None:
            self.scope.copy(escaped(str(row.cells[0])))

    def action_copy_command(self) -> None:
        """Copy the command that lists the sidecar's clusters."""
        key = self.table.key()
        if key:
            self.scope.copy(self.scope.command("get clusters", key))
