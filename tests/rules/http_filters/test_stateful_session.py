"""Sticky sessions, as far as a request tells of one."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import (
    Cors,
    StatefulSession,
    StatefulSessionPerRoute,
)
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.stateful_session import evaluate

STATES = "type.googleapis.com/envoy.extensions.http.stateful_session"
COOKIE = {
    "@type": f"{STATES}.cookie.v3.CookieBasedSessionState",
    "cookie": {"name": "s", "ttl": "60s"},
}
HEADER = {"@type": f"{STATES}.header.v3.HeaderBasedSessionState", "name": "x-s"}


def session(state: dict[str, object]) -> StatefulSession:
    body = msgspec.json.encode({"session_state": {"name": "n", "typed_config": state}})
    return msgspec.json.decode(body, type=StatefulSession)


@pytest.mark.parametrize(
    ("config", "sent", "assumed"),
    [
        (session(COOKIE), {"cookie": "s=1"}, True),
        (session(COOKIE), {"cookie": "t=1"}, False),
        (session(HEADER), {"x-s": "1"}, True),
        (session(HEADER), {}, False),
        (session({"@type": "a/b.C"}), {}, True),
        (StatefulSession(), {"cookie": "s=1"}, False),
        (StatefulSessionPerRoute(disabled=True), {"cookie": "s=1"}, False),
        (StatefulSessionPerRoute(), {"cookie": "s=1"}, False),
        (StatefulSessionPerRoute(stateful_session=session(COOKIE)), {"cookie": "s=1"}, True),
        (Cors(), {}, False),
    ],
)
def test_session(config: Resource, sent: dict[str, str], assumed: bool) -> None:
    request = Request(connection=Connection(), headers=Headers.of(sent.items()))
    (result,) = evaluate(request, FilterContext(config=config, own_config=StatefulSession()))
    assert result.reply is None
    assert bool(result.assumptions) is assumed
