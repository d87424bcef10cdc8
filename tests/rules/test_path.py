"""Path conditions of routes, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.matcher import RegexMatcher, TypedExtensionConfig
from osmscope.resources.resource import Opaque
from osmscope.resources.route import RouteMatch
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.path import match_path
from osmscope.rules.result import Outcome


def request(path: str | None, method: str = "GET", **headers: str) -> Request:
    pairs = [(":method", method), *headers.items()]
    if path is not None:
        pairs.append((":path", path))
    return Request(connection=Connection(), headers=Headers.of(pairs))


def regex(pattern: str) -> RouteMatch:
    return RouteMatch(safe_regex=RegexMatcher(regex=pattern))


def template(text: str) -> RouteMatch:
    body = {
        "@type": "type.googleapis.com/"
        "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        "path_template": text,
    }
    return RouteMatch(
        path_match_policy=TypedExtensionConfig(
            name="template", typed_config=msgspec.Raw(msgspec.json.encode(body))
        )
    )


CONNECT = RouteMatch(connect_matcher=Opaque())


@pytest.mark.parametrize(
    ("match", "path", "fits"),
    [
        (RouteMatch(prefix="/foo"), "/foobar", True),
        (RouteMatch(prefix="/foo"), "/Foo", False),
        (RouteMatch(prefix="/foo", case_sensitive=True), "/Foo", False),
        (RouteMatch(prefix="/foo", case_sensitive=False), "/FOO/a", True),
        (RouteMatch(prefix=""), "/", True),
        (RouteMatch(prefix="/foo?x"), "/foo?x=1", False),
        (RouteMatch(path="/foo"), "/foo?x=1", True),
        (RouteMatch(path="/foo"), "/foo/", False),
        (RouteMatch(path="/foo"), "/fo", False),
        (RouteMatch(path="/Foo", case_sensitive=False), "/fOO", True),
        (RouteMatch(path="/é", case_sensitive=False), "/É", False),
        (RouteMatch(path="/foo?x=1"), "/foo?x=1", False),
        (regex("/f.*"), "/foo?x=1", True),
        (regex("/f"), "/foo", False),
        (regex("/a|/ab"), "/ab", True),
        (RouteMatch(safe_regex=RegexMatcher(regex="/A"), case_sensitive=False), "/a", False),
        (RouteMatch(path_separated_prefix="/api"), "/api", True),
        (RouteMatch(path_separated_prefix="/api"), "/api/", True),
        (RouteMatch(path_separated_prefix="/api"), "/api/v1", True),
        (RouteMatch(path_separated_prefix="/api"), "/api?x", True),
        (RouteMatch(path_separated_prefix="/api"), "/apix", False),
        (RouteMatch(path_separated_prefix="/api"), "/api;x", False),
        (RouteMatch(path_separated_prefix="/api", case_sensitive=False), "/API/v1", True),
        (template("/a/{x}/b"), "/a/1/b?q=1", True),
        (template("/a/{x}/b"), "/a/1", False),
        (CONNECT, "/", False),
        (RouteMatch(), "/", True),
    ],
)
def test_path(match: RouteMatch, path: str, fits: bool) -> None:
    answer = match_path(match, request(path), False)
    assert answer.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)


@pytest.mark.parametrize(
    ("match", "path", "fits"),
    [
        (RouteMatch(path="/foo"), "/foo;a=b", True),
        (RouteMatch(path="/foo"), "/foo;a=b/c", False),
        (RouteMatch(path="/a/b"), "/a;x/b", True),
        (RouteMatch(path="/a/b"), "/a;x;y/b;z?q", True),
        (RouteMatch(prefix="/pre/b"), "/pre;a/b", True),
        (RouteMatch(prefix="/q;"), "/q;z", False),
        (RouteMatch(path_separated_prefix="/psp"), "/psp;x/y", True),
        (regex("/r/x"), "/r;1/x", True),
        (template("/t/{x}/e"), "/t/v/e;x", False),
        (template("/t/{x}/e"), "/t/v;1/e", True),
    ],
)
def test_path_parameters_are_dropped_from_each_segment(
    match: RouteMatch, path: str, fits: bool
) -> None:
    assert match_path(match, request(path), True).is_match is fits


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (CONNECT, True),
        (RouteMatch(prefix="/"), False),
        (regex(".*"), False),
    ],
)
def test_a_request_without_a_path_fits_connect_matcher_alone(match: RouteMatch, fits: bool) -> None:
    assert match_path(match, request(None, "CONNECT"), False).is_match is fits


def test_connect_udp_fits_connect_matcher() -> None:
    assert match_path(CONNECT, request("/", upgrade="connect-UDP"), False).is_match


def test_another_path_match_policy_is_unknown() -> None:
    match = RouteMatch(path_match_policy=TypedExtensionConfig(name="custom"))
    answer = match_path(match, request("/"), False)
    assert (answer.outcome, answer.missing) == (
        Outcome.UNKNOWN,
        'what the path matcher "custom" decides',
    )


@pytest.mark.parametrize(
    ("match", "path", "reason", "field"),
    [
        (RouteMatch(prefix="/a"), "/b", 'path "/b" does not start with "/a"', "prefix"),
        (
            RouteMatch(path="/a", case_sensitive=False),
            "/A?q",
            'path "/A" equals "/a" (ignoring case)',
            "path",
        ),
        (
            RouteMatch(path_separated_prefix="/a"),
            "/ab",
            'path "/ab" is not "/a" or below it',
            "path_separated_prefix",
        ),
        (regex("/a"), "/b", 'path "/b" does not fit the expression "/a"', "safe_regex"),
        (CONNECT, "/", "a GET request is not a CONNECT request", "connect_matcher"),
    ],
)
def test_reason(match: RouteMatch, path: str, reason: str, field: str) -> None:
    answer = match_path(match, request(path), False)
    assert (answer.reason, answer.consulted) == (reason, (field,))
