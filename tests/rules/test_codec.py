"""What the codec refuses, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.codec import METHODS, decode, is_request_line
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.local_reply import LocalReply

CODEC_ERROR = (400, "http1.codec_error")
PLAIN = Connection()
INVALID = (400, "http1.invalid_characters")


def hcm(**options: object) -> HttpConnectionManager:
    return msgspec.convert(options, HttpConnectionManager)


def request(
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/",
    host: str = "a.com",
    protocol: str = "http/1.1",
    connection: Connection = PLAIN,
) -> Request:
    first = ((":method", method), (":path", path), (":authority", host))
    return Request(connection=connection, headers=Headers.of((*first, *headers)), protocol=protocol)


def refused(manager: HttpConnectionManager, sent: Request) -> tuple[int, str | None] | None:
    decoded = decode(manager, sent)
    if isinstance(decoded, LocalReply):
        assert decoded.flags == ("DPE",)
        assert decoded.reason
        return decoded.code, decoded.details
    return None


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("GET", None),
        ("PURGE", None),
        ("PROPFIND", None),
        ("QUERY", None),
        ("M-SEARCH", CODEC_ERROR),
        ("PRI", CODEC_ERROR),
        ("FOO", CODEC_ERROR),
        ("get", CODEC_ERROR),
    ],
)
def test_methods_are_those_of_the_parser(method: str, expected: tuple[int, str] | None) -> None:
    assert refused(hcm(), request(method=method)) == expected
    assert (method in METHODS) is (expected is None)


@pytest.mark.parametrize(
    ("method", "expected"), [("foo", None), ("f*o", None), ("f@o", CODEC_ERROR)]
)
def test_custom_methods_are_tokens(method: str, expected: tuple[int, str] | None) -> None:
    manager = hcm(http_protocol_options={"allow_custom_methods": True})
    assert refused(manager, request(method=method)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ('/a"<>\\b', None),
        ("/a b", CODEC_ERROR),
        ("/a\tb", CODEC_ERROR),
        ("/a\x80b", CODEC_ERROR),
        ("/é", CODEC_ERROR),
        ("/a\x01b", INVALID),
        ("/a\x7fb", INVALID),
        ("foo", CODEC_ERROR),
        (" \t/a \t", None),
    ],
)
def test_characters_of_a_path(path: str, expected: tuple[int, str] | None) -> None:
    assert refused(hcm(), request(path=path)) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", None),
        ("u:p@b", None),
        ("[::1]:80", None),
        ("a:80:90", None),
        ("a%20b", None),
        ("a_b;=+!$&'()*,~", None),
        ("a b", (400, "http.invalid_authority")),
        ("a/b", (400, "http.invalid_authority")),
        ('a"b', (400, "http.invalid_authority")),
        ("a^b", (400, "http.invalid_authority")),
        ("a\x80b", (400, "http.invalid_authority")),
        ("a\x01b", INVALID),
    ],
)
def test_characters_of_an_authority(host: str, expected: tuple[int, str] | None) -> None:
    assert refused(hcm(), request(host=host)) == expected


def test_a_host_that_an_absolute_url_replaces_may_be_anything() -> None:
    assert refused(hcm(), request(host="a b", path="http://c.com/")) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x", "a\x80b", None),
        ("x", "a\x01b", INVALID),
        ("x", "a\x7fb", INVALID),
        ("x y", "1", CODEC_ERROR),
        ("x(", "1", CODEC_ERROR),
        ("x\x01", "1", INVALID),
    ],
)
def test_characters_of_a_header(name: str, value: str, expected: tuple[int, str] | None) -> None:
    assert refused(hcm(), request((name, value))) == expected


def test_blanks_around_values_are_not_part_of_them() -> None:
    decoded = decode(hcm(), request(("x", " a  b\t")))
    assert isinstance(decoded, Headers)
    assert decoded.first("x") == "a  b"


def test_http2_leaves_blanks_around_values() -> None:
    decoded = decode(hcm(), request(("x", " a  b\t"), protocol="h2"))
    assert isinstance(decoded, Headers)
    assert decoded.first("x") == " a  b\t"


@pytest.mark.parametrize(
    ("protocol", "codec_type", "connection", "expected"),
    [
        ("h2", "AUTO", Connection(), None),
        ("h2", "HTTP2", Connection(), None),
        ("h2", "HTTP1", Connection(), CODEC_ERROR),
        ("http/1.1", "HTTP1", Connection(), None),
        ("http/1.1", "HTTP2", Connection(), (0, None)),
        ("http/1.1", "AUTO", Connection(tls=True), CODEC_ERROR),
        ("http/1.1", "HTTP2", Connection(tls=True), (0, None)),
        ("http/1.1", "AUTO", Connection(tls=True, terminated_tls=True), None),
        ("h2", "AUTO", Connection(terminated_tls=True, negotiated_protocol="h2"), None),
        ("h2", "AUTO", Connection(terminated_tls=True, negotiated_protocol="osm"), CODEC_ERROR),
        ("http/1.1", "AUTO", Connection(terminated_tls=True, negotiated_protocol="h2"), (0, None)),
        ("h2", "HTTP2", Connection(terminated_tls=True, negotiated_protocol="osm"), None),
        ("tcp", "AUTO", Connection(), CODEC_ERROR),
        ("tcp", "HTTP2", Connection(), (0, None)),
    ],
)
def test_what_the_codec_cannot_read(
    protocol: str, codec_type: str, connection: Connection, expected: tuple[int, str] | None
) -> None:
    sent = request(protocol=protocol, connection=connection)
    assert refused(hcm(codec_type=codec_type), sent) == expected


@pytest.mark.parametrize(
    ("action", "kept"), [("ALLOW", True), ("DROP_HEADER", False), ("REJECT_REQUEST", None)]
)
def test_header_names_with_underscores(action: str, kept: bool | None) -> None:
    manager = hcm(common_http_protocol_options={"headers_with_underscores_action": action})
    sent = request(("a_b", "1"))
    if kept is None:
        assert refused(manager, sent) == (400, "http1.unexpected_underscore")
    else:
        decoded = decode(manager, sent)
        assert isinstance(decoded, Headers)
        assert ("a_b" in decoded) is kept
    assert refused(manager, request(("a-b", "1"))) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["a", "b", "c"], None),
        (["a", "b", "c", "d"], (431, "http1.too_many_headers")),
        (["a", "a", "a", "a"], (431, "http1.too_many_headers")),
        (["accept", "accept", "accept", "accept"], None),
    ],
)
def test_headers_are_counted_with_the_host(
    headers: list[str], expected: tuple[int, str] | None
) -> None:
    manager = hcm(common_http_protocol_options={"max_headers_count": 4})
    assert refused(manager, request(*((name, "1") for name in headers))) == expected


@pytest.mark.parametrize(
    ("names", "code"), [(["a", "b", "c", "d", "x_y"], 431), (["a", "b", "x_y", "c", "d"], 400)]
)
def test_the_first_header_that_is_refused_decides(names: list[str], code: int) -> None:
    options = {"max_headers_count": 4, "headers_with_underscores_action": "REJECT_REQUEST"}
    reply = refused(
        hcm(common_http_protocol_options=options), request(*((name, "1") for name in names))
    )
    assert reply is not None
    assert reply[0] == code


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([("content-length", "x"), ("x y", "1")], (400, "http1.codec_error")),
        ([("transfer-encoding", "gzip")], (501, "http1.invalid_transfer_encoding")),
        ([("connection", "x-forwarded-for")], (400, "http1.connection_header_rejected")),
        ([("connection", "x-forwarded-for, upgrade"), ("upgrade", "a")], None),
    ],
)
def test_framing_and_named_headers(
    sent: list[tuple[str, str]], expected: tuple[int, str] | None
) -> None:
    assert refused(hcm(), request(*sent)) == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", True),
        ("foo", "/", True),
        ("GET", None, True),
        ("GET", "http://h/a", True),
        ("GET", "\x01/a\x0b ", True),
        ("G<T", "/", False),
        ("GET", "/a b", False),
        ("GET", "/é", False),
        ("GET", "/a\x01b", False),
        ("GET", "h:80", False),
    ],
)
def test_what_a_listener_filter_takes_for_a_request_line(method, path, expected):
    names = {":method": method, ":path": path, ":authority": "h"}
    headers = Headers({name: (text,) for name, text in names.items() if text})
    assert is_request_line(headers) is expected


def test_a_target_that_the_connection_manager_refuses() -> None:
    assert refused(hcm(), request(path="ftp://a.com/")) == (400, "http1.invalid_scheme")


def test_a_target_that_the_parser_cannot_read_is_no_http() -> None:
    sent = request(("transfer-encoding", "gzip"), path="no-slash")
    assert refused(hcm(), sent) == (400, "http1.codec_error")


def test_a_hundred_headers_are_allowed_by_default() -> None:
    names = [(f"x{index}", "1") for index in range(100)]
    assert refused(hcm(), request(*names[:99])) is None
    assert refused(hcm(), request(*names)) == (431, "http1.too_many_headers")


@pytest.mark.parametrize(("tls", "scheme"), [(False, "http"), (True, "https")])
def test_an_http2_client_names_the_scheme_of_its_connection(tls: bool, scheme: str) -> None:
    connection = Connection(tls=tls, terminated_tls=tls)
    decoded = decode(hcm(), request(protocol="h2", connection=connection))
    assert isinstance(decoded, Headers)
    assert decoded.first(":scheme") == scheme


@pytest.mark.parametrize("sent", [("te", "gzip"), ("x", "1")])
def test_a_dropped_header_is_what_a_reset_stream_is_remembered_for(sent: tuple[str, str]) -> None:
    options = {"headers_with_underscores_action": "DROP_HEADER"}
    asked = request(("a_b", "1"), sent, path="no-slash", protocol="h2")
    decoded = decode(hcm(common_http_protocol_options=options), asked)
    assert isinstance(decoded, LocalReply)
    assert (decoded.flags, decoded.details) == (("DPE",), "http2.unexpected_underscore")


def test_connect_over_http2_has_neither_scheme_nor_path() -> None:
    decoded = decode(hcm(), request(method="CONNECT", protocol="h2"))
    assert isinstance(decoded, Headers)
    assert decoded.first(":scheme") is decoded.first(":path") is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([("x0", "1")], None),
        ([("x0", "1"), ("x1", "1")], "http2.too_many_headers"),
        ([("x0", "1"), ("x1", "1"), ("a_b", "1")], "http2.too_many_headers"),
        ([("x0", "1" * 1024), ("te", "x")], "http2.header_list_size_too_large"),
        ([("te", "x"), ("x0", "1" * 1024)], "http2.invalid.header.field"),
        ([(":protocol", "websocket")], "http2.invalid.header.field"),
        ([("a_b", "1")], "http2.unexpected_underscore"),
        ([("x y", "1")], "http2.invalid.header.field"),
        ([("x0", "1"), ("x1", "1"), ("x y", "1")], "http2.too_many_headers"),
        ([("x y", "1"), ("x0", "1"), ("x1", "1")], "http2.invalid.header.field"),
        ([("cookie", "a=1"), ("cookie", "b=1")], "http2.too_many_headers"),
        ([("accept", "a"), ("accept", "b")], None),
    ],
)
def test_http2_resets_the_stream(sent: list[tuple[str, str]], expected: str | None) -> None:
    options = {"max_headers_count": 5, "headers_with_underscores_action": "REJECT_REQUEST"}
    manager = hcm(common_http_protocol_options=options, max_request_headers_kb=1)
    decoded = decode(manager, request(*sent, method="FOO", protocol="h2"))
    if expected is None:
        assert isinstance(decoded, Headers)
    else:
        assert isinstance(decoded, LocalReply)
        assert (decoded.code, decoded.details) == (0, expected)


def test_an_extended_connect_is_an_upgrade_with_a_path() -> None:
    manager = hcm(http2_protocol_options={"allow_connect": True})
    sent = request((":protocol", "websocket"), method="CONNECT", path="/x", protocol="h2")
    decoded = decode(manager, sent)
    assert isinstance(decoded, Headers)
    assert (decoded.first(":method"), decoded.first(":path")) == ("GET", "/x")
    assert (decoded.first("upgrade"), decoded.first(":scheme")) == ("websocket", "http")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (request(("x", "1" * 1024), ("a_b", "1"), method="FOO"), "http1.headers_too_large"),
        (request(("x", "1"), ("y", "1"), ("a_b", "1")), "http1.too_many_headers"),
        (request(("a_b", "1"), ("x", "1"), ("y", "1")), "http1.unexpected_underscore"),
        (request(("content-length", "x")), "http1.codec_error"),
    ],
)
def test_http1_looks_at_the_size_first_and_then_at_one_header_after_the_other(
    sent: Request, expected: str
) -> None:
    options = {"max_headers_count": 2, "headers_with_underscores_action": "REJECT_REQUEST"}
    manager = hcm(common_http_protocol_options=options, max_request_headers_kb=1)
    decoded = decode(manager, sent)
    assert isinstance(decoded, LocalReply)
    assert decoded.details == expected


def test_a_request_line_is_looked_at_before_the_rest_of_much_is_read() -> None:
    sent = request(("x", "1" * 62000), method="FOO")
    assert refused(hcm(), sent) == CODEC_ERROR
    assert refused(hcm(), request(("x", "1" * 62000))) == (431, "http1.headers_too_large")


def test_an_upgrade_that_is_ignored_leaves_a_plain_request() -> None:
    manager = hcm(http_protocol_options={"ignore_http_11_upgrade": [{"prefix": "TLS/"}]})
    decoded = decode(manager, request(("connection", "upgrade"), ("upgrade", "TLS/1.2")))
    assert isinstance(decoded, Headers)
    assert "upgrade" not in decoded
