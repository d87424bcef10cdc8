"""A and B side by side: two sidecars, or two resources of one kind."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on

from osmscope.errors import OsmscopeError
from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.session.comparison_listing import (
    Side,
    not_compared,
    resource_comparison,
    sidecar_comparison,
)
from osmscope.session.places import Place, Placed
from osmscope.session.request_form import RequestForm, read_form
from osmscope.tui import actions
from osmscope.tui.list_view import ListView
from osmscope.tui.location import Location
from osmscope.tui.prompt import Prompt
from osmscope.tui.trace_both_screen import TraceBothScreen

_TRACE = "trace"
"""What the prompt asks for: a request for both."""


class CompareScreen(ListView):
    """What differs between A and B."""

    VIEW = "compare"
    CONTEXT = "compare"
    BINDINGS: ClassVar = actions.bindings("compare")
    WORDS = "Differences"
    _request = ""
    NOTHING = "✓ no difference: but for order, versions and times, A and B are the same"

    def gather(self, location: Location) -> Placed:
        """List the differences."""
        before, after = self._sides(location)
        if location.ref is not None:
            return resource_comparison(before, after)
        return sidecar_comparison(before, after)

    def _sides(self, location: Location) -> tuple[Side, Side]:
        assert location.against is not None
        places = Place(location.member, location.ref), location.against
        return Side(places[0], self._inventory(places[0])), Side(
            places[1], self._inventory(places[1])
        )

    def _inventory(self, place: Place) -> Inventory:
        inventory = self.scope.inventory(place.member)
        if inventory is None:
            name = self.scope.mesh.members[place.member].name
            reason = self.scope.mesh.state(place.member).reason
            raise OsmscopeError(f"{name} is not read{f': {reason}' if reason else ' yet'}")
        return inventory

    def show(self, location: Location) -> None:
        """Show the comparison; read what was not read."""
        for key in (location.member, location.against.member if location.against else ""):
            if key and self.scope.mesh.state(key).status == "unread":
                self.scope.read(key)
        super().show(location)

    def member_changed(self, key: str) -> None:
        """Compare anew."""
        other = self.location.against
        if key == self.location.member or (other is not None and key == other.member):
            super().member_changed(self.location.member)

    def watched(self) -> tuple[str, ...]:
        """Return both."""
        other = self.location.against
        return tuple({self.location.member, other.member if other is not None else ""} - {""})

    def heading(self) -> str:
        """Say what A and B are."""
        against = self.location.against
        if against is None:
            return ""
        names = [
            self.scope.mesh.members[one].name for one in (self.location.member, against.member)
        ]
        if self.location.ref is None or against.ref is None:
            return f"A {names[0]}  B {names[1]}"
        kind = self.location.ref.kind.replace("_", " ")
        titles = [
            self._called(self.location.member, self.location.ref),
            self._called(against.member, against.ref),
        ]
        if names[0] == names[1]:
            return f"{names[0]} › {kind} A {titles[0]}  B {titles[1]}"
        if titles[0] == titles[1]:
            return f"{kind} {titles[0]} of A {names[0]}  B {names[1]}"
        return f"{kind} A {names[0]} {titles[0]}  B {names[1]} {titles[1]}"

    def _called(self, member: str, ref: Ref) -> str:
        inventory = self.scope.inventory(member)
        return ref.key if inventory is None else inventory.title(ref)

    def remarks(self) -> tuple[str, ...]:
        """Say which kinds only one of the dumps shows."""
        if self.placed is None or self.location.ref is not None:
            return ()
        kinds = not_compared(*self._sides(self.location))
        return (f"not compared, as only one dump shows them: {', '.join(kinds)}",) if kinds else ()

    def above(self) -> Location | None:
        """Return the comparison of the sidecars, then the mesh."""
        against = self.location.against
        if self.location.ref is not None and against is not None:
            if against.member != self.location.member:
                return msgspec.structs.replace(
                    self.location, ref=None, against=Place(against.member), row=""
                )
            return Location(
                view="browse",
                member=self.location.member,
                kind=self.location.ref.kind,
                ref=self.location.ref,
            )
        return Location(member=self.location.member)

    async def follow_place(self, place: Place) -> None:
        """Compare a resource that both have; go to one that only one has, or that is compared."""
        against, ref = self.location.against, place.ref
        position = self.here()
        if self.placed is None or position is None or against is None:
            return
        mark = self.placed.listing.marks[position]
        if self.location.ref is None and ref is not None and mark is not None and mark.sign == "≠":
            await self.scope.go(
                Location(
                    view="compare",
                    member=self.location.member,
                    ref=ref,
                    against=Place(against.member, ref),
                )
            )
            return
        await super().follow_place(place)

    def action_trace_both(self) -> None:
        """Ask for a request."""
        self.prompt.open(_TRACE, self._request)

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        if event.sign != _TRACE or self.location.against is None:
            return
        self._request = event.text
        reading = read_form(RequestForm({"target": event.text}))
        sides = [
            self.scope.mesh.state(key).sidecar
            for key in (self.location.member, self.location.against.member)
        ]
        if reading.typed is None or sides[0] is None or sides[1] is None:
            said = "; ".join(reading.errors.values()) or "give a target: host:port/path"
            self.notify(said, severity="warning")
            return
        self.app.push_screen(TraceBothScreen(event.text, reading.typed, (sides[0], sides[1])))

    async def action_swap(self) -> None:
        """Let A be B."""
        against = self.location.against
        if against is not None:
            await self.scope.go(
                Location(
                    view="compare",
                    member=against.member,
                    ref=against.ref,
                    against=Place(self.location.member, self.location.ref),
                )
            )
