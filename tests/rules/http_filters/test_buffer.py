"""Buffered requests, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import Buffer, BufferPerRoute, Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.buffer import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext

OWN = Buffer(max_request_bytes=10)


@pytest.mark.parametrize(
    ("own", "per_route", "length", "refused"),
    [
        (OWN, None, "10", False),
        (OWN, None, "11", True),
        (OWN, None, None, False),
        (OWN, None, "junk", False),
        (OWN, {"disabled": True}, "50", False),
        (OWN, {"buffer": {"max_request_bytes": 100}}, "50", False),
        (OWN, {"buffer": {"max_request_bytes": 5}}, "6", True),
        (OWN, {}, "50", True),
        (Buffer(), None, "50", False),
        (Cors(), None, "50", False),
    ],
)
def test_long_bodies_are_refused(
    own: Resource, per_route: dict[str, object] | None, length: str | None, refused: bool
) -> None:
    headers = Headers.of([] if length is None else [("content-length", length)])
    request = Request(connection=Connection(), headers=headers)
    config = own if per_route is None else msgspec.convert(per_route, BufferPerRoute)
    (result,) = evaluate(request, FilterContext(config=config, own_config=own))
    reply = result.reply and (result.reply.code, result.reply.details)
    assert reply == ((413, "request_payload_too_large") if refused else None)


@pytest.mark.parametrize(
    ("sent", "waits"),
    [
        ([("connection", "upgrade"), ("upgrade", "websocket")], True),
        ([(":method", "CONNECT")], True),
        ([("connection", "upgrade"), ("upgrade", "h2c")], False),
        ([("upgrade", "websocket")], False),
    ],
)
def test_an_upgrade_waits_until_the_client_ends_it(
    sent: list[tuple[str, str]], waits: bool
) -> None:
    request = Request(connection=Connection(), headers=Headers.of(sent))
    (result,) = evaluate(request, FilterContext(config=OWN, own_config=OWN, filter_name="b"))
    expected = ('the client ends what it sends, for which "b" waits',) if waits else ()
    assert (result.reply, result.assumptions) == (None, expected)
