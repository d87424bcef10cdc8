"""What a cluster's connections carry (`upstream_config`).

What Envoy does: without it, or with a generic pool, requests go out as requests. A TCP pool sends
the body of an HTTP request alone, whatever its method, and answers 200 by itself; for a `tcp_proxy`
it is no pool. Checked against Envoy 1.40.0. Not modelled: pools of other types, a TCP pool of a
`tcp_proxy`.
"""

import msgspec

from osmscope.resources.cluster import Cluster, GenericConnectionPool, TcpConnectionPool
from osmscope.resources.extension import Unsupported, decode_extension


class UpstreamPool(msgspec.Struct, frozen=True):
    """What becomes of requests on a cluster's connections."""

    carries_bodies_alone: bool = False
    assumptions: tuple[str, ...] = ()


_GENERIC = UpstreamPool()


def upstream_pool(cluster: Cluster, *, of_request: bool) -> UpstreamPool:
    """Tell what a cluster's connections carry.

    Args:
        cluster: The cluster.
        of_request: Whether an HTTP request is sent, not a connection's bytes of `tcp_proxy`.

    Raises:
        DumpError: The configuration has a type that Envoy never writes.
    """
    if cluster.upstream_config is None:
        return _GENERIC
    pool = decode_extension(cluster.upstream_config)
    if isinstance(pool, GenericConnectionPool):
        return _GENERIC
    if isinstance(pool, TcpConnectionPool) and of_request:
        return UpstreamPool(carries_bodies_alone=True)
    name = pool.type_name if isinstance(pool, Unsupported) else "of TCP for HTTP requests"
    words = f'the connection pool "{name}" of cluster "{cluster.name}" changes nothing'
    return UpstreamPool(assumptions=(words,))
