"""What the mesh and a sidecar have in common: A can be marked, and things be collected."""

from __future__ import annotations

from osmscope.session.places import Place
from osmscope.tui.location import Location
from osmscope.tui.view_screen import ViewScreen


class MarkingView(ViewScreen):
    """A view of things that can be compared."""

    def _here(self) -> Place | None:
        location = self.place()
        return Place(location.member, location.ref) if location.member else None

    def action_mark(self) -> None:
        """Mark this as A, or take the mark away."""
        here = self._here()
        if here is None:
            return
        self.scope.marked = None if here == self.scope.marked else here
        if self.scope.marked is None:
            self.notify("nothing is marked", timeout=2)
        else:
            words = f"A is {self.scope.called(here)}; d on another compares it with A"
            self.notify(words, timeout=4)

    async def action_compare(self) -> None:
        """Compare A with this."""
        here, marked = self._here(), self.scope.marked
        if here is None:
            return
        if marked is None or marked == here:
            self.notify("mark another one as A first, with m", severity="warning")
            return
        if marked.ref is None or here.ref is None:
            marked, here = Place(marked.member), Place(here.member)
        problem = _unlike(marked, here)
        if problem:
            self.notify(problem, severity="warning")
            return
        await self.scope.go(
            Location(view="compare", member=marked.member, ref=marked.ref, against=here)
        )

    async def action_problems(self) -> None:
        """List what is wrong here."""
        await self.scope.go(Location(view="problems", member=self._looked_at()))

    async def action_certificates(self) -> None:
        """List the certificates here."""
        await self.scope.go(Location(view="certificates", member=self._looked_at()))

    async def action_updates(self) -> None:
        """List what changed here while it was looked at."""
        await self.scope.go(Location(view="updates", member=self._looked_at()))

    def _looked_at(self) -> str:
        """Return the sidecar that is looked at; "" for the whole mesh."""
        location = self.place()
        return "" if location.view == "mesh" else location.member


def _unlike(one: Place, other: Place) -> str:
    """Say why two cannot be compared; "" where they can."""
    if one.ref is None or other.ref is None:
        return "A is this sidecar itself" if one.member == other.member else ""
    if one.ref.kind != other.ref.kind:
        kinds = [ref.kind.replace("_", " ") for ref in (one.ref, other.ref)]
        return f"A is a {kinds[0]}, this is a {kinds[1]}: only alike things can be compared"
    return ""
