"""Absolute URLs, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.absolute_url import host_and_port, parse_authority, parse_url


@pytest.mark.parametrize(
    ("text", "host", "rest"),
    [
        ("http://a", "a", ""),
        ("HTTP://A.b-c:80/x?y#z", "A.b-c:80", "/x?y#z"),
        ("x+y-z.1://a?b", "a", "?b"),
        ("http://u:p@a/", "a", "/"),
        ("http://@a/", "a", "/"),
        ("http://[::1]:80/", "[::1]:80", "/"),
        ("http://[1.2.3.4]/", "[1.2.3.4]", "/"),
        ("http://a:00080/", "a:00080", "/"),
        ('http://a/"<>\\^`{|}', "a", '/"<>\\^`{|}'),
    ],
)
def test_url(text: str, host: str, rest: str) -> None:
    url = parse_url(text)
    assert url is not None
    assert (url.authority.host_and_port, url.rest) == (host, rest)
    assert host_and_port(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "/a", "//a", "http:a", "http:/a", "http://", "http:///x", "http://:80", "1http://a",
        "http_x://a", "http://a_b/", "http://a!b/", "http://a%41/", "http://*/", "http://a:/",
        "http://a:65536/", "http://a:x/", "http://a@b@c", "http://a@/", "http://[a]/", "http://[]/",
        "http://[::1]x/", "http://[1:2]/", "http://[01.2.3.4]/", "http://a#f", "http://a/b c",
        "http://a/\u00e9", "http://a:" + "0" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    assert parse_url(text) is None
    assert host_and_port(text) == text


@pytest.mark.parametrize(
    ("text", "has_port", "has_userinfo"),
    [("a", False, False), ("a:1", True, False), (":@a", False, True), ("@a:1", True, False)],
)
def test_parts_of_an_authority(text: str, has_port: bool, has_userinfo: bool) -> None:
    authority = parse_authority(text)
    assert authority is not None
    assert (authority.has_port, authority.has_userinfo) == (has_port, has_userinfo)
