"""The states in which Envoy's admin interface shows a resource.

Decision: a state is never guessed from the shape of a resource. It is the place in the dump at
which the resource stands, and several states of one name coexist: an active listener keeps serving
while its next version warms, after its last update was rejected, and while an older one drains.
"""

import enum

import msgspec


class State(enum.StrEnum):
    """The state of one resource in a dump."""

    STATIC = "static"
    """From the bootstrap: in force for the life of the process."""
    ACTIVE = "active"
    """Delivered by xDS and in force."""
    WARMING = "warming"
    """Delivered by xDS, waits for what it depends on, serves nothing yet."""
    DRAINING = "draining"
    """Removed or replaced: finishes its connections, accepts none."""
    ERROR = "error"
    """An update that Envoy rejected."""

    @property
    def serves(self) -> bool:
        """Whether new requests are decided by a resource in this state."""
        return self in (State.STATIC, State.ACTIVE)


class ErrorState(msgspec.Struct, frozen=True, kw_only=True):
    """The last update of a resource that Envoy rejected (UpdateFailureState)."""

    details: str = ""
    last_update_attempt: str = ""
    version_info: str = ""
    failed_configuration: msgspec.Raw = msgspec.Raw()
