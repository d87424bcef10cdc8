"""A reply that Envoy makes by itself, as its access log prints it."""

import msgspec


class LocalReply(msgspec.Struct, frozen=True, kw_only=True):
    """A response without an endpoint."""

    code: int
    """The status code, before local reply mappers and gRPC change it."""
    flags: tuple[str, ...] = ()
    """Response flags: ("NR",)."""
    details: str | None = None
    """`%RESPONSE_CODE_DETAILS%`."""
    location: str | None = None
    """The `location` header of redirects."""
    reason: str = ""
    """Why, in words."""
    closes: bool = False
    """Whether there was no request yet: the connection is closed, and its own log line tells it."""
