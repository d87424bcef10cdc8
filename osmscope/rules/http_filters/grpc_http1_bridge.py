"""The bridge from HTTP/1.1 clients to gRPC.

What Envoy does to requests: with `upgrade_protobuf_to_grpc` an `application/x-protobuf` body
becomes a gRPC message; with `ignore_query_parameters` its path loses the query.
Checked against Envoy 1.40.0. Not modelled: responses.
"""

from __future__ import annotations

from osmscope.resources.http_filters.gateway import GrpcHttp1Bridge
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the gRPC bridge for HTTP/1.1."""
    config = context.own_config
    is_protobuf = request.headers.first("content-type") == "application/x-protobuf"
    if not isinstance(config, GrpcHttp1Bridge) or not config.upgrade_protobuf_to_grpc:
        return goes_on(request)
    if not is_protobuf:
        return goes_on(request)
    headers = request.headers.set("content-type", "application/grpc").remove("content-length")
    if config.ignore_query_parameters:
        headers = headers.set(":path", request.path.partition("?")[0])
    return goes_on(request.with_headers(headers), "the protobuf body becomes a gRPC message")
