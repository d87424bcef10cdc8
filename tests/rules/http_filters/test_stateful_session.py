"""Sticky sessions, as far as a request tells of one."""

import base64

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import (
    Cors,
    StatefulSession,
    StatefulSessionPerRoute,
)
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.stateful_session import evaluate

STATES = "type.googleapis.com/envoy.extensions.http.stateful_session"
COOKIE = {
    "@type": f"{STATES}.cookie.v3.CookieBasedSessionState",
    "cookie": {"name": "s", "ttl": "60s"},
}
HEADER = {"@type": f"{STATES}.header.v3.HeaderBasedSessionState", "name": "x-s"}


ADDRESS = "10.0.0.1:18080"
NAMED = base64.b64encode(ADDRESS.encode()).decode()


def session(state: dict[str, object], **fields: object) -> StatefulSession:
    body = {"session_state": {"name": "n", "typed_config": state}, **fields}
    return msgspec.json.decode(msgspec.json.encode(body), type=StatefulSession)


def asked(config: Resource, **sent: str) -> FilterResult:
    headers = Headers.of((name.replace("_", "-"), value) for name, value in sent.items())
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(config=config, own_config=StatefulSession()))
    assert result.reply is None
    return result


@pytest.mark.parametrize(
    ("config", "sent", "named"),
    [
        (session(COOKIE), {"cookie": f"s={NAMED}"}, True),
        (session(COOKIE), {"cookie": f"t={NAMED}"}, False),
        (session(HEADER), {"x_s": NAMED}, True),
        (session(HEADER), {"x_s": "!"}, False),
        (session(HEADER), {}, False),
        (StatefulSession(), {"cookie": f"s={NAMED}"}, False),
        (StatefulSessionPerRoute(disabled=True), {"cookie": f"s={NAMED}"}, False),
        (StatefulSessionPerRoute(), {"cookie": f"s={NAMED}"}, False),
        (StatefulSessionPerRoute(stateful_session=session(COOKIE)), {"cookie": f"s={NAMED}"},
         True),
        (Cors(), {}, False),
    ],
)  # fmt: skip
def test_a_session_names_an_endpoint(config: Resource, sent: dict[str, str], named: bool) -> None:
    result = asked(config, **sent)
    assert result.request.session_host == (ADDRESS if named else "")
    assert result.assumptions == ()
    assert (f"asks for {ADDRESS}" in result.reason) is named


@pytest.mark.parametrize("strict", [True, False])
def test_a_session_may_be_strict(strict: bool) -> None:
    config = session(HEADER, strict=strict)
    assert asked(config, x_s=NAMED).request.session_is_strict is strict


def test_another_kind_of_session_is_assumed_to_name_nothing() -> None:
    result = asked(session({"@type": "a/b.C"}))
    assert result.request.session_host == ""
    assert len(result.assumptions) == 1
