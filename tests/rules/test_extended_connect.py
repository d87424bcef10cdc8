"""Extended CONNECT over HTTP/2, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.extended_connect import as_upgrade, refuse_protocol
from osmscope.rules.facts import Headers

INVALID, VIOLATION = "http2.invalid.header.field", "http2.violation.of.messaging.rule"


@pytest.mark.parametrize(
    ("allowed", "headers", "expected"),
    [
        (None, {":method": "CONNECT"}, None),
        (None, {":method": "CONNECT", ":protocol": "websocket"}, INVALID),
        (False, {":method": "CONNECT", ":protocol": "websocket"}, INVALID),
        (True, {":method": "CONNECT", ":protocol": "websocket"}, None),
        (True, {":method": "CONNECT", ":protocol": ""}, INVALID),
        (True, {":method": "GET", ":protocol": "websocket"}, VIOLATION),
    ],
)
def test_who_may_say_a_protocol(
    allowed: bool | None, headers: dict[str, str], expected: str | None
) -> None:
    options = {} if allowed is None else {"http2_protocol_options": {"allow_connect": allowed}}
    manager = msgspec.convert(options, HttpConnectionManager)
    reply = refuse_protocol(manager, Headers.of(headers.items()))
    assert (None if reply is None else reply.details) == expected
    assert reply is None or (reply.code, reply.flags) == (0, ("DPE",))


@pytest.mark.parametrize(
    ("protocol", "method", "upgrade"),
    [
        ("websocket", "GET", "websocket"),
        ("WebSocket", "GET", "WebSocket"),
        ("connect-udp", "GET", "connect-udp"),
        ("CONNECT", "GET", "CONNECT"),
        ("bytestream", "CONNECT", None),
        (None, "CONNECT", None),
    ],
)
def test_an_extended_connect_becomes_an_upgrade(
    protocol: str | None, method: str, upgrade: str | None
) -> None:
    pairs = [(":method", "CONNECT"), *([(":protocol", protocol)] if protocol else [])]
    result = as_upgrade(Headers.of(pairs))
    assert (result.first(":method"), result.first("upgrade")) == (method, upgrade)
    assert result.first("connection") == (upgrade and "upgrade")
    assert (":protocol" in result) is (protocol == "bytestream")
