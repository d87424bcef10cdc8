"""Path templates, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.uri_template import fits_template, rewrite_by_template


@pytest.mark.parametrize(
    ("template", "path", "fits"),
    [
        ("/a/{x}/b", "/a/1/b", True),
        ("/a/{x}/b", "/a/%2f/b", True),
        ("/a/{x}/b", "/a/1;p=2/b", True),
        ("/a/{x}/b", "/a/!$&'()*+,=:@~/b", True),
        ("/a/{x}/b", "/a/[/b", False),
        ("/{x=**}", "/a/*/b", True),
        ("/{x=**}", "/a|b", False),
        ("/a/{x}/b", "/a//b", False),
        ("/a/{x}/b", "/a/1/2/b", False),
        ("/a/{x}/b", "/a/1/b/", False),
        ("/a/{x}/b", "/A/1/b", False),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/", False),
        ("/a/**", "/a/", True),
        ("/a/**", "/a/1/b", True),
        ("/a/**", "/a", False),
        ("/a/{p=**}.m", "/a/.m", True),
        ("/a/{p=**}.m", "/a/b/c.m", True),
        ("/a/{p=**}.m", "/a/b/c.n", False),
        ("/{v=v1/*}/x", "/v1/z/x", True),
        ("/{v=v1/*}/x", "/v2/z/x", False),
        ("/a.b", "/a.b", True),
        ("/a.b", "/axb", False),
    ],
)
def test_template(template: str, path: str, fits: bool) -> None:
    assert fits_template(template, path) is fits


@pytest.mark.parametrize(
    ("template", "rewrite", "path", "rewritten"),
    [
        ("/a/{x}/b", "/n/{x}", "/a/1/b", "/n/1"),
        ("/{x}/{y}", "/{y}/{x}", "/1/2", "/2/1"),
        ("/{x}/{y}", "/{y}-{y}", "/1/2", "/2-2"),
        ("/{x}/**", "/{x}", "/1/2/3", "/1"),
        ("/a/{p=**}.m", "/q/{p}.m3", "/a/b/c.m", "/q/b/c.m3"),
        ("/{v=v1/*}/x", "/{v}", "/v1/z/x", "/v1/z"),
        ("/a/{x}", "/n/{x}", "/b/1", "/b/1"),
    ],
)
def test_rewrite(template: str, rewrite: str, path: str, rewritten: str) -> None:
    assert rewrite_by_template(template, rewrite, path) == rewritten
