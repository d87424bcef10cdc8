"""What is close to a request that misses, and the one change that would hit it.

A near miss is never guessed: each candidate is the request with something changed, and it is
listed only where that request, evaluated, gets further than the first one did. What it is called
is what that request hits.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

import msgspec

from osmscope.errors import OsmscopeError, UnreachableError
from osmscope.resources.listener import Listener
from osmscope.resources.references import route_clusters
from osmscope.trace.answer import Answer, NearMiss, OutcomeAnswer
from osmscope.trace.changed_connection import other_connections, other_listeners
from osmscope.trace.changed_request import (
    Change,
    near_virtual_hosts,
    other_hosts,
    other_matches,
)
from osmscope.trace.path import Evaluation, HttpPath
from osmscope.trace.request import TraceRequest

MOST = 5
"""How many near misses are listed."""
_TRIED = 60
"""How many changed requests are evaluated at most."""
_FORWARDED = 10

Evaluate = Callable[[TraceRequest], Answer]


class _Found(msgspec.Struct, frozen=True):
    near_miss: NearMiss
    progress: int


def near_misses(
    asked: TraceRequest,
    evaluation: Evaluation,
    answer: Answer,
    evaluate: Evaluate,
    listeners: Sequence[Listener] = (),
) -> tuple[NearMiss, ...]:
    """List the changes that would get a request further, the best first.

    Args:
        asked: The request.
        evaluation: What was found for it.
        answer: Its answer.
        evaluate: Answers another request about the same sidecar.
        listeners: The listeners that accept connections.
    """
    reached = _progress(answer)
    if reached == _FORWARDED:
        return ()
    changes = chain(
        _other_connections(asked, evaluation, listeners),
        *(_other_requests(asked, way) for way in evaluation.http[:1]),
    )
    found = [one for one in _tried(asked, changes, evaluate) if one.progress > reached]
    found.sort(key=lambda one: (-one.progress, len(one.near_miss.request)))
    # Of several ways to hit the same, the best is enough.
    best: dict[str, NearMiss] = {}
    for one in found:
        best.setdefault(one.near_miss.what, one.near_miss)
    return tuple(best.values())[:MOST]


def near_clusters(asked: TraceRequest, evaluation: Evaluation) -> Iterator[str]:
    """Name the clusters that requests close to one may go to, so that they are read at once.

    Args:
        asked: The request.
        evaluation: What was found for it.
    """
    for way in evaluation.http[:1]:
        resolved = way.resolved
        if resolved.table is None or resolved.virtual_host_choice is None:
            continue
        host = resolved.virtual_host_choice.virtual_host
        every = resolved.table.configuration.virtual_hosts
        hosts = (host,) if host is not None else near_virtual_hosts(asked, every)
        for one in hosts:
            for route in one.routes[:_TRIED]:
                for cluster in route_clusters(route):
                    yield cluster.name


def _other_connections(
    asked: TraceRequest, evaluation: Evaluation, listeners: Sequence[Listener]
) -> Iterator[Change]:
    connection = evaluation.connection
    if connection.listener is None:
        return other_listeners(asked, listeners)
    if connection.closed is not None or any(tcp.upstream.closed for tcp in evaluation.tcp):
        return other_connections(asked, connection, connection.listener)
    return iter(())


def _other_requests(asked: TraceRequest, way: HttpPath) -> Iterator[Change]:
    resolved = way.resolved
    if resolved.table is None or resolved.virtual_host_choice is None:
        return iter(())
    host = resolved.virtual_host_choice.virtual_host
    if host is None:
        return other_hosts(asked, resolved.table.configuration.virtual_hosts)
    if resolved.route is None and resolved.request is not None:
        return other_matches(asked, resolved.request, host)
    return iter(())


def _tried(asked: TraceRequest, changes: Iterator[Change], evaluate: Evaluate) -> Iterator[_Found]:
    tried: list[dict[str, object]] = []
    for change in islice(changes, _TRIED):
        if change.fields in tried:
            continue
        tried.append(change.fields)
        try:
            answer = evaluate(msgspec.structs.replace(asked, **change.fields))
        except UnreachableError:  # a live sidecar that went away: no other request reaches it
            raise
        except OsmscopeError:
            continue
        what = _what(answer.outcomes[0])
        near_miss = NearMiss(what=what, change=change.words, request=change.fields)
        yield _Found(near_miss, _progress(answer))


def _what(outcome: OutcomeAnswer) -> str:
    """Name the last thing that a request hits before its cluster."""
    if outcome.route_index is not None or outcome.route is not None:
        place = "" if outcome.route_index is None else f"#{outcome.route_index}"
        route = " ".join(filter(None, ("route", place, outcome.route)))
        return f'{route} of virtual host "{outcome.virtual_host or ""}"'
    if outcome.virtual_host is not None:
        return f'virtual host "{outcome.virtual_host}"'
    if outcome.filter_chain is not None:
        return f'filter chain "{outcome.filter_chain}"'
    return f'listener "{outcome.listener or ""}"'


def _progress(answer: Answer) -> int:
    """Rate how far a request gets, by the outcome that gets least far."""
    return min(_rate(outcome) for outcome in answer.outcomes)


def _rate(outcome: OutcomeAnswer) -> int:
    if outcome.verdict == "forwarded":
        return _FORWARDED
    reached = (outcome.listener, outcome.filter_chain, outcome.virtual_host, outcome.cluster)
    found = sum(name is not None for name in reached)
    found += outcome.route_index is not None
    return found + (outcome.verdict == "responded")
