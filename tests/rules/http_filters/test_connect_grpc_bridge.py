"""The Connect bridge, as a table of what Envoy 1.40.0 does to requests."""

import pytest

from osmscope.resources.http_filters.response import ConnectGrpcBridge
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.connect_grpc_bridge import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

BRIDGE = ConnectGrpcBridge()
VERSION = {"connect-protocol-version": "1"}


def ask(
    sent: dict[str, str],
    method: str = "POST",
    config: Resource = BRIDGE,
    path: str = "/a",
) -> FilterResult:
    headers = Headers.of([(":method", method), (":path", path), *sent.items()])
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(filter_name="b", config=config, own_config=config))
    return result


@pytest.mark.parametrize(
    ("sent", "after"),
    [
        ({"content-type": "application/connect+proto"}, ("application/grpc+proto", "trailers")),
        ({"content-type": "application/json", **VERSION}, ("application/grpc+json", "trailers")),
        ({"content-type": "application/json"}, ("application/json", None)),
        ({"content-type": "text/plain", **VERSION}, ("text/plain", None)),
        ({}, (None, None)),
    ],
)
def test_requests(sent: dict[str, str], after: tuple[str | None, str | None]) -> None:
    result = ask(sent)
    headers = result.request.headers
    assert (headers.first("content-type"), headers.first("te")) == after
    assert ("connect-protocol-version" in headers) is (
        after[1] is None and "connect-protocol-version" in sent
    )
    assert result.assumptions == ()


STREAM = {"content-type": "application/connect+proto"}
UNARY = {"content-type": "application/proto", **VERSION}


@pytest.mark.parametrize(
    ("kind", "sent", "after"),
    [
        (STREAM, {"connect-content-encoding": "gzip"}, {"grpc-encoding": "gzip"}),
        (STREAM, {"connect-accept-encoding": "br"}, {"grpc-accept-encoding": "br"}),
        (STREAM, {"content-encoding": "gzip"}, {"content-encoding": "gzip"}),
        (STREAM, {"accept-encoding": "gzip"}, {"accept-encoding": "gzip"}),
        (UNARY, {"content-encoding": "gzip"}, {"grpc-encoding": "gzip"}),
        (UNARY, {"accept-encoding": "br, gzip"}, {"grpc-accept-encoding": "br, gzip"}),
        (UNARY, {"connect-timeout-ms": "100"}, {"grpc-timeout": "100m"}),
        (STREAM, {"connect-timeout-ms": "99999999"}, {"grpc-timeout": "99999999m"}),
        (STREAM, {"connect-timeout-ms": "100000999"}, {"grpc-timeout": "100000S"}),
        (STREAM, {"connect-timeout-ms": "100000000000"}, {"grpc-timeout": "1666666M"}),
        (STREAM, {"connect-timeout-ms": "9999999999999"}, {"grpc-timeout": "2777777H"}),
        (STREAM, {"connect-timeout-ms": "9" * 16}, {"connect-timeout-ms": "9" * 16}),
        (STREAM, {"connect-timeout-ms": "soon"}, {"connect-timeout-ms": "soon"}),
    ],
)
def test_encodings_and_time(
    kind: dict[str, str], sent: dict[str, str], after: dict[str, str]
) -> None:
    headers = ask(kind | sent).request.headers
    own = {":method", ":path", "content-type", "te"}
    assert {name: headers.first(name) for name in headers if name not in own} == after


def test_replies_to_what_was_grpc_before_are_named() -> None:
    words = '"b" leaves replies in the form of gRPC'
    assert ask({"content-type": "application/grpc", **VERSION}).assumptions == (words,)


@pytest.mark.parametrize(("path", "assumed"), [("/a?connect=v1", True), ("/a", False)])
def test_get_requests_are_named(path: str, assumed: bool) -> None:
    words = ('"b" leaves a Connect GET request as it is',)
    assert ask({}, "GET", path=path).assumptions == (words if assumed else ())


def test_another_configuration_changes_nothing() -> None:
    sent = {"content-type": "application/connect+proto"}
    assert ask(sent, config=Cors()).request.headers.first("te") is None
