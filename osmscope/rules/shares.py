"""What load balancing answers: hosts with their shares of requests.

Decision: a share is an exact fraction, of everything that is asked of a cluster; where no host is
found, that part is counted too, so that all of it adds up to 1.
"""

from fractions import Fraction

import msgspec

from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host


class EndpointShare(msgspec.Struct, frozen=True):
    """A host and the share of requests that it gets."""

    host: Host
    probability: Fraction
    health: Health
    member: str = ""
    """The cluster that it is of, where that is a member of the cluster that was asked."""


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests to a cluster land; all probabilities add up to 1."""

    endpoints: tuple[EndpointShare, ...] = ()
    """Those with a probability above zero, in the order of the hosts."""
    unavailable: Fraction = Fraction(0)
    """The share of requests for which no host is found (UH)."""
    assumptions: tuple[str, ...] = ()
    """What the shares rest on; empty where they are exact."""
    reasons: tuple[str, ...] = ()
    """What decided, in words."""
    lost: tuple[tuple[Host, str], ...] = ()
    """The hosts that get nothing, and why; those that a hash merely passed by are not listed."""
    panic: bool = False
    """Whether hosts are taken without regard to their health."""

    def after(self, reason: str) -> "Shares":
        """Return the same shares with a reason put before the others."""
        return msgspec.structs.replace(self, reasons=(reason, *self.reasons))

    def of_member(self, name: str) -> "Shares":
        """Return the same shares as those of a member of another cluster."""
        endpoints = tuple(
            share if share.member else msgspec.structs.replace(share, member=name)
            for share in self.endpoints
        )
        return msgspec.structs.replace(self, endpoints=endpoints)
