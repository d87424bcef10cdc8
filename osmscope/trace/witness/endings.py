"""How far a request got, in words."""

from __future__ import annotations

from collections.abc import Sequence

from osmscope.rules.route_table import RouteChoice
from osmscope.trace.path import Evaluation, HttpPath, TcpPath
from osmscope.trace.witness.goals import Goal, Way

GOES_ON = 2
UNKNOWN = 1
ENDS = 0


def grade(evaluation: Evaluation, ways: Sequence[Way]) -> int:
    """Rate what becomes of a request behind what it reached: goes on, not known, or ends."""
    if any(map(_goes_on, ways)):
        return GOES_ON
    if evaluation.connection.missing or any(map(_missing, ways)):
        return UNKNOWN
    return ENDS


def _goes_on(way: Way) -> bool:
    if isinstance(way, TcpPath):
        return way.upstream.closed is None and not way.upstream.missing
    route = way.resolved.route
    if way.answered or way.missing:
        return False
    if way.reply is not None:
        # What a route answers by itself is what it is there for.
        return way.upstream is None and route is not None and route.route is None
    return way.upstream is not None and not way.upstream.missing


def _missing(way: Way) -> str:
    missing = way.missing if isinstance(way, HttpPath) else ""
    return missing or (way.upstream.missing if way.upstream is not None else "")


def ending(evaluation: Evaluation, ways: Sequence[Way]) -> str:
    """Say why a request goes no further than what it reached."""
    for way in ways:
        missing = _missing(way)
        if missing:
            return f"{missing} is not known"
        if isinstance(way, HttpPath) and way.reply is not None:
            return _reply(way)
        if way.upstream is not None and way.upstream.closed is not None:
            return way.upstream.closed.reason
    connection = evaluation.connection
    if connection.closed is not None:
        return connection.closed.reason
    return f"{connection.missing} is not known" if connection.missing else ""


def _taker(choice: RouteChoice) -> str:
    if choice.index is not None:
        return f"route #{choice.index} takes it"
    return "another route takes it, to which the virtual host's matcher leads"


def _reply(way: HttpPath) -> str:
    assert way.reply is not None
    words = f"Envoy answers {way.reply.code}"
    return f"{words}: {way.reply.reason}" if way.reply.reason else words


def whereabouts(goal: Goal, evaluation: Evaluation) -> str:
    """Say where a request went instead."""
    connection = evaluation.connection
    if connection.missing:
        return f"{connection.missing} is not known"
    listener = connection.listener
    if goal.listener is not None and listener is not None and listener != goal.listener:
        return f'listener "{listener.name}" takes it'
    if goal.entrance is not None and connection.chain is not None and (
        connection.chain != goal.entrance.chain
    ):  # fmt: skip
        return f'filter chain "{connection.chain.name}" takes it'
    if not evaluation.http:
        if connection.closed is not None:
            return f"it is closed: {connection.closed.reason}"
        chain = connection.chain.name if connection.chain is not None else ""
        return f'filter chain "{chain}" takes it'
    return _routed(goal, evaluation.http[0])


def _routed(goal: Goal, way: HttpPath) -> str:
    resolved = way.resolved
    choice = resolved.virtual_host_choice
    host = choice.virtual_host if choice is not None else None
    if host is None:
        return _reply(way) if way.reply is not None else "no virtual host has its host"
    if goal.virtual_host is not None and host != goal.virtual_host:
        return f'virtual host "{host.name}" takes it'
    if goal.route is not None and resolved.route_choice is not None:
        taken = resolved.route_choice
        if not goal.route.is_chosen(taken):
            return "no route fits" if taken.route is None else _taker(taken)
    if way.reply is not None:
        return _reply(way)
    if goal.address and way.upstream is not None and way.upstream.name == goal.cluster:
        lost = way.upstream.shares.lost if way.upstream.shares is not None else ()
        why = next((why for one, why in lost if one.address == goal.address), "")
        return f"another endpoint gets it{f': {why}' if why else ''}"
    return f'it goes to cluster "{way.upstream.name}"' if way.upstream is not None else "it ends"
