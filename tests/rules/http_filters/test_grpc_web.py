"""gRPC-Web, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.http_filters.gateway import GrpcWeb
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.grpc_web import evaluate


@pytest.mark.parametrize(
    ("content_type", "becomes_grpc"),
    [
        ("application/grpc-web", True),
        ("application/grpc-web+proto", True),
        ("application/grpc-web-text", True),
        ("application/grpc-web-text+proto", True),
        ("application/grpc-web; x", False),
        ("application/grpc", False),
        ("text/plain", False),
    ],
)
@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_content_type(content_type: str, becomes_grpc: bool, encoding: str | None) -> None:
    headers = Headers.of([("content-type", content_type)])
    if encoding is not None:
        headers = headers.set("grpc-accept-encoding", encoding)
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(config=GrpcWeb(), own_config=GrpcWeb()))
    assert result.reply is None
    if not becomes_grpc:
        assert result.request is request
        return
    changed = result.request.headers
    assert changed.first("content-type") == "application/grpc"
    assert changed.first("te") == "trailers"
    assert changed.first("grpc-accept-encoding") == (encoding or "identity")
