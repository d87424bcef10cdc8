"""A connection's way through `tcp_proxy`."""

from collections.abc import Iterator

from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.tcp_proxy import choose
from osmscope.trace.path import ConnectionPath, TcpPath, Upstream
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.upstream import evaluate_tcp_upstream


def evaluate_tcp(
    sidecar: Sidecar, connection: ConnectionPath, asked: TraceRequest
) -> tuple[TcpPath, ...]:
    """List every way of a connection that reached a `tcp_proxy`.

    Raises:
        DumpError: A cluster on the way cannot be read.
    """
    return tuple(_paths(sidecar, connection, asked))


def _paths(sidecar: Sidecar, connection: ConnectionPath, asked: TraceRequest) -> Iterator[TcpPath]:
    config = connection.tcp_proxy
    assert config is not None
    choices = choose(
        config,
        connection.connection,
        sni_cluster=connection.network is not None and connection.network.sni_cluster,
        random_value=asked.random_value,
    )
    for choice in choices:
        cluster = sidecar.proxy.cluster(choice.name)
        if cluster is not None:
            for upstream in evaluate_tcp_upstream(sidecar, cluster, connection, choice.entry):
                probability = choice.probability * upstream.probability
                yield TcpPath(choice=choice, upstream=upstream, probability=probability)
        else:
            upstream = _without_cluster(sidecar, choice.name)
            yield TcpPath(choice=choice, upstream=upstream, probability=choice.probability)


def _without_cluster(sidecar: Sidecar, name: str) -> Upstream:
    if not sidecar.proxy.dump.has("cluster"):
        return Upstream(name=name, missing=f'the cluster "{name}" (the dump has no such section)')
    reason = f'there is no cluster "{name}"'
    if sidecar.proxy.is_warming("cluster", name):
        reason = f'the cluster "{name}" is still warming'
    return Upstream(name=name, closed=Closed(flags=("NC",), reason=reason))
