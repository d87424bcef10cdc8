"""What HTTP/2 does not allow, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.http2_fields import refuse_field, refuse_message
from osmscope.rules.local_reply import LocalReply

INVALID = "http2.invalid.header.field"
PLAIN = {":method": "GET", ":path": "/", ":authority": "a"}


def _refused(headers: Headers) -> LocalReply | None:
    replies = (refuse_field(name, values) for name, values in headers.items())
    return next(filter(None, replies), None) or refuse_message(headers)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({":method": "FOO"}, None),
        ({":method": "get"}, None),
        ({":path": "/é"}, None),
        ({":path": "/a#b"}, None),
        ({":path": "/a b"}, INVALID),
        ({":path": "foo"}, "http2.violation.of.messaging.rule"),
        ({":path": "*"}, "http2.violation.of.messaging.rule"),
        ({":path": "*", ":method": "OPTIONS"}, None),
        ({":authority": "a b"}, INVALID),
        ({":authority": "a/b"}, INVALID),
        ({":authority": ""}, INVALID),
        ({":authority": "a@b"}, INVALID),
        ({":method": ""}, INVALID),
        ({":method": "A B"}, INVALID),
        ({":path": ""}, INVALID),
        ({"te": "trailers"}, None),
        ({"te": "Trailers"}, None),
        ({"te": "gzip"}, INVALID),
        ({"te": ""}, INVALID),
        ({"connection": "close"}, INVALID),
        ({"keep-alive": "5"}, INVALID),
        ({"proxy-connection": "x"}, INVALID),
        ({"transfer-encoding": "chunked"}, INVALID),
        ({"upgrade": "websocket"}, INVALID),
        ({"content-length": "0"}, None),
        ({"content-length": "x"}, INVALID),
        ({"content-length": "18446744073709551616"}, INVALID),
        ({"x": "a\x01b"}, INVALID),
        ({"x y": "1"}, INVALID),
        ({"a_b": "1"}, None),
    ],
)
def test_fields(changed: dict[str, str], expected: str | None) -> None:
    reply = _refused(Headers.of({**PLAIN, **changed}.items()))
    assert (reply and reply.details) == expected
    if reply is not None:
        assert (reply.code, reply.flags) == (0, ("DPE",))


@pytest.mark.parametrize(
    ("path", "details"), [("/", "http2.violation.of.messaging.rule"), ("/a b", INVALID)]
)
def test_the_authority_is_missed_once_each_field_is_allowed(path: str, details: str) -> None:
    reply = _refused(Headers.of([(":method", "GET"), (":path", path)]))
    assert reply is not None
    assert reply.details == details


def test_a_description_without_method_has_one_that_is_allowed() -> None:
    assert _refused(Headers.of([(":authority", "a")])) is None


def test_connect_has_no_path() -> None:
    assert _refused(Headers.of([(":method", "CONNECT"), (":authority", "a:1")])) is None
