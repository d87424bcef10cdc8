from __future__ import annotations

import pytest

from osmscope.errors import UsageError
from osmscope.trace.target import parse_target


@pytest.mark.parametrize(
    ("text", "host", "port", "path", "scheme"),
    [
        ("bookstore", "bookstore", None, None, ""),
        ("bookstore:14001", "bookstore", 14001, None, ""),
        ("bookstore:14001/books?a=1", "bookstore", 14001, "/books?a=1", ""),
        ("bookstore?a=1", "bookstore", None, "/?a=1", ""),
        ("http://bookstore", "bookstore", None, None, "http"),
        ("HTTPS://web.org:8443/a#part", "web.org", 8443, "/a", "https"),
        ("tcp://mysql:3306", "mysql", 3306, None, "tcp"),
        ("udp://dns:53", "dns", 53, None, "udp"),
        ("10.0.0.1:80", "10.0.0.1", 80, None, ""),
        ("10.0.0.1", "10.0.0.1", None, None, ""),
        ("::1", "::1", None, None, ""),
        ("[::1]", "::1", None, None, ""),
        ("[fd00::1]:80/x", "fd00::1", 80, "/x", ""),
        ("a/b:c", "a", None, "/b:c", ""),
        ("bücher.example:80", "xn--bcher-kva.example", 80, None, ""),
    ],
)
def test_each_form_is_taken_apart(text, host, port, path, scheme):
    target = parse_target(text)
    assert (target.host, target.port, target.path, target.scheme) == (host, port, path, scheme)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not empty"),
        ("a b", "no blanks"),
        (":80", "host is missing"),
        ("/path", "host is missing"),
        ("a:", "not a port"),
        ("a:0", "not a port"),
        ("a:65536", "not a port"),
        ("a:99999999999999999999", "not a port"),
        ("a:²", "not a port"),
        ("a:80:90", "brackets"),
        ("[::1", "in brackets"),
        ("[a]:80", "in brackets"),
        ("ftp://a", "'ftp' is not known"),
        ("$HOST:80", r"'\$' is never in a host"),
        ("\x1b[31ma:80", "never in a host"),
        ("a\u202eb", "never in a host"),
        ("\udcff:80", "not UTF-8"),
        ("ü..a", "not a host"),
    ],
)
def test_what_is_no_target_is_refused_with_a_hint(text, words):
    with pytest.raises(UsageError, match=words) as error:
        parse_target(text)
    assert error.value.hint


def test_a_scheme_tells_tls_and_tcp():
    assert [parse_target(f"{s}://a").tls for s in ("http", "https", "tcp", "tls")] == [
        False, True, False, True,
    ]  # fmt: skip
    assert [parse_target(f"{s}://a").tcp for s in ("http", "https", "tcp", "tls")] == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "port", "authority"),
    [
        ("a", 80, "a"),
        ("a", 14001, "a:14001"),
        ("https://a", 443, "a"),
        ("https://a", 80, "a:80"),
        ("a", None, "a"),
        ("[::1]:80", 80, "[::1]"),
        ("[::1]:81", 81, "[::1]:81"),
    ],
)
def test_the_host_header_leaves_out_the_port_of_the_scheme(text, port, authority):
    assert parse_target(text).authority(port) == authority


def test_user_and_password_become_a_header():
    assert parse_target("http://u:p%40@a/").authorization == "Basic dTpwQA=="


def test_only_an_address_is_an_ip():
    assert parse_target("10.0.0.1:80").ip == "10.0.0.1"
    assert parse_target("a:80").ip is None
