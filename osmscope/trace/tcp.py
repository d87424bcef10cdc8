"""A connection's way through `tcp_proxy`."""

from collections.abc import Iterator

from osmscope.resources.network_filters import TcpProxy
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.tcp_proxy import TcpClusterChoice, choose
from osmscope.trace.cluster_hosts import why_absent
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
        random_value=asked.random_value,
    )
    if not choices:
        upstream = Upstream(name="", missing="the cluster that tcp_proxy takes (it names none)")
        yield TcpPath(choice=TcpClusterChoice(name=""), upstream=upstream)
    sidecar.proxy.expect_clusters(choice.name for choice in choices)
    for choice in choices:
        if choice.missing:
            yield TcpPath(choice=choice, upstream=Upstream(name="", missing=choice.missing))
            continue
        cluster = sidecar.proxy.cluster(choice.name)
        if cluster is not None:
            for upstream in evaluate_tcp_upstream(
                sidecar, cluster, connection, choice.entry, sidecar.runtime(asked.runtime)
            ):
                probability = choice.probability * upstream.probability
                yield TcpPath(choice=choice, upstream=upstream, probability=probability)
        else:
            upstream = _without_cluster(sidecar, config, choice.name)
            yield TcpPath(choice=choice, upstream=upstream, probability=choice.probability)


def _without_cluster(sidecar: Sidecar, config: TcpProxy, name: str) -> Upstream:
    absence = why_absent(sidecar.proxy, name)
    fetched = f'whether the cluster "{name}" would be fetched on demand' if config.on_demand else ""
    if absence.missing or fetched:
        return Upstream(name=name, missing=absence.missing or fetched)
    reason = absence.reason or f'there is no cluster "{name}"'
    return Upstream(name=name, closed=Closed(flags=("NC",), reason=reason))
