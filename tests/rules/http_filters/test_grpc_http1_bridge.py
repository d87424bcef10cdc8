"""The gRPC bridge for HTTP/1.1, as a table of what Envoy 1.40.0 does to requests."""

import msgspec
import pytest

from osmscope.resources.http_filters.gateway import GrpcHttp1Bridge
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.grpc_http1_bridge import evaluate

PROTOBUF, GRPC = "application/x-protobuf", "application/grpc"
IGNORES = {"ignore_query_parameters": True}
UPGRADES = {"upgrade_protobuf_to_grpc": True}


@pytest.mark.parametrize(
    ("fields", "protocol", "sent", "content_type", "path"),
    [
        ({}, "http/1.1", PROTOBUF, PROTOBUF, "/a?b"),
        (UPGRADES, "http/1.1", PROTOBUF, GRPC, "/a?b"),
        (UPGRADES, "h2", PROTOBUF, GRPC, "/a?b"),
        (UPGRADES, "http/1.1", GRPC, GRPC, "/a?b"),
        (UPGRADES | IGNORES, "http/1.1", PROTOBUF, GRPC, "/a"),
        (UPGRADES | IGNORES, "h2", PROTOBUF, GRPC, "/a?b"),
        (IGNORES, "http/1.1", PROTOBUF, PROTOBUF, "/a?b"),
        (IGNORES, "http/1.1", GRPC, GRPC, "/a"),
        (IGNORES, "h2", GRPC, GRPC, "/a?b"),
        (IGNORES, "http/1.1", "text/plain", "text/plain", "/a?b"),
        (None, "http/1.1", PROTOBUF, PROTOBUF, "/a?b"),
    ],
)
def test_requests(
    fields: dict[str, bool] | None, protocol: str, sent: str, content_type: str, path: str
) -> None:
    config: Resource = Cors() if fields is None else msgspec.convert(fields, GrpcHttp1Bridge)
    headers = Headers.of([(":path", "/a?b"), ("content-type", sent), ("content-length", "5")])
    request = Request(connection=Connection(), headers=headers, protocol=protocol)
    (result,) = evaluate(request, FilterContext(config=config, own_config=config))
    assert result.request.headers.first("content-type") == content_type
    assert result.request.path == path
