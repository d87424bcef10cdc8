"""What one network filter does to a connection.

What Envoy does: filters are asked twice, when the connection is new and when the client's first
bytes come. One that ends a connection when it is new keeps it from `tcp_proxy`, if it stands
before it; one that waits for bytes does not, because `tcp_proxy` has dialled by then.
"""

import msgspec


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a connection without an endpoint's doing, as the access log prints it."""

    flags: tuple[str, ...] = ()
    """Response flags."""
    details: str | None = None
    """Response code details, else the connection's termination details."""
    reason: str = ""
    """Why, as a clause."""


class NetworkFilterResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter does."""

    closed: Closed | None = None
    on_data: bool = False
    """Whether it decides upon the client's first bytes, not when the connection is new."""
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    """What it did, as a clause."""
