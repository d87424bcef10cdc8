"""Path rewrites, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.matcher import RegexMatchAndSubstitute, RegexMatcher, TypedExtensionConfig
from osmscope.resources.resource import Opaque
from osmscope.resources.route import Route, RouteAction, RouteMatch
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.path_rewrite import PathRewrite, rewrite_path
from osmscope.rules.substitution_format import FormatContext


def rewrite(match: RouteMatch, action: RouteAction | None, path: str) -> PathRewrite:
    headers = Headers.of([(":path", path), ("x-a", "A")])
    context = FormatContext(request=Request(connection=Connection(), headers=headers))
    return rewrite_path(Route(match=match, route=action), path, context)


def expression(pattern: str, substitution: str) -> RouteAction:
    return RouteAction(
        regex_rewrite=RegexMatchAndSubstitute(
            pattern=RegexMatcher(regex=pattern), substitution=substitution
        )
    )


def extension(kind: str, **fields: str) -> TypedExtensionConfig:
    typed = {"@type": f"type.googleapis.com/envoy.extensions.path.{kind}", **fields}
    return TypedExtensionConfig(name="x", typed_config=msgspec.Raw(msgspec.json.encode(typed)))


TEMPLATE = RouteMatch(
    path_match_policy=extension(
        "match.uri_template.v3.UriTemplateMatchConfig", path_template="/a/{x}"
    )
)
TEMPLATE_REWRITE = RouteAction(
    path_rewrite_policy=extension(
        "rewrite.uri_template.v3.UriTemplateRewriteConfig", path_template_rewrite="/n/{x}"
    )
)


def prefix(text: str, **options: object) -> RouteMatch:
    return RouteMatch(prefix=text, **options)


def to(text: str) -> RouteAction:
    return RouteAction(prefix_rewrite=text)


@pytest.mark.parametrize(
    ("match", "action", "path", "rewritten"),
    [
        (prefix("/foo"), to("/new"), "/foobar?x=1", "/newbar?x=1"),
        (prefix("/foo"), to("/"), "/foo/a", "//a"),
        (prefix("/Foo", case_sensitive=False), to("/n"), "/fOO/a", "/n/a"),
        (RouteMatch(path_separated_prefix="/foo"), to("/"), "/foo/a", "//a"),
        (RouteMatch(path="/foo"), to("/new"), "/foo?x=1", "/new?x=1"),
        (RouteMatch(path="/foo"), to("/new"), "/foo;p?x=1", "/new;p?x=1"),
        (RouteMatch(safe_regex=RegexMatcher(regex="/f.*")), to("/n"), "/foo/a?x=1", "/n?x=1"),
        (RouteMatch(connect_matcher=Opaque()), to("/n"), "/a?x=1", "/n?x=1"),
        (prefix("/"), expression("o", "0"), "/foo?x=o", "/f00?x=o"),
        (prefix("/"), expression("^/foo/(.*)$", r"/new/\1"), "/foo/a?x=1", "/new/a?x=1"),
        (prefix("/"), expression("^/none", "/x"), "/foo?x", "/foo?x"),
        (prefix("/"), RouteAction(path_rewrite="/n%REQ(x-a)%"), "/foo?x=1", "/nA?x=1"),
        (TEMPLATE, TEMPLATE_REWRITE, "/a/b?x=1", "/n/b?x=1"),
    ],
)
def test_rewrite(match: RouteMatch, action: RouteAction, path: str, rewritten: str) -> None:
    assert rewrite(match, action, path) == PathRewrite(rewritten, True)


@pytest.mark.parametrize(
    ("match", "action", "path"),
    [
        (prefix("/"), RouteAction(), "/foo?x=1"),
        (prefix("/"), None, "/foo?x=1"),
        (prefix("/"), expression(".*", ""), "/foo?x=1"),
        (prefix("/"), RouteAction(path_rewrite="%REQ(x-none)%"), "/foo?x=1"),
        (prefix("/p/b"), to("/n"), "/p;a/b"),
    ],
)
def test_what_is_no_rewrite(match: RouteMatch, action: RouteAction | None, path: str) -> None:
    assert rewrite(match, action, path) == PathRewrite(path, False)


@pytest.mark.parametrize(
    ("match", "action", "missing"),
    [
        (prefix("/"), RouteAction(path_rewrite="/%START_TIME%"), ("%START_TIME%",)),
        (
            TEMPLATE,
            RouteAction(path_rewrite_policy=TypedExtensionConfig(name="other")),
            ('what the path rewriter "other" makes of the path',),
        ),
        (prefix("/"), TEMPLATE_REWRITE, ('what the path rewriter "x" makes of the path',)),
    ],
)
def test_what_cannot_be_told_is_named(
    match: RouteMatch, action: RouteAction, missing: tuple[str, ...]
) -> None:
    assert rewrite(match, action, "/a").missing == missing
