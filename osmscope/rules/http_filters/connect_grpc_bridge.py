"""The bridge from Connect clients to gRPC.

What Envoy does to requests: `application/connect+X` streams, and unary requests that carry
`connect-protocol-version`, become gRPC requests with `application/grpc+X`.
Checked against Envoy 1.40.0. Not modelled: timeouts, encodings and GET requests of Connect, which
are named.
"""

from __future__ import annotations

from osmscope.resources.http_filters.response import ConnectGrpcBridge
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on
from osmscope.rules.query_parameter import query_parameter

_STREAM = "application/connect+"
_VERSION = "connect-protocol-version"
_FURTHER = ("connect-timeout-ms", "connect-content-encoding", "connect-accept-encoding")


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the Connect bridge."""
    if not isinstance(context.own_config, ConnectGrpcBridge):
        return goes_on(request)
    content_type = request.headers.first("content-type") or ""
    if request.method == "GET" and query_parameter(request.path, "connect") is not None:
        return assumed(request, f'"{context.filter_name}" leaves a Connect GET request as it is')
    if content_type.startswith(_STREAM):
        kind = content_type.removeprefix(_STREAM)
    elif _VERSION in request.headers and content_type.startswith("application/"):
        kind = content_type.removeprefix("application/")
    else:
        return goes_on(request)
    headers = request.headers.remove(_VERSION, "content-length")
    headers = headers.set("content-type", f"application/grpc+{kind}").set("te", "trailers")
    changed = request.with_headers(headers)
    if any(name in headers for name in _FURTHER):
        return assumed(
            changed, f'"{context.filter_name}" leaves Connect\'s own headers as they are'
        )
    return goes_on(changed, "the Connect request becomes a gRPC request")
