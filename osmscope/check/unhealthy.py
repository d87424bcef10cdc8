"""Endpoints that get no requests, or fewer: by health checks, outlier detection or EDS."""

from collections.abc import Iterator

from osmscope.check.finding import Finding
from osmscope.dump.host_status import HostStatus
from osmscope.resources.proxy import Proxy


def unhealthy(proxy: Proxy) -> Iterator[Finding]:
    """Find clusters of which not all endpoints are healthy; from /clusters alone.

    Raises:
        DumpError: A cluster's status cannot be read.
    """
    for name, status in (proxy.clusters or {}).items():
        ill = [host for host in status.hosts if host.flags]
        if not ill:
            continue
        none_left = len(ill) == len(status.hosts)
        count = f"{len(ill)} of {len(status.hosts)} endpoints"
        yield Finding(
            check="unhealthy",
            severity="error" if none_left else "warning",
            kind="cluster",
            name=name,
            words=f"{count} not healthy: {', '.join(map(_described, ill[:5]))}"
            + (", …" if len(ill) > 5 else ""),
        )


def _described(host: HostStatus) -> str:
    return f"{host.address} ({', '.join(sorted(host.flags))})"
