"""Query parameter matchers, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import QueryParameterMatcher, RegexMatcher, StringMatcher
from osmscope.rules.query_parameter import (
    decoded_parameters,
    match_query_parameter,
    match_query_parameters,
    query_parameter,
)
from osmscope.rules.result import Outcome


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/?q=1", "1"),
        ("/?a=0&q=1", "1"),
        ("/?q=1&q=2", "1"),
        ("/?q=1;z", "1;z"),
        ("/?q", ""),
        ("/?q=", ""),
        ("/?q=a=b", "a=b"),
        ("/?q=a%20b", "a%20b"),
        ("/?%71=1", None),
        ("/?Q=1", None),
        ("/?", None),
        ("/q=1", None),
        ("", None),
    ],
)
def test_first_value_as_it_stands(path: str, value: str | None) -> None:
    assert query_parameter(path, "q") == value


def string(**fields: str) -> QueryParameterMatcher:
    return QueryParameterMatcher(name="q", string_match=StringMatcher(**fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("matcher", "path", "fits"),
    [
        (QueryParameterMatcher(name="q"), "/?q", True),
        (QueryParameterMatcher(name="q"), "/", False),
        (QueryParameterMatcher(name="q", present_match=True), "/?q=", True),
        (QueryParameterMatcher(name="q", present_match=True), "/?p", False),
        (QueryParameterMatcher(name="q", present_match=False), "/?p", True),
        (QueryParameterMatcher(name="q", present_match=False), "/?q", False),
        (string(exact="1"), "/?q=1", True),
        (string(exact="1"), "/?q=2&q=1", False),
        (string(exact="b c"), "/?q=b%20c", False),
        (string(exact="b c"), "/?q=b+c", False),
        (string(exact=""), "/?q", True),
        (string(exact=""), "/?q=", True),
        (string(exact=""), "/", False),
        (
            QueryParameterMatcher(
                name="q", string_match=StringMatcher(safe_regex=RegexMatcher(regex="[0-9]+"))
            ),
            "/?q=12",
            True,
        ),
        (QueryParameterMatcher(name="q", value="1"), "/?q=1", True),
        (QueryParameterMatcher(name="q", value="1"), "/?q=12", False),
        (QueryParameterMatcher(name="q", value="1.", regex=True), "/?q=12", True),
        (QueryParameterMatcher(name="q", value="1.", regex=False), "/?q=12", False),
        (QueryParameterMatcher(name="q", value=""), "/?q=12", True),
    ],
)
def test_query_parameter_matcher(matcher: QueryParameterMatcher, path: str, fits: bool) -> None:
    match = match_query_parameter(matcher, path)
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert match.reason.startswith('query parameter "q" ')


def test_all_matchers_have_to_fit_and_the_one_that_fails_is_named() -> None:
    asked = (QueryParameterMatcher(name="p"), string(exact="1"))
    assert match_query_parameters(asked, "/?p&q=1").is_match
    assert match_query_parameters(asked, "/?p&q=2").consulted == (
        "query_parameters[1].string_match",
    )


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/", []),
        ("/?%61=%62&c&&d=e=f", [("a", "b"), ("c", ""), ("d", "e=f")]),
    ],
)
def test_parameters_with_their_escapes_decoded(path, parameters):
    assert decoded_parameters(path) == parameters
