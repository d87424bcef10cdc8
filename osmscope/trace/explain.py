"""Every decision of an evaluation in words, with the candidates that lost.

Built on demand: the rules are asked again why each candidate was not chosen.
"""

from collections.abc import Iterator, Sequence

import msgspec

from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Step
from osmscope.trace.explain_connection import connection_steps
from osmscope.trace.explain_policies import policy_steps, tcp_policy_steps
from osmscope.trace.explain_response import response_steps
from osmscope.trace.explain_routing import routing_steps
from osmscope.trace.explain_upstream import Sent, cluster_steps
from osmscope.trace.outcomes import Joined
from osmscope.trace.path import ConnectionPath, FilterRun, HttpPath, SentUpstream, TcpPath
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar

_OF_A_CLUSTER = ("endpoint", "upstream_tls", "upstream_filter", "upstream_request")
_SHOWN = {":path": "path", ":authority": "host", ":method": "method"}


def steps_of(
    sidecar: Sidecar,
    asked: TraceRequest,
    connection: ConnectionPath,
    joined: Sequence[Joined],
    *,
    brief: bool = False,
) -> tuple[Step, ...]:
    """Tell every decision, in Envoy's order.

    What all outcomes share is told once; the rest carries the outcome's index.

    Args:
        sidecar: The sidecar.
        asked: The request.
        connection: The way of its connection.
        joined: Its outcomes.
        brief: Whether losers of which there may be thousands are counted and not listed.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    shared = tuple(connection_steps(sidecar, asked, connection, brief=brief))
    proxy = sidecar.proxy
    ways = [tuple(_way_steps(proxy, connection, one, brief=brief)) for one in joined]
    return (*shared, *_merged(ways))


def _merged(ways: Sequence[tuple[Step, ...]]) -> Iterator[Step]:
    if len(ways) == 1:
        yield from ways[0]
        return
    common = [step for step in ways[0] if all(step in way for way in ways[1:])]
    if not any(step.kind == "cluster" for step in common):
        # What follows from the cluster is told with it, though it reads the same for each.
        common = [step for step in common if step.kind not in _OF_A_CLUSTER]
    yield from common
    for index, way in enumerate(ways):
        for step in way:
            if step not in common:
                yield msgspec.structs.replace(step, outcome=index)


def _way_steps(
    proxy: Proxy, connection: ConnectionPath, joined: Joined, *, brief: bool
) -> Iterator[Step]:
    way = joined.way
    if isinstance(way, HttpPath):
        yield from _http_steps(proxy, connection, way, brief=brief)
    elif isinstance(way, TcpPath):
        if connection.tcp_proxy is not None:
            yield from tcp_policy_steps(connection.tcp_proxy, way.upstream)
        yield from cluster_steps(proxy, way.upstream, way.choice.reason, Sent())
        yield from _tunnel_steps(connection, way)


def _tunnel_steps(connection: ConnectionPath, way: TcpPath) -> Iterator[Step]:
    config = connection.tcp_proxy.tunneling_config if connection.tcp_proxy is not None else None
    if config is not None and way.upstream.shares is not None:
        method, path = ("POST", config.post_path) if config.use_post else ("CONNECT", "")
        reason = f"tcp_proxy sends the bytes inside {method} {config.hostname}{path}"
        yield Step(kind="upstream_request", chosen="", reason=reason)


def _http_steps(
    proxy: Proxy, connection: ConnectionPath, path: HttpPath, *, brief: bool
) -> Iterator[Step]:
    if path.notes:
        yield Step(kind="connection_manager", chosen="", reason="; ".join(path.notes))
    if path.resolved.request is not None:
        yield from routing_steps(proxy, connection, path, brief=brief)
    if path.refused and path.reply is not None:
        reason = path.reply.reason
        yield Step(kind="connection_manager", chosen="", reason=reason, failed=True)
        return
    yield from _filter_steps(path)
    if path.sent is not None and connection.manager is not None:
        yield from policy_steps(proxy, connection.manager, path, path.sent)
    if not path.answered:
        yield from _cluster_steps(proxy, path)
    if path.upstream_runs:
        yield from _run_steps(path, path.upstream_runs, "upstream_filter")
    if path.sent is not None:
        yield from _sent_steps(path, path.sent)
    if not path.answered:
        yield from response_steps(path)


def _filter_steps(path: HttpPath) -> Iterator[Step]:
    yield from _run_steps(path, path.runs, "http_filter")
    if path.missing and path.missing != path.resolved.missing:
        reason = f"{path.missing} is not known"
        yield Step(kind="http_filter", chosen="", reason=reason, failed=True)


def _run_steps(path: HttpPath, runs: tuple[FilterRun, ...], kind: str) -> Iterator[Step]:
    for run in runs:
        result = run.result
        if result is None:
            yield Step(kind=kind, chosen=run.name, reason=run.reason or "it is off")
        elif result.reason or result.reply is not None:
            notes = [run.reason] if run.reason else []
            if result.clears_route_cache and result.request is path.resolved.request:
                notes.append("the route is looked up again with what it changed")
            yield Step(
                kind=kind,
                chosen=run.name,
                reason=result.reason or (result.reply.reason if result.reply else ""),
                fields=result.consulted,
                notes=tuple(notes),
                failed=result.reply is not None,
            )


def _cluster_steps(proxy: Proxy, path: HttpPath) -> Iterator[Step]:
    choice = path.resolved.cluster_choice
    if choice is None:
        return
    if path.upstream is not None:
        headers = path.sent.headers if path.sent is not None else None
        spoken = "" if path.sent is None or path.sent.is_raw else path.request.protocol
        sent = Sent(headers, spoken, path.request.runtime)
        yield from cluster_steps(proxy, path.upstream, choice.reason, sent)
    elif path.reply is not None:
        yield Step(kind="cluster", chosen=choice.name, reason=path.reply.reason, failed=True)
    elif choice.missing:
        reason = f"{choice.missing} is not known"
        yield Step(kind="cluster", chosen=choice.name, reason=reason, failed=True)


def _sent_steps(path: HttpPath, sent: SentUpstream) -> Iterator[Step]:
    if sent.is_raw:
        reason = "the endpoint receives what comes inside the CONNECT, and no request"
        yield Step(kind="upstream_request", chosen="", reason=reason)
        return
    changes = []
    for name, label in _SHOWN.items():
        old, new = path.request.headers.first(name), sent.headers.first(name)
        if old != new:
            changes.append(f'{label} "{old}" becomes "{new}"')
    if changes:
        yield Step(kind="upstream_request", chosen="", reason="; ".join(changes))
