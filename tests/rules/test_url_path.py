"""Path matchers, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import PathMatcher, RegexMatcher, StringMatcher
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.result import Outcome
from osmscope.rules.url_path import match_url_path


def request(path: str | None) -> Request:
    pairs = [(":path", path)] if path is not None else []
    return Request(connection=Connection(), headers=Headers.of(pairs))


@pytest.mark.parametrize(
    ("matcher", "path", "fits"),
    [
        (StringMatcher(exact="/a/b"), "/a/b", True),
        (StringMatcher(exact="/a/b"), "/a/b?x", True),
        (StringMatcher(exact="/a/b"), "/a/b#x", True),
        (StringMatcher(exact="/a/b"), "/A/b", False),
        (StringMatcher(exact="/a/b"), "/a/b/", False),
        (StringMatcher(exact="/a/b"), "/a/b;p", False),
        (StringMatcher(exact="/a/b"), "/a%2fb", False),
        (StringMatcher(prefix="/a/"), "/a", False),
        (StringMatcher(safe_regex=RegexMatcher(regex="/a/[0-9]+")), "/a/1?b=2", True),
        (StringMatcher(prefix=""), "", True),
        (StringMatcher(prefix=""), None, False),
        (None, "/a", False),
    ],
)
def test_url_path(matcher: StringMatcher | None, path: str | None, fits: bool) -> None:
    match = match_url_path(PathMatcher(path=matcher), request(path))
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert match.consulted == ("path",)


@pytest.mark.parametrize("path", ["/a;x/b", "/a/b;x?q", "/a/b;y;z", "/a;x/b;", "/a/b"])
def test_path_parameters_can_be_ignored(path: str) -> None:
    matcher = PathMatcher(path=StringMatcher(exact="/a/b"))
    assert match_url_path(matcher, request(path), ignore_path_parameters=True).is_match
