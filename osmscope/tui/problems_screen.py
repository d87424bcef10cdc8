"""What is wrong in the mesh, or in one sidecar, with the way to the place."""

from __future__ import annotations

from osmscope.session.places import Placed
from osmscope.session.problem_listing import problem_listing
from osmscope.tui.list_view import ListView
from osmscope.tui.location import Location


class ProblemsScreen(ListView):
    """Rejected, warming, dangling, unhealthy and expiring things."""

    VIEW = "problems"
    WORDS = "Problems"
    NOTHING = "✓ nothing is rejected, warming, dangling, unhealthy or expiring"

    def gather(self, location: Location) -> Placed:
        """List the findings."""
        return problem_listing(self.scope.mesh, location.member, self.scope.now())
