"""All findings about one sidecar."""

import datetime

from osmscope.check.dangling import dangling
from osmscope.check.expiring import expiring
from osmscope.check.finding import Finding
from osmscope.check.rejected import rejected
from osmscope.check.unhealthy import unhealthy
from osmscope.check.warming import warming
from osmscope.resources.proxy import Proxy


def findings(proxy: Proxy, now: datetime.datetime) -> tuple[Finding, ...]:
    """List what somebody should look at, errors first.

    Args:
        proxy: The sidecar.
        now: The time to hold certificates against, with its time zone.

    Raises:
        DumpError: A resource cannot be read.
    """
    found = [
        *rejected(proxy),
        *dangling(proxy),
        *unhealthy(proxy),
        *warming(proxy),
        *expiring(proxy, now),
    ]
    return tuple(sorted(found, key=lambda one: one.severity != "error"))
