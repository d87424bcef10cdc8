"""One thing that somebody should look at."""

from typing import Literal

import msgspec

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at."""

    check: str
    """What was checked: rejected, warming, dangling, unhealthy or expiring."""
    severity: Severity
    """error: requests fail by it, or updates do not arrive; warning: they may soon, or partly."""
    kind: str
    """The kind of the resource that it is about: listener, cluster, …"""
    name: str
    """That resource's name."""
    words: str
    """What is wrong, a clause without a full stop."""
    path: str = ""
    """The place in the dump of the entry that it stands in."""
    part: str = ""
    """Which part of that entry it is: "#0", the first chain of a listener; "/host#0", a route."""
