"""Upgrades that are ignored, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.ignored_upgrade import without_ignored

TLS: dict[str, object] = {"prefix": "TLS/"}
WEBSOCKET: dict[str, object] = {"exact": "websocket"}
ANY_CASE: dict[str, object] = {"exact": "websocket", "ignore_case": True}


@pytest.mark.parametrize(
    ("matchers", "connection", "upgrade", "left"),
    [
        ([], "upgrade", "websocket", ("upgrade", "websocket")),
        ([WEBSOCKET], "upgrade", "websocket", (None, None)),
        ([WEBSOCKET], "upgrade", "WebSocket", ("upgrade", "WebSocket")),
        ([ANY_CASE], "upgrade", "WebSocket", (None, None)),
        ([TLS, WEBSOCKET], "upgrade", "TLS/1.2,websocket", (None, None)),
        ([WEBSOCKET], "upgrade", "foo, websocket", ("upgrade", "foo")),
        ([WEBSOCKET], "upgrade", "foo,websocket,bar", ("upgrade", "foo,bar")),
        ([WEBSOCKET], "Upgrade, x-foo", "websocket", ("x-foo", None)),
        ([WEBSOCKET], "upgrade", None, ("upgrade", None)),
        ([WEBSOCKET], None, "websocket", (None, "websocket")),
    ],
)
def test_what_is_left_of_both_headers(
    matchers: list[dict[str, object]],
    connection: str | None,
    upgrade: str | None,
    left: tuple[str | None, str | None],
) -> None:
    options = {"http_protocol_options": {"ignore_http_11_upgrade": matchers}}
    manager = msgspec.convert(options, HttpConnectionManager)
    pairs = (("connection", connection), ("upgrade", upgrade))
    headers = Headers.of((name, value) for name, value in pairs if value is not None)
    result = without_ignored(manager, headers)
    assert (result.first("connection"), result.first("upgrade")) == left
