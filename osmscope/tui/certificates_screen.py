"""The certificates of the mesh, or of one sidecar, with a timeline of their ends."""

from __future__ import annotations

import datetime

from osmscope.session.certificate_listing import certificate_listing
from osmscope.session.mesh_listing import age
from osmscope.session.places import Placed
from osmscope.tui.list_view import ListView
from osmscope.tui.location import Location

_OLD = datetime.timedelta(minutes=10)
"""From which age of the data it is said how old it is."""


class CertificatesScreen(ListView):
    """Certificates, the first to expire first."""

    VIEW = "certificates"
    WORDS = "Certificates"
    NOTHING = "no certificate is in the dumps"

    def remarks(self) -> tuple[str, ...]:
        """Say, too, as of when the time is left: a saved dump grows older."""
        mesh, asked = self.scope.mesh, self.location.member
        taken = [mesh.state(key).taken for key in mesh.members if asked in ("", key)]
        old = [one for one in taken if one is not None and self.scope.now() - one > _OLD]
        words = (
            f"left as of {age(min(old), self.scope.now())} ago, when it was taken" if old else ""
        )
        return (*super().remarks(), *([words] if words else ()))

    def gather(self, location: Location) -> Placed:
        """List the certificates."""
        return certificate_listing(self.scope.mesh, location.member, self.scope.now())
