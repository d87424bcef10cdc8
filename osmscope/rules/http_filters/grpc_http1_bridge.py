"""The bridge from HTTP/1.1 clients to gRPC.

What Envoy does to requests: with `upgrade_protobuf_to_grpc` an `application/x-protobuf` body
becomes a gRPC message; with `ignore_query_parameters` gRPC over HTTP/1 loses its query.
Checked against Envoy 1.40.0. Not modelled: responses.
"""

from __future__ import annotations

from osmscope.resources.http_filters.gateway import GrpcHttp1Bridge
from osmscope.rules.facts import Request
from osmscope.rules.grpc import is_grpc
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the gRPC bridge for HTTP/1.1."""
    config = context.own_config
    if not isinstance(config, GrpcHttp1Bridge):
        return goes_on(request)
    headers, reason = request.headers, ""
    is_protobuf = headers.first("content-type") == "application/x-protobuf"
    if is_protobuf and config.upgrade_protobuf_to_grpc:
        headers = headers.set("content-type", "application/grpc").remove("content-length")
        reason = "the protobuf body becomes a gRPC message"
    if config.ignore_query_parameters and request.protocol != "h2" and is_grpc(headers):
        headers = headers.set(":path", request.path.partition("?")[0])
    return goes_on(request.with_headers(headers), reason)
