"""The route of a request within its virtual host.

What Envoy does: routes are tried in the table's order and the first whose conditions all hold is
taken; there is no preference for longer paths. A virtual host with a `matcher` has no routes of its
own: the tree leads to a route, or to a list of routes that is tried in order. The conditions of
that route still have to hold, and if they do not, the tree is not asked again.
Checked against Envoy 1.40.0. Not modelled: `runtime_fraction` of several routes compares one and
the same random number; here each is taken to draw its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import Matcher
from osmscope.resources.route import Route, RouteList, VirtualHost
from osmscope.rules.facts import Request
from osmscope.rules.matcher_tree import MatcherInputs, evaluate
from osmscope.rules.result import Match, missed, unknown
from osmscope.rules.route_match import match_route

_NO_ROUTE = missed("no route matches")


class RouteChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A route that a request may take, and the routes before it that it does not."""

    probability: Fraction
    route: Route | None = None
    """None where no route matches, and where `missing` names what would tell."""
    index: int | None = None
    """The route's place within its virtual host; None for one that a matcher led to."""
    match: Match = _NO_ROUTE
    """Why this route."""
    losers: tuple[tuple[int, Match], ...] = ()
    """The routes that were tried before and do not match: their places, and why."""
    missing: str = ""
    """The fact that is missing to tell, as a noun."""


def select_routes(
    virtual_host: VirtualHost, request: Request, *, ignore_path_parameters: bool
) -> tuple[RouteChoice, ...]:
    """List the routes that a request may take; the probabilities add up to 1.

    Args:
        virtual_host: The request's virtual host.
        request: The request.
        ignore_path_parameters: What the route table says of path parameters.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    if virtual_host.matcher is None:
        return _first_match(virtual_host.routes, request, ignore_path_parameters)
    choices = _by_matcher(virtual_host.matcher, request, ignore_path_parameters)
    # A route's place in a matcher's list is not its place within the virtual host.
    return tuple(msgspec.structs.replace(choice, index=None) for choice in choices)


def _first_match(
    routes: Sequence[Route], request: Request, ignore_path_parameters: bool
) -> tuple[RouteChoice, ...]:
    choices: list[RouteChoice] = []
    losers: list[tuple[int, Match]] = []
    remaining = Fraction(1)
    for index, route in enumerate(routes):
        result = match_route(route.match, request, ignore_path_parameters)
        match = result.match
        if match.is_unknown:
            choices.append(_unknown(remaining, match, tuple(losers)))
            return tuple(choices)
        if match.is_match:
            choice = RouteChoice(
                probability=remaining * result.probability,
                route=route,
                index=index,
                match=match,
                losers=tuple(losers),
            )
            if result.probability == 1:
                return (*choices, choice)
            choices.append(choice)
            remaining -= choice.probability
            match = missed("runtime_fraction lets only a share of requests in", "runtime_fraction")
        losers.append((index, match))
    choices.append(RouteChoice(probability=remaining, losers=tuple(losers)))
    return tuple(choices)


def _by_matcher(
    matcher: Matcher, request: Request, ignore_path_parameters: bool
) -> tuple[RouteChoice, ...]:
    inputs = MatcherInputs(connection=request.connection, request=request)
    result = evaluate(matcher, inputs)
    everything = Fraction(1)
    if result.missing:
        return (_unknown(everything, unknown(result.missing, "matcher"), ()),)
    if result.action is None:
        nothing = missed("the virtual host's matcher leads to no route", "matcher")
        return (RouteChoice(probability=everything, match=nothing),)
    action = decode_extension(result.action)
    if isinstance(action, Route):
        return _first_match((action,), request, ignore_path_parameters)
    if isinstance(action, RouteList):
        return _first_match(action.routes, request, ignore_path_parameters)
    missing = f'what the matcher\'s action "{result.action.name}" does'
    return (_unknown(everything, unknown(missing, "matcher"), ()),)


def _unknown(
    probability: Fraction, match: Match, losers: tuple[tuple[int, Match], ...]
) -> RouteChoice:
    return RouteChoice(probability=probability, match=match, losers=losers, missing=match.missing)
