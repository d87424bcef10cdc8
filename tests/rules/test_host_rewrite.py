"""Host rewrites, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import RegexMatchAndSubstitute, RegexMatcher
from osmscope.resources.route import RouteAction
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.host_rewrite import HostRewrite, rewrite_host, with_host
from osmscope.rules.substitution_format import FormatContext

BY_PATH = RegexMatchAndSubstitute(
    pattern=RegexMatcher(regex="^/hr/([a-z]+).*$"), substitution=r"\1.com"
)


def context(path: str = "/", *headers: tuple[str, str]) -> FormatContext:
    pairs = [(":path", path), ("host", "h.com"), *headers]
    return FormatContext(request=Request(connection=Connection(), headers=Headers.of(pairs)))


@pytest.mark.parametrize(
    ("action", "facts", "host"),
    [
        (RouteAction(), context(), None),
        (RouteAction(host_rewrite_literal="a.com"), context(), "a.com"),
        (RouteAction(host_rewrite_header="x-h"), context("/", ("x-h", "a"), ("x-h", "b")), "a"),
        (RouteAction(host_rewrite_header="x-h"), context("/", ("x-h", "")), None),
        (RouteAction(host_rewrite_header="x-h"), context(), None),
        (RouteAction(host_rewrite_path_regex=BY_PATH), context("/hr/abc?x"), "abc.com"),
        (RouteAction(host_rewrite_path_regex=BY_PATH), context("/x?y"), "/x"),
        (RouteAction(host_rewrite="%REQ(x-h)%.com"), context("/", ("x-h", "a")), "a.com"),
        (RouteAction(host_rewrite="%REQ(x-h)%.com"), context(), "-.com"),
    ],
)
def test_host(action: RouteAction, facts: FormatContext, host: str | None) -> None:
    assert rewrite_host(action, facts) == HostRewrite(host)


def test_auto_host_rewrite_takes_the_hostname_of_the_endpoint() -> None:
    assert rewrite_host(RouteAction(auto_host_rewrite=True), context()) == HostRewrite(
        None, by_endpoint=True
    )


def test_what_cannot_be_told_is_named() -> None:
    rewrite = rewrite_host(RouteAction(host_rewrite="%HOSTNAME%.com"), context())
    assert rewrite == HostRewrite(".com", missing=("%HOSTNAME%",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "h.com"),
        ("a", "a,h.com"),
        ("h.com", "h.com"),
        ("a,h.com", "a,h.com"),
        ("a, h.com", "a, h.com,h.com"),
        (",", ",,h.com"),
    ],
)
def test_append_x_forwarded_host(before: str | None, after: str) -> None:
    pairs = [("host", "h.com"), *([("x-forwarded-host", before)] if before else [])]
    action = RouteAction(append_x_forwarded_host=True)
    headers = with_host(Headers.of(pairs), "new", action, False)
    assert headers.all("x-forwarded-host") == (after,)


def test_an_empty_host_is_neither_forwarded_nor_kept() -> None:
    action = RouteAction(append_x_forwarded_host=True)
    headers = with_host(Headers.of([("host", "")]), "new", action, False)
    assert headers == Headers.of([("host", "new")])


@pytest.mark.parametrize(("suppressed", "original"), [(False, "h.com"), (True, None)])
def test_the_original_host_is_kept(suppressed: bool, original: str | None) -> None:
    headers = with_host(Headers.of([("host", "h.com")]), "new", RouteAction(), suppressed)
    assert headers.first("x-envoy-original-host") == original
    assert headers.first("host") == "new"
    assert "x-forwarded-host" not in headers
