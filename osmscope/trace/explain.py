"""Every decision of an evaluation in words, with the candidates that lost.

Built on demand: the rules are asked again why each candidate was not chosen.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from osmscope.rules import filter_chain_losers
from osmscope.rules.downstream_tls import HandshakeResult
from osmscope.rules.facts import Request
from osmscope.rules.filter_chain_level import LEVELS
from osmscope.rules.listener_selection import WantedConnection
from osmscope.rules.network_filter_chain import NetworkFilterOutcome
from osmscope.trace.answer import Candidate, Step
from osmscope.trace.explain_upstream import cluster_steps
from osmscope.trace.outcomes import Joined
from osmscope.trace.path import ConnectionPath, HttpPath, TcpPath
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar

MOST_LOSERS = 200
"""How many losers of one decision are listed; the rest is counted."""


def steps_of(
    sidecar: Sidecar, asked: TraceRequest, connection: ConnectionPath, joined: Sequence[Joined]
) -> tuple[Step, ...]:
    """Tell every decision, in Envoy's order.

    What all outcomes share is told once; the rest carries the outcome's index.
    """
    shared = tuple(_connection_steps(sidecar, asked, connection))
    ways = [tuple(_way_steps(one)) for one in joined]
    return (*shared, *_merged(ways))


def _merged(ways: Sequence[tuple[Step, ...]]) -> Iterator[Step]:
    if len(ways) == 1:
        yield from ways[0]
        return
    common = [step for step in ways[0] if all(step in way for way in ways[1:])]
    yield from common
    for index, way in enumerate(ways):
        for step in way:
            if step not in common:
                yield msgspec.structs.replace(step, outcome=index)


def _connection_steps(
    sidecar: Sidecar, asked: TraceRequest, path: ConnectionPath
) -> Iterator[Step]:
    yield _listener_step(sidecar, asked, path)
    for listener, result in path.inspected:
        if result.steps:
            yield Step(
                kind="listener_filters",
                chosen=listener.name,
                reason="; ".join(result.steps),
                failed=result.closed is not None,
            )
    if path.chain_choice is not None:
        yield _chain_step(path)
    if path.handshake is not None:
        yield from _tls_step(path, path.handshake)
    if path.network is not None:
        yield from _network_steps(path, path.network)


def _tls_step(path: ConnectionPath, handshake: HandshakeResult) -> Iterator[Step]:
    connection = path.connection
    if handshake.failed is not None:
        yield Step(kind="tls", chosen="", reason=handshake.failed, failed=True)
    elif connection.terminated_tls:
        alpn = f", ALPN {handshake.alpn}" if handshake.alpn else ""
        asked = "a client certificate" if connection.peer_certificate else "no client certificate"
        yield Step(kind="tls", chosen="TLS", reason=f"terminated here{alpn}, with {asked}")


def _network_steps(path: ConnectionPath, network: NetworkFilterOutcome) -> Iterator[Step]:
    for step in network.steps:
        verdict = step.verdict
        losers = () if verdict is None else verdict.losers
        yield Step(
            kind="network_filter",
            chosen=step.name,
            reason=step.reason,
            losers=tuple(
                Candidate(name=policy, reason=match.reason, fields=match.consulted)
                for policy, match in losers
            ),
            failed=path.closed is not None and path.closed.reason == step.reason,
        )


def _listener_step(sidecar: Sidecar, asked: TraceRequest, path: ConnectionPath) -> Step:
    choice = path.listener_choice
    wanted = WantedConnection(
        destination_ip=asked.dst_ip,
        destination_port=asked.dst_port,
        direction=asked.direction,
        listener=asked.listener,
    )
    losers = (
        Candidate(name=listener.name, reason=reason)
        for listener, reason in sidecar.listener_index.losers(wanted, choice)
    )
    listed, more = _first(losers)
    return Step(
        kind="listener",
        chosen="" if choice.listener is None else choice.listener.name,
        reason=choice.reason,
        losers=listed,
        more_losers=more,
        failed=choice.listener is None,
    )


def _chain_step(path: ConnectionPath) -> Step:
    choice, listener = path.chain_choice, path.listener
    assert choice is not None
    assert listener is not None
    losers = (
        Candidate(
            name=loser.chain.name or f"#{loser.index}", reason=loser.reason, fields=(loser.field,)
        )
        for loser in filter_chain_losers.losers(listener, path.connection, choice)
    )
    listed, more = _first(losers)
    chain = choice.chain
    return Step(
        kind="filter_chain",
        chosen="" if chain is None else chain.name or _place(choice.index),
        reason=_chain_reason(path),
        fields=tuple(f"filter_chain_match.{LEVELS[taken.level].field}" for taken in choice.taken),
        losers=listed,
        more_losers=more,
        failed=chain is None,
    )


def _place(index: int | None) -> str:
    return "default_filter_chain" if index is None else f"#{index}"


def _chain_reason(path: ConnectionPath) -> str:
    choice = path.chain_choice
    assert choice is not None
    if choice.missing:
        return f"{choice.missing} is not known"
    taken = ", ".join(
        f"{LEVELS[one.level].field} {one.key}" for one in choice.taken if one.key is not None
    )
    if choice.chain is None:
        return f"no chain fits at {choice.level}"
    if choice.is_default:
        return f"no chain fits at {choice.level}: the default chain takes it"
    if choice.verdict is not None:
        return "the listener's filter_chain_matcher names it"
    return f"by {taken}" if taken else "its criteria are empty: it fits every connection"


def _way_steps(joined: Joined) -> Iterator[Step]:
    way = joined.way
    if isinstance(way, HttpPath):
        yield from _http_steps(way)
    elif isinstance(way, TcpPath):
        yield from cluster_steps(way.upstream, way.choice.reason, None)


def _http_steps(path: HttpPath) -> Iterator[Step]:
    refusal = (path.reply.reason,) if path.refused and path.reply is not None else ()
    if path.notes or refusal:
        reason = "; ".join((*path.notes, *refusal))
        yield Step(kind="connection_manager", chosen="", reason=reason, failed=path.refused)
    if path.refused:
        return
    yield from _routing_steps(path, path.request)
    yield from _filter_steps(path)
    choice = path.resolved.cluster_choice
    answered = path.runs and path.runs[-1].result and path.runs[-1].result.reply is not None
    if choice is not None and not answered:
        if path.upstream is not None:
            yield from cluster_steps(path.upstream, choice.reason, path.sent.headers if path.sent else None)
        elif path.reply is not None:
            yield Step(kind="cluster", chosen=choice.name, reason=path.reply.reason, failed=True)
    if path.sent is not None:
        yield from _sent_steps(path)


def _routing_steps(path: HttpPath, request: Request) -> Iterator[Step]:
    resolved = path.resolved
    if resolved.table is None:
        reason = path.missing and f"{path.missing} is not known"
        words = reason or "no route table was delivered under that name"
        yield Step(kind="route_config", chosen="", reason=words, failed=True)
        return
    host = resolved.virtual_host_choice
    assert host is not None
    candidates = (
        Candidate(name=virtual_host.name, reason=reason, fields=("domains",))
        for virtual_host, reason in resolved.table.index.losers(request.headers, host)
    )
    listed, more = _first(candidates)
    name = resolved.table.configuration.name
    yield Step(
        kind="virtual_host",
        chosen="" if host.virtual_host is None else host.virtual_host.name,
        reason=f'by the domain "{host.domain}" ({host.kind})'
        if host.virtual_host is not None
        else f'no domain of route configuration "{name}" fits the host "{host.host}"',
        fields=("domains",),
        losers=listed,
        more_losers=more,
        failed=host.virtual_host is None,
    )
    if resolved.tls_redirect is not None:
        reason = resolved.tls_redirect.reason
        yield Step(kind="route", chosen="require_tls", reason=reason, failed=True)
    elif resolved.route_choice is not None:
        yield _route_step(path)


def _route_step(path: HttpPath) -> Step:
    choice, host = path.resolved.route_choice, path.resolved.virtual_host_choice
    assert choice is not None
    assert host is not None
    assert host.virtual_host is not None
    routes = host.virtual_host.routes
    listed, more = _first(
        Candidate(
            name=route_name(routes[index].name, index),
            reason=match.reason,
            fields=tuple(f"match.{field}" for field in match.consulted),
        )
        for index, match in choice.losers
    )
    route = choice.route
    words = choice.match.reason or "its match asks for nothing else"
    if choice.missing:
        words = f"{choice.missing} is not known"
    own = path.reply.reason if path.reply is not None and path.upstream is None else ""
    return Step(
        kind="route",
        chosen="" if route is None else route_name(route.name, choice.index),
        reason=words if route is not None else "no route of the virtual host fits",
        fields=tuple(f"match.{field}" for field in choice.match.consulted),
        losers=listed,
        more_losers=more,
        notes=(own,) if own and route is not None and route.route is None else (),
        failed=route is None,
    )


def route_name(name: str, index: int | None) -> str:
    """Name a route: its own name, with its place where that is known."""
    place = "" if index is None else f"#{index}"
    return f"{place} {name}".strip() or "(unnamed)"


def _filter_steps(path: HttpPath) -> Iterator[Step]:
    for run in path.runs:
        result = run.result
        if result is None:
            yield Step(kind="http_filter", chosen=run.name, reason=run.reason or "it is off")
        elif result.reason or result.reply is not None:
            words = result.reason or (result.reply.reason if result.reply else "")
            yield Step(
                kind="http_filter",
                chosen=run.name,
                reason=words,
                fields=result.consulted,
                notes=(run.reason,) if run.reason else (),
                failed=result.reply is not None,
            )


def _sent_steps(path: HttpPath) -> Iterator[Step]:
    assert path.sent is not None
    changes = [
        f'{name} "{old}" becomes "{new}"'
        for name, label in ((":path", "path"), (":authority", "host"), (":method", "method"))
        if (old := path.request.headers.first(name)) != (new := path.sent.headers.first(name))
        for name in (label,)
    ]
    if changes:
        yield Step(kind="upstream_request", chosen="", reason="; ".join(changes))


def _first(candidates: Iterable[Candidate]) -> tuple[tuple[Candidate, ...], int]:
    iterator = iter(candidates)
    listed = tuple(islice(iterator, MOST_LOSERS))
    return listed, sum(1 for _ in iterator)
