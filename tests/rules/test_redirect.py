"""Redirects, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import RegexMatchAndSubstitute, RegexMatcher
from osmscope.resources.route import RedirectAction, Route, RouteMatch
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.redirect import redirect, request_url

FOO = RouteMatch(prefix="/foo")


def request(url: str, scheme: str = "http") -> Request:
    host, _, path = url.partition("/")
    return Request(
        connection=Connection(),
        headers=Headers.of(
            [
                (":scheme", scheme),
                ("x-forwarded-proto", scheme),
                ("host", host),
                (":path", f"/{path}"),
                ("x-a", "A"),
            ]
        ),
    )


def regex(pattern: str, substitution: str) -> RegexMatchAndSubstitute:
    return RegexMatchAndSubstitute(pattern=RegexMatcher(regex=pattern), substitution=substitution)


@pytest.mark.parametrize(
    ("action", "url", "location"),
    [
        ({"https_redirect": True}, "h.com/foo?x=1", "https://h.com/foo?x=1"),
        ({"https_redirect": True}, "h.com:80/foo", "https://h.com/foo"),
        ({"https_redirect": True}, "h.com:8080/foo", "https://h.com:8080/foo"),
        ({"https_redirect": True}, "h.com:443/foo", "https://h.com:443/foo"),
        ({"scheme_redirect": "ftp"}, "h.com:80/foo", "ftp://h.com/foo"),
        ({"scheme_redirect": "http"}, "h.com:80/foo", "http://h.com:80/foo"),
        ({"host_redirect": "new.com"}, "h.com:8080/foo", "http://new.com/foo"),
        (
            {"host_redirect": "new.com:99", "port_redirect": 77},
            "h.com/foo",
            "http://new.com:99:77/foo",
        ),
        ({"port_redirect": 8443}, "h.com:8080/foo", "http://h.com:8443/foo"),
        ({"port_redirect": 80}, "h.com/foo", "http://h.com:80/foo"),
        (
            {"https_redirect": True, "port_redirect": 443},
            "h.com:80/foo",
            "https://h.com:443/foo",
        ),
        ({"path_redirect": "/new"}, "h.com/foo/a?x=1", "http://h.com/new?x=1"),
        ({"path_redirect": "/new?y=2"}, "h.com/foo/a?x=1", "http://h.com/new?y=2"),
        ({"path_redirect": "/new?"}, "h.com/foo/a?x=1", "http://h.com/new?"),
        (
            {"path_redirect": "/new?y=2", "strip_query": True},
            "h.com/foo/a?x=1",
            "http://h.com/new?y=2",
        ),
        ({"path_redirect": "/new", "strip_query": True}, "h.com/foo/a?x=1", "http://h.com/new"),
        ({"path_redirect": "new"}, "h.com/foo", "http://h.com/new"),
        ({"strip_query": True}, "h.com/foo/a?x=1", "http://h.com/foo/a"),
        ({"prefix_rewrite": "/new"}, "h.com/foobar", "http://h.com/newbar"),
        ({"prefix_rewrite": "new"}, "h.com/foo/a", "http://h.com/new/a"),
        (
            {"regex_rewrite": regex("^/foo/(.*)$", r"/new/\1")},
            "h.com/foo/a?x=1",
            "http://h.com/new/a?x=1",
        ),
        ({"regex_rewrite": regex("o", "0")}, "h.com/foo/oo?x=o", "http://h.com/f00/00?x=o"),
        ({"regex_rewrite": regex("^/", "x")}, "h.com/foo", "http://h.com/xfoo"),
        ({"regex_rewrite": regex(".*", "")}, "h.com/foo?x=1", "http://h.com/foo?x=1"),
        (
            {"regex_rewrite": regex("f", "?f="), "strip_query": True},
            "h.com/foo?x=1",
            "http://h.com/",
        ),
        ({"path_rewrite": "/n%PATH(NQ)%"}, "h.com/foo/a?x=1", "http://h.com/n/foo/a?x=1"),
        ({"path_rewrite": "/q?z=%REQ(x-a)%"}, "h.com/foo?x=1", "http://h.com/q?z=A"),
        (
            {"path_rewrite": "/q?z=1", "strip_query": True},
            "h.com/foo?x=1",
            "http://h.com/q?z=1",
        ),
        ({"path_rewrite": "/q", "strip_query": True}, "h.com/foo?x=1", "http://h.com/q"),
        ({"path_rewrite": "%REQ(x-none)%"}, "h.com/foo?x=1", "http://h.com/foo?x=1"),
        ({}, "h.com/foo?x=1", "http://h.com/foo?x=1"),
        ({"https_redirect": True}, "[::1]:80/foo", "https://[::1]/foo"),
        ({"https_redirect": True}, "[::1]:443/foo", "https://[::1]:443/foo"),
        ({"port_redirect": 99}, "[::1]:80/foo", "http://[::1]:99/foo"),
        ({"port_redirect": 99}, "[::1]/foo", "http://[::1]:99/foo"),
        ({"port_redirect": 99}, "/foo", "http://:99/foo"),
    ],
)
def test_location(action: dict[str, object], url: str, location: str) -> None:
    reply = redirect(Route(match=FOO, redirect=RedirectAction(**action)), request(url))
    assert reply.location == location
    assert (reply.code, reply.flags, reply.details) == (301, (), "direct_response")


@pytest.mark.parametrize(
    ("action", "url", "location"),
    [
        ({"scheme_redirect": "http"}, "h.com:443/foo", "http://h.com/foo"),
        ({"scheme_redirect": "http"}, "h.com:80/foo", "http://h.com:80/foo"),
        ({"https_redirect": True}, "h.com:443/foo", "https://h.com:443/foo"),
        ({}, "h.com:443/foo", "https://h.com:443/foo"),
    ],
)
def test_from_https(action: dict[str, object], url: str, location: str) -> None:
    reply = redirect(Route(match=FOO, redirect=RedirectAction(**action)), request(url, "https"))
    assert reply.location == location


@pytest.mark.parametrize(
    "match", [RouteMatch(path="/foo"), RouteMatch(safe_regex=RegexMatcher(regex="/f.*"))]
)
def test_prefix_rewrite_replaces_the_whole_path_of_other_matches(match: RouteMatch) -> None:
    route = Route(match=match, redirect=RedirectAction(prefix_rewrite="/new"))
    assert redirect(route, request("h.com/foo?x=1")).location == "http://h.com/new?x=1"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("MOVED_PERMANENTLY", 301),
        ("FOUND", 302),
        ("SEE_OTHER", 303),
        ("TEMPORARY_REDIRECT", 307),
        ("PERMANENT_REDIRECT", 308),
    ],
)
def test_response_code(name: str, code: int) -> None:
    route = Route(match=FOO, redirect=RedirectAction(response_code=name))
    assert redirect(route, request("h.com/foo")).code == code


def test_a_location_that_cannot_be_told_is_left_out() -> None:
    route = Route(match=FOO, redirect=RedirectAction(path_rewrite="/%START_TIME%"))
    reply = redirect(route, request("h.com/foo"))
    assert (reply.location, reply.reason) == (
        None,
        "its path_rewrite has commands that cannot be told",
    )


def test_request_url() -> None:
    assert request_url(request("h.com:8080/a?x")) == "http://h.com:8080/a?x"
