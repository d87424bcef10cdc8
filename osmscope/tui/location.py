"""Where a user is, and where they were."""

from __future__ import annotations

import msgspec

from osmscope.report.inventory.document import Ref
from osmscope.session.places import Place

LONGEST = 200
"""How many locations are remembered."""


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """One place to be."""

    view: str = "mesh"
    """The screen's name; see `osmscope.tui.views`."""
    member: str = ""
    """The sidecar's key."""
    kind: str = ""
    """The kind of resource that is listed; "" for the tree."""
    scope: Ref | None = None
    """What the listed resources are parts of; None for all."""
    ref: Ref | None = None
    """The resource under the cursor; in a comparison, that of A."""
    against: Place | None = None
    """B of a comparison."""
    row: str = ""
    """The row under the cursor, in a list over several sidecars."""


class History:
    """The locations a user was at, in order, and which of them is the present one."""

    def __init__(self, start: Location) -> None:
        self._trail = [start]
        self._index = 0

    @property
    def present(self) -> Location:
        """Where the user is."""
        return self._trail[self._index]

    def go(self, location: Location) -> None:
        """Go to a new location; what lay ahead is forgotten."""
        if location == self.present:
            return
        self._trail = [*self._trail[: self._index + 1], location][-LONGEST:]
        self._index = len(self._trail) - 1

    def settle(self, location: Location) -> None:
        """Correct the present location: the cursor moved."""
        self._trail[self._index] = location

    def back(self) -> Location | None:
        """Go back; None at the start."""
        return self._step(-1)

    def forward(self) -> Location | None:
        """Go forth again; None at the end."""
        return self._step(1)

    def _step(self, by: int) -> Location | None:
        if not 0 <= self._index + by < len(self._trail):
            return None
        self._index += by
        return self.present
