"""The certificates of the mesh, or of one sidecar, with a timeline of their ends."""

from __future__ import annotations

from osmscope.session.certificate_listing import certificate_listing
from osmscope.session.places import Placed
from osmscope.tui.list_view import ListView
from osmscope.tui.location import Location


class CertificatesScreen(ListView):
    """Certificates, the first to expire first."""

    VIEW = "certificates"
    WORDS = "Certificates"
    NOTHING = "no certificate is in the dumps"

    def gather(self, location: Location) -> Placed:
        """List the certificates."""
        return certificate_listing(self.scope.mesh, location.member, self.scope.now())
