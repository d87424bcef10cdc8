"""Cookie matchers, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import CookieMatcher, StringMatcher
from osmscope.rules.cookie import cookie, match_cookie, match_cookies
from osmscope.rules.facts import Headers
from osmscope.rules.result import Outcome


def request(*values: str) -> Headers:
    return Headers.of(("cookie", value) for value in values)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["c=v"], "v"),
        (["x=1; c=v"], "v"),
        (["c=v;d=w"], "v"),
        (["c=v", "c=w"], "v"),
        (["d=1", "c=w"], "w"),
        (["c=w; c=v"], "w"),
        (['c="v"'], "v"),
        (['c="v'], '"v'),
        (['c="'], '"'),
        (["c=v ; d"], "v "),
        (["c = v"], None),
        (["c;c=v"], "v"),
        (["c="], ""),
        (["c=a=b"], "a=b"),
        (["C=v"], None),
        (["d=1"], None),
        ([], None),
    ],
)
def test_first_value(values: list[str], found: str | None) -> None:
    assert cookie(request(*values), "c") == found


@pytest.mark.parametrize(
    ("invert", "values", "fits"),
    [
        (False, ["c=v"], True),
        (False, ["c=w"], False),
        (False, [], False),
        (True, ["c=v"], False),
        (True, ["c=w"], True),
        (True, [], True),
    ],
)
def test_cookie_matcher(invert: bool, values: list[str], fits: bool) -> None:
    matcher = CookieMatcher(name="c", string_match=StringMatcher(exact="v"), invert_match=invert)
    match = match_cookie(matcher, request(*values))
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert match.reason.startswith('cookie "c" ')


def test_all_matchers_have_to_fit_and_the_one_that_fails_is_named() -> None:
    asked = (CookieMatcher(name="c"), CookieMatcher(name="d"))
    assert match_cookies(asked, request("c=1;d=2")).is_match
    match = match_cookies(asked, request("c=1"))
    assert match.reason == 'cookie "d" is absent'
    assert match.consulted == ("cookies[1].string_match",)
