"""A connection's decisions in words: listener, filter chain, TLS, network filters."""

from collections.abc import Iterator
from itertools import islice

from osmscope.rules import filter_chain_losers
from osmscope.rules.downstream_tls import HandshakeResult
from osmscope.rules.filter_chain import FilterChainChoice
from osmscope.rules.filter_chain_level import LEVELS, criterion_words
from osmscope.rules.network_filter_chain import NetworkFilterOutcome
from osmscope.trace.answer import Candidate, Step
from osmscope.trace.connection import wanted_connection
from osmscope.trace.nearness import nearest_chains
from osmscope.trace.path import ConnectionPath
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.update_notes import update_notes, warming_names

MOST_LOSERS = 200
"""How many losers of one decision are listed; the rest is counted."""


def connection_steps(
    sidecar: Sidecar, asked: TraceRequest, path: ConnectionPath, *, brief: bool
) -> Iterator[Step]:
    """Tell the decisions about a connection, in Envoy's order.

    Args:
        sidecar: The sidecar.
        asked: The request.
        path: What was found for its connection.
        brief: Whether losing filter chains are counted and not listed.

    Raises:
        DumpError: A filter chain has a range that is none.
    """
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
        yield _chain_step(path, path.chain_choice, brief=brief)
    if path.handshake is not None:
        yield from _tls_step(path, path.handshake)
    if path.network is not None:
        yield from _network_steps(path, path.network)


def _listener_step(sidecar: Sidecar, asked: TraceRequest, path: ConnectionPath) -> Step:
    choice, proxy = path.listener_choice, sidecar.proxy
    listed = [
        Candidate(name=listener.name, reason=reason)
        for listener, reason in sidecar.listener_index.losers(wanted_connection(asked), choice)
    ]
    lost = choice.listener is None or bool(choice.missing)
    if choice.listener is not None:
        notes = update_notes(proxy, "listener", choice.listener.name)
    else:
        notes = tuple(
            f'listener "{name}" is still warming: it accepts no connection yet'
            for name in warming_names(proxy, "listener")
        )
    missing = f"{path.missing} is not known" if lost and path.missing else ""
    return Step(
        kind="listener",
        chosen="" if choice.listener is None else choice.listener.name,
        reason="; ".join(filter(None, (choice.reason, missing))),
        losers=tuple(listed[:MOST_LOSERS]),
        more_losers=max(0, len(listed) - MOST_LOSERS),
        notes=notes,
        failed=lost,
    )


def _chain_step(path: ConnectionPath, choice: FilterChainChoice, *, brief: bool) -> Step:
    listener, chain = path.listener, choice.chain
    assert listener is not None
    chains = listener.filter_chains
    nearest = [] if brief else nearest_chains(path.connection, chains, MOST_LOSERS + 1)
    found = filter_chain_losers.losers(listener, path.connection, choice, nearest)
    losers = tuple(
        Candidate(
            name=loser.chain.name or f"#{loser.index}", reason=loser.reason, fields=(loser.field,)
        )
        for loser in islice(found, MOST_LOSERS)
    )
    return Step(
        kind="filter_chain",
        chosen="" if chain is None else chain.name or _place(choice.index),
        reason=_chain_reason(choice),
        fields=tuple(f"filter_chain_match.{LEVELS[taken.level].field}" for taken in choice.taken),
        losers=losers,
        more_losers=len(chains) - (choice.index is not None) - len(losers),
        failed=chain is None,
    )


def _place(index: int | None) -> str:
    return "default_filter_chain" if index is None else f"#{index}"


def _chain_reason(choice: FilterChainChoice) -> str:
    if choice.missing:
        return f"{choice.missing} is not known"
    if choice.chain is None:
        return f"no chain fits at {choice.level}"
    if choice.is_default:
        return f"no chain fits at {choice.level}: the default chain takes it"
    if choice.verdict is not None:
        return "the listener's filter_chain_matcher names it"
    taken = [criterion_words(one.level, one.key) for one in choice.taken if one.key is not None]
    if not taken:
        return "its criteria are empty: it fits every connection"
    return f"by {' and '.join(filter(None, (', '.join(taken[:-1]), taken[-1])))}"


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
        losers = () if step.verdict is None else step.verdict.losers
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
    if path.missing and path.missing == network.missing:
        reason = f"{path.missing} is not known"
        yield Step(kind="network_filter", chosen="", reason=reason, failed=True)
    elif path.closed is not None and not network.steps and path.closed is network.closed_when_new:
        yield Step(kind="network_filter", chosen="", reason=path.closed.reason, failed=True)
