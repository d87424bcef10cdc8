"""Targets of request lines, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.request_target import is_parsable, read_target


def read(
    target: str | None, method: str = "GET", tls: bool = False, **options: object
) -> tuple[str | None, str | None, str | None] | tuple[int, str | None]:
    pairs = [(":method", method), (":authority", "a.com:443")]
    if target is not None:
        pairs.append((":path", target))
    request = Request(connection=Connection(tls=tls, terminated_tls=tls), headers=Headers.of(pairs))
    result = read_target(msgspec.convert(options, HttpConnectionManager), request)
    if isinstance(result, LocalReply):
        assert result.flags == ("DPE",)
        return result.code, result.details
    return result.first(":authority"), result.first(":path"), result.first(":scheme")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/x?y", ("a.com:443", "/x?y", None)),
        ("//o.com/x", ("a.com:443", "//o.com/x", None)),
        ("http://o.com/x?y", ("o.com", "/x?y", "http")),
        ("HTTP://o.com/x", ("o.com", "/x", "http")),
        ("https://o.com/p", ("o.com", "/p", "https")),
        ("http://o.com", ("o.com", "/", "http")),
        ("http://o.com?x", ("o.com", "?x", "http")),
        ("http://o.com/x#f", ("o.com", "/x#f", "http")),
        ("http://o.com:80/x", ("o.com:80", "/x", "http")),
        ("http://o.com:0/x", ("o.com:0", "/x", "http")),
        ("http://u@O.CoM/", ("O.CoM", "/", "http")),
        ("http://[::1]/x", ("[::1]", "/x", "http")),
        ("http://", (400, "http1.invalid_url")),
        ("http:///x", (400, "http1.invalid_url")),
        ("http://o.com:abc/x", (400, "http1.invalid_url")),
        ("http://o.com:99999/x", (400, "http1.invalid_url")),
        ("http://o.com:/x", (400, "http1.invalid_url")),
        ("http://o_x.com/", (400, "http1.invalid_url")),
        ("http://o!x.com/", (400, "http1.invalid_url")),
        ("ftp://o_x.com/", (400, "http1.invalid_url")),
        ("ftp://o.com/", (400, "http1.invalid_scheme")),
        ("*", (400, "http1.invalid_url")),
        (None, ("a.com:443", None, None)),
    ],
)
def test_target_of_get(target: str | None, expected: object) -> None:
    assert read(target) == expected


@pytest.mark.parametrize(
    ("target", "parsable"),
    [
        (None, True),
        ("/x?y#z", True),
        ("*", True),
        ("http://o!$%&'()*+,-._~;=@[]:o/", True),
        ("ftp://o?x", True),
        ("http://o.com#f", False),
        ("http://o<x/", False),
        ("http://a@@b/", False),
        ("http://a/@@", True),
        ("http:/o.com", False),
        ("foo", False),
        ("?x", False),
    ],
)
def test_what_the_parser_can_read(target: str | None, parsable: bool) -> None:
    pairs = [(":method", "GET"), (":authority", "a")]
    pairs += [] if target is None else [(":path", target)]
    assert is_parsable(Headers.of(pairs)) is parsable


@pytest.mark.parametrize(("target", "parsable"), [("a:80", True), ("a<b:80", False), ("/", True)])
def test_a_target_of_connect_the_parser_can_read(target: str, parsable: bool) -> None:
    pairs = [(":method", "CONNECT"), (":authority", target)]
    assert is_parsable(Headers.of(pairs)) is parsable


def test_star_is_for_options() -> None:
    assert read("*", method="OPTIONS") == ("a.com:443", "*", None)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("b.com:80", ("b.com:80", None, None)),
        ("[::1]:80", ("[::1]:80", None, None)),
        (None, ("a.com:443", None, None)),
        ("/", ("a.com:443", None, None)),
        ("b.com", (400, "http1.invalid_url")),
        ("b.com:443/x", (400, "http1.invalid_url")),
        ("b.com:", (400, "http1.invalid_url")),
        (":443", (400, "http1.invalid_url")),
        ("a@b.com:443", (400, "http1.invalid_url")),
        ("@b.com:443", ("b.com:443", None, None)),
    ],
)
def test_target_of_connect_is_an_authority(target: str | None, expected: object) -> None:
    assert read(target, method="CONNECT") == expected


def test_absolute_urls_can_be_switched_off() -> None:
    options = {"allow_absolute_url": False}
    target = "http://o.com/x"
    assert read(target, http_protocol_options=options) == ("a.com:443", target, None)
    assert read("*", http_protocol_options=options) == ("a.com:443", "*", None)


@pytest.mark.parametrize(
    ("tls", "hops", "refused"), [(False, 0, True), (False, 1, False), (True, 0, False)]
)
def test_https_url_on_plaintext_at_the_first_hop(tls: bool, hops: int, refused: bool) -> None:
    result = read("https://o.com/", tls=tls, use_remote_address=True, xff_num_trusted_hops=hops)
    expected = (403, "http1.https_url_on_plaintext_connection")
    assert result == (expected if refused else ("o.com", "/", "https"))
