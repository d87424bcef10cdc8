"""All conditions of one route.

What Envoy does: path, headers, query parameters, cookies, gRPC, client certificate, dynamic
metadata, filter state and `runtime_fraction` all have to hold. Their order decides nothing; here
the path comes first, since that is the reason a reader looks for. `runtime_fraction` compares the
request's random number, so the numbers that it lets in are told beside the other conditions.
Checked against Envoy 1.40.0. Not modelled: nothing beyond what each condition leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.resources.matcher import RuntimeFractionalPercent
from osmscope.resources.route import RouteMatch
from osmscope.rules.client_certificate_condition import match_client_certificate
from osmscope.rules.cookie import match_cookies
from osmscope.rules.facts import Request
from osmscope.rules.filter_state import match_filter_state
from osmscope.rules.grpc import is_grpc
from osmscope.rules.header import match_headers
from osmscope.rules.metadata import match_metadata
from osmscope.rules.path import match_path
from osmscope.rules.query_parameter import match_query_parameters
from osmscope.rules.result import Match, Outcome, decided, missed
from osmscope.rules.runtime_fraction import draw, fits
from osmscope.rules.stream_random import Draw


class RouteMatchResult(msgspec.Struct, frozen=True):
    """Whether a route fits a request."""

    match: Match
    """What all conditions together say, taking `runtime_fraction` to hold if it can."""
    drawn: Draw | None = None
    """The random numbers that `runtime_fraction` lets in; None where any will do."""


def match_route(
    match: RouteMatch, request: Request, ignore_path_parameters: bool
) -> RouteMatchResult:
    """Put a request to all conditions of a route.

    Args:
        match: The route's conditions.
        request: The request.
        ignore_path_parameters: What the route table says of path parameters.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    path_match = match_path(match, request, ignore_path_parameters)
    if path_match.outcome is Outcome.NO_MATCH:
        return RouteMatchResult(path_match)
    joined = _joined(path_match, _conditions(match, request))
    if match.runtime_fraction is None or joined.outcome is Outcome.NO_MATCH:
        return RouteMatchResult(joined)
    drawn = _drawn(match.runtime_fraction, request)
    if drawn is not None and drawn.end == 0:
        reason = "the request's random number is not within runtime_fraction"
        return RouteMatchResult(missed(reason, "runtime_fraction"))
    return RouteMatchResult(joined, drawn)


def _conditions(match: RouteMatch, request: Request) -> Iterator[Match]:
    headers = request.headers
    if match.headers:
        yield match_headers(match.headers, headers)
    if match.query_parameters:
        yield match_query_parameters(match.query_parameters, request.path)
    if match.cookies:
        yield match_cookies(match.cookies, headers)
    if match.grpc is not None:
        grpc = is_grpc(headers)
        yield decided(grpc, f"it is {'' if grpc else 'not '}a gRPC request", "grpc")
    if match.tls_context is not None:
        yield match_client_certificate(match.tls_context, request.connection).within("tls_context")
    for index, metadata in enumerate(match.dynamic_metadata):
        found = match_metadata(metadata, request.metadata, request.opaque_filters)
        yield found.within(f"dynamic_metadata[{index}]")
    for index, state in enumerate(match.filter_state):
        found = match_filter_state(state, request.filter_state, request.opaque_filters)
        yield found.within(f"filter_state[{index}]")


def _joined(first: Match, conditions: Iterator[Match]) -> Match:
    """Join by and, keeping the words of all conditions that hold."""
    holding = [first]
    for condition in conditions:
        if condition.outcome is Outcome.NO_MATCH:
            return condition
        holding.append(condition)
    for condition in holding:
        if condition.is_unknown:
            return condition
    if len(holding) == 1:
        return first
    reason = ", ".join(condition.reason for condition in holding if condition.reason)
    consulted = tuple(field for condition in holding for field in condition.consulted)
    return Match(Outcome.MATCH, reason, consulted)


def _drawn(fraction: RuntimeFractionalPercent, request: Request) -> Draw | None:
    if request.random_value is None:
        within = draw(fraction, request.runtime)
        return None if within.end == within.modulus else within
    return None if fits(fraction, request.runtime, request.random_value) else Draw(1, 0, 0)
