"""All conditions of a route together, as Envoy 1.40.0 joins them."""

import pytest

from osmscope.resources.matcher import (
    CookieMatcher,
    FilterStateMatcher,
    FractionalPercent,
    HeaderMatcher,
    MetadataMatcher,
    PathSegment,
    QueryParameterMatcher,
    RuntimeFractionalPercent,
    StringMatcher,
    ValueMatcher,
)
from osmscope.resources.resource import Opaque
from osmscope.resources.route import RouteMatch, TlsContextMatchOptions
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.result import Outcome
from osmscope.rules.route_match import match_route
from osmscope.rules.stream_random import Draw

ONE = StringMatcher(exact="1")
METADATA = MetadataMatcher(
    filter="f", path=(PathSegment(key="k"),), value=ValueMatcher(string_match=ONE)
)


def request(path: str = "/a?q=1", **facts: object) -> Request:
    headers = Headers.of([(":path", path), (":method", "GET"), ("x", "1"), ("cookie", "c=1")])
    return Request(**{"connection": Connection(), "headers": headers, **facts})


def fraction(numerator: int) -> RuntimeFractionalPercent:
    return RuntimeFractionalPercent(
        default_value=FractionalPercent(numerator=numerator), runtime_key="key"
    )


@pytest.mark.parametrize(
    ("conditions", "outcome", "consulted"),
    [
        ({"prefix": "/a"}, Outcome.MATCH, ("prefix",)),
        ({"prefix": "/b"}, Outcome.NO_MATCH, ("prefix",)),
        (
            {"prefix": "/a", "headers": (HeaderMatcher(name="x", string_match=ONE),)},
            Outcome.MATCH,
            ("prefix", "headers[0].string_match"),
        ),
        (
            {"prefix": "/a", "headers": (HeaderMatcher(name="y", string_match=ONE),)},
            Outcome.NO_MATCH,
            ("headers[0].string_match",),
        ),
        (
            {"prefix": "/a", "query_parameters": (QueryParameterMatcher(name="q"),)},
            Outcome.MATCH,
            ("prefix", "query_parameters[0].present_match"),
        ),
        (
            {"prefix": "/a", "cookies": (CookieMatcher(name="d", string_match=ONE),)},
            Outcome.NO_MATCH,
            ("cookies[0].string_match",),
        ),
        ({"prefix": "/a", "grpc": Opaque()}, Outcome.NO_MATCH, ("grpc",)),
        (
            {"prefix": "/a", "tls_context": TlsContextMatchOptions(presented=True)},
            Outcome.NO_MATCH,
            ("tls_context.presented",),
        ),
        ({"prefix": "/a", "dynamic_metadata": (METADATA,)}, Outcome.NO_MATCH, None),
        (
            {"prefix": "/a", "filter_state": (FilterStateMatcher(key="k"),)},
            Outcome.NO_MATCH,
            None,
        ),
    ],
)
def test_all_conditions_have_to_hold(
    conditions: dict[str, object], outcome: Outcome, consulted: tuple[str, ...] | None
) -> None:
    result = match_route(RouteMatch(**conditions), request(), False)
    assert result.match.outcome is outcome
    assert result.drawn is None
    if consulted is not None:
        assert result.match.consulted == consulted


def test_the_reason_of_a_match_names_every_condition() -> None:
    match = RouteMatch(prefix="/a", headers=(HeaderMatcher(name="x", string_match=ONE),))
    reason = match_route(match, request(), False).match.reason
    assert reason == 'path "/a" starts with "/a", header "x" "1" equals "1"'


def test_an_unknown_condition_makes_the_route_unknown() -> None:
    match = RouteMatch(prefix="/a", dynamic_metadata=(METADATA,))
    assert match_route(match, request(opaque_filters=("lua",)), False).match.is_unknown


def test_a_failing_condition_settles_what_another_leaves_unknown() -> None:
    match = RouteMatch(
        prefix="/a", dynamic_metadata=(METADATA,), filter_state=(FilterStateMatcher(key="k"),)
    )
    asked = request(metadata={"f": {"k": "2"}}, opaque_filters=("lua",))
    assert match_route(match, asked, False).match.outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("percent", "facts", "outcome", "drawn"),
    [
        (100, {}, Outcome.MATCH, None),
        (30, {}, Outcome.MATCH, Draw(100, 0, 30)),
        (0, {}, Outcome.NO_MATCH, None),
        (30, {"random_value": 29}, Outcome.MATCH, None),
        (30, {"random_value": 30}, Outcome.NO_MATCH, None),
        (0, {"runtime": {"key": 40}}, Outcome.MATCH, Draw(100, 0, 40)),
    ],
)
def test_runtime_fraction_lets_random_numbers_in(
    percent: int, facts: dict[str, object], outcome: Outcome, drawn: Draw | None
) -> None:
    match = RouteMatch(prefix="/", runtime_fraction=fraction(percent))
    result = match_route(match, request(**facts), False)
    assert (result.match.outcome, result.drawn) == (outcome, drawn)


def test_path_parameters_are_ignored_if_the_table_says_so() -> None:
    match = RouteMatch(path="/a")
    assert match_route(match, request("/a;x"), True).match.is_match
    assert not match_route(match, request("/a;x"), False).match.is_match
