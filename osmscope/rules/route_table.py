"""The route of a request within its virtual host.

What Envoy does: routes are tried in the table's order and the first whose conditions all hold is
taken; there is no preference for longer paths. A virtual host with a `matcher` has no routes of its
own: the tree leads to a route, or to a list of routes that is tried in order. The conditions of
that route still have to hold, and if they do not, the tree is not asked again. `runtime_fraction`
of all routes compares one and the same random number. Checked against Envoy 1.40.0.
Not modelled: nothing.
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
from osmscope.rules.stream_random import Drawn, likelihood, narrowed

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
    drawn: Drawn = ()
    """The random numbers for which it is this one."""
    missing: str = ""
    """The fact that is missing to tell, as a noun."""


def select_routes(
    virtual_host: VirtualHost,
    request: Request,
    *,
    ignore_path_parameters: bool,
    drawn: Drawn = (),
) -> tuple[RouteChoice, ...]:
    """List the routes that a request may take; the probabilities add up to 1.

    Args:
        virtual_host: The request's virtual host.
        request: The request.
        ignore_path_parameters: What the route table says of path parameters.
        drawn: What is known of the request's random number already.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    if virtual_host.matcher is None:
        return _first_match(virtual_host.routes, request, ignore_path_parameters, drawn)
    choices = _by_matcher(virtual_host.matcher, request, ignore_path_parameters, drawn)
    # A route's place in a matcher's list is not its place within the virtual host.
    return tuple(msgspec.structs.replace(choice, index=None) for choice in choices)


def _first_match(
    routes: Sequence[Route], request: Request, ignore_path_parameters: bool, given: Drawn
) -> tuple[RouteChoice, ...]:
    choices: list[RouteChoice] = []
    losers: list[tuple[int, Match]] = []
    left = given
    for index, route in enumerate(routes):
        result = match_route(route.match, request, ignore_path_parameters)
        match = result.match
        if match.is_unknown:
            choices.append(_unknown(likelihood(left, given), match, tuple(losers), left))
            return tuple(choices)
        if match.is_match:
            taken = left if result.drawn is None else narrowed(left, result.drawn)
            if share := likelihood(taken, given):
                choices.append(
                    RouteChoice(
                        probability=share,
                        route=route,
                        index=index,
                        match=match,
                        losers=tuple(losers),
                        drawn=taken,
                    )
                )
            if result.drawn is None:
                return tuple(choices)
            left = narrowed(left, result.drawn.rest)
            if not likelihood(left, given):
                return tuple(choices)
            match = missed("runtime_fraction lets only a share of requests in", "runtime_fraction")
        losers.append((index, match))
    share = likelihood(left, given)
    return (*choices, RouteChoice(probability=share, losers=tuple(losers), drawn=left))


def _by_matcher(
    matcher: Matcher, request: Request, ignore_path_parameters: bool, drawn: Drawn
) -> tuple[RouteChoice, ...]:
    inputs = MatcherInputs(connection=request.connection, request=request)
    result = evaluate(matcher, inputs)
    everything = Fraction(1)
    if result.missing:
        return (_unknown(everything, unknown(result.missing, "matcher"), (), drawn),)
    if result.action is None:
        nothing = missed("the virtual host's matcher leads to no route", "matcher")
        return (RouteChoice(probability=everything, match=nothing, drawn=drawn),)
    action = decode_extension(result.action)
    if isinstance(action, Route):
        return _first_match((action,), request, ignore_path_parameters, drawn)
    if isinstance(action, RouteList):
        return _first_match(action.routes, request, ignore_path_parameters, drawn)
    missing = f'what the matcher\'s action "{result.action.name}" does'
    return (_unknown(everything, unknown(missing, "matcher"), (), drawn),)


def _unknown(
    probability: Fraction, match: Match, losers: tuple[tuple[int, Match], ...], drawn: Drawn
) -> RouteChoice:
    return RouteChoice(
        probability=probability, match=match, losers=losers, drawn=drawn, missing=match.missing
    )
