"""Upgrades and CONNECT, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.route import Route, RouteAction
from osmscope.rules.facts import Headers
from osmscope.rules.upgrade import decide_upgrade, terminates_connect, upgrade_type


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"upgrade": "websocket"}, None),
        ({"upgrade": "websocket", "connection": "close"}, None),
        ({"upgrade": "websocket", "connection": "keep-alive, Upgrade"}, "websocket"),
        ({"upgrade": "WebSocket", "connection": "upgrade"}, "WebSocket"),
        ({"upgrade": "h2c", "connection": "upgrade"}, None),
        ({"upgrade": "h2c, websocket", "connection": "upgrade"}, "h2c, websocket"),
        ({"upgrade": "", "connection": "upgrade"}, ""),
        ({":method": "CONNECT"}, "CONNECT"),
        ({":method": "CONNECT", ":protocol": "bytestream"}, "CONNECT"),
    ],
)
def test_what_is_an_upgrade(headers: dict[str, str], expected: str | None) -> None:
    assert upgrade_type(Headers.of(headers.items())) == expected


def route(enabled: bool | None) -> Route:
    configs = [] if enabled is None else [{"upgrade_type": "websocket", "enabled": enabled}]
    return msgspec.convert({"route": {"upgrade_configs": configs}}, Route)


@pytest.mark.parametrize(
    ("by_hcm", "by_route", "allowed"),
    [
        (None, None, False),
        (True, None, True),
        (False, None, False),
        (None, True, True),
        (False, True, True),
        (True, False, False),
        (None, False, False),
    ],
)
@pytest.mark.parametrize("wanted", ["websocket", "WebSocket"])
def test_the_route_decides_before_the_connection_manager(
    by_hcm: bool | None, by_route: bool | None, allowed: bool, wanted: str
) -> None:
    configs = [] if by_hcm is None else [{"upgrade_type": "websocket", "enabled": by_hcm}]
    manager = msgspec.convert({"upgrade_configs": configs}, HttpConnectionManager)
    headers = Headers.of([("connection", "upgrade"), ("upgrade", wanted)])
    reply = decide_upgrade(manager, headers, route(by_route)).reply
    assert (reply is None) is allowed
    if reply is not None:
        assert (reply.code, reply.flags, reply.details) == (403, (), "upgrade_failed")


def test_another_type_on_the_route_decides_nothing() -> None:
    configured = msgspec.convert({"route": {"upgrade_configs": [{"upgrade_type": "foo"}]}}, Route)
    headers = Headers.of([("connection", "upgrade"), ("upgrade", "websocket")])
    assert decide_upgrade(HttpConnectionManager(), headers, configured).reply is not None
    answered = msgspec.convert({"direct_response": {"status": 200}}, Route)
    assert decide_upgrade(HttpConnectionManager(), headers, answered).reply is not None


def test_without_a_route_the_router_answers() -> None:
    headers = Headers.of([("connection", "upgrade"), ("upgrade", "websocket")])
    assert decide_upgrade(HttpConnectionManager(), headers, None).reply is None


@pytest.mark.parametrize(("own", "expected"), [([{"name": "own"}], "own"), ([], "main")])
def test_an_upgrade_may_have_filters_of_its_own(own: list[dict[str, str]], expected: str) -> None:
    fields = {
        "http_filters": [{"name": "main"}],
        "upgrade_configs": [{"upgrade_type": "websocket", "filters": own}],
    }
    manager = msgspec.convert(fields, HttpConnectionManager)
    headers = Headers.of([("connection", "upgrade"), ("upgrade", "websocket")])
    assert decide_upgrade(manager, headers, None).http_filters[0].name == expected
    assert decide_upgrade(manager, Headers(), None).http_filters[0].name == "main"


@pytest.mark.parametrize(
    ("config", "method", "raw"),
    [
        (None, "CONNECT", False),
        ({"upgrade_type": "CONNECT"}, "CONNECT", False),
        ({"upgrade_type": "CONNECT", "connect_config": {}}, "CONNECT", True),
        ({"upgrade_type": "connect", "connect_config": {}}, "CONNECT", True),
        ({"upgrade_type": "websocket", "connect_config": {}}, "CONNECT", False),
        ({"upgrade_type": "CONNECT", "connect_config": {}}, "POST", False),
        ({"upgrade_type": "CONNECT", "connect_config": {"allow_post": True}}, "POST", True),
        ({"upgrade_type": "CONNECT", "connect_config": {"allow_post": True}}, "GET", False),
    ],
)
def test_a_route_may_end_a_connect(
    config: dict[str, object] | None, method: str, raw: bool
) -> None:
    configs = [] if config is None else [config]
    action = msgspec.convert({"upgrade_configs": configs}, RouteAction)
    assert terminates_connect(action, Headers.of([(":method", method)])) is raw


def test_a_redirect_to_https_is_a_route() -> None:
    headers = Headers({"connection": ("upgrade",), "upgrade": ("foo",)})
    reply = decide_upgrade(HttpConnectionManager(), headers, None, redirects=True).reply
    assert reply is not None
    assert (reply.code, reply.details) == (403, "upgrade_failed")
