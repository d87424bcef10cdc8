"""gRPC-Web.

What Envoy does: a request whose content type is one of four becomes a gRPC request, with `te` and
`grpc-accept-encoding`.
Checked against Envoy 1.40.0. Not modelled: bodies and responses.
"""

from __future__ import annotations

from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on

_CONTENT_TYPES = frozenset(
    f"application/grpc-web{suffix}" for suffix in ("", "+proto", "-text", "-text+proto")
)


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the gRPC-Web filter."""
    if request.headers.first("content-type") not in _CONTENT_TYPES:
        return goes_on(request)
    headers = request.headers.set("content-type", "application/grpc").set("te", "trailers")
    if "grpc-accept-encoding" not in headers:
        headers = headers.set("grpc-accept-encoding", "identity")
    return goes_on(request.with_headers(headers), "the gRPC-Web request becomes a gRPC request")
