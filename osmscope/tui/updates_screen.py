"""What changed in live sidecars while they were looked at."""

from __future__ import annotations

from osmscope.session.places import Placed
from osmscope.session.update_listing import update_listing
from osmscope.tui.list_view import ListView
from osmscope.tui.location import Location


class UpdatesScreen(ListView):
    """Changes, the newest first."""

    VIEW = "updates"
    WORDS = "Changes"
    NOTHING = "nothing changed since it was read; r reads it again"

    def gather(self, location: Location) -> Placed:
        """List the changes."""
        return update_listing(self.scope.mesh, location.member)
