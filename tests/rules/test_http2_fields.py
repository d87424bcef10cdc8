"""What HTTP/2 does not allow, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.http2_fields import refuse_fields

INVALID = "http2.invalid.header.field"
PLAIN = {":method": "GET", ":path": "/", ":authority": "a"}


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
        ({"x": "a\x01b"}, INVALID),
        ({"x y": "1"}, INVALID),
        ({"a_b": "1"}, None),
    ],
)
def test_fields(changed: dict[str, str], expected: str | None) -> None:
    reply = refuse_fields(Headers.of({**PLAIN, **changed}.items()))
    assert (reply and reply.details) == expected
    if reply is not None:
        assert (reply.code, reply.flags) == (0, ("DPE",))


def test_connect_has_no_path() -> None:
    assert refuse_fields(Headers.of([(":method", "CONNECT"), (":authority", "a:1")])) is None
