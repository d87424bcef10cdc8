"""The bridge from Connect clients to gRPC.

What Envoy does to requests: `application/connect+X` streams, and unary requests that carry
`connect-protocol-version`, become gRPC requests with `application/grpc+X`. What Connect says of
encodings and of time, in `connect-…` headers for streams, stands in gRPC's headers then; a time
that is no number stays where it is.
Checked against Envoy 1.40.0. Not modelled: GET requests of Connect, and replies to requests that
were gRPC before; both are named.
"""

from __future__ import annotations

from osmscope.resources.http_filters.response import ConnectGrpcBridge
from osmscope.rules.facts import Headers, Request
from osmscope.rules.grpc import is_grpc
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on
from osmscope.rules.query_parameter import query_parameter

_STREAM = "application/connect+"
_VERSION = "connect-protocol-version"
_TIMEOUT = "connect-timeout-ms"
_ENCODINGS = ("content-encoding", "accept-encoding")
_MOST = 99_999_999
_UNITS = (("m", 1), ("S", 1000), ("M", 60), ("H", 60))
"""The units of `grpc-timeout`, each so many times the one before."""


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the Connect bridge."""
    if not isinstance(context.own_config, ConnectGrpcBridge):
        return goes_on(request)
    content_type = request.headers.first("content-type") or ""
    if request.method == "GET" and query_parameter(request.path, "connect") is not None:
        return assumed(request, f'"{context.filter_name}" leaves a Connect GET request as it is')
    prefix = ""
    if content_type.startswith(_STREAM):
        kind, prefix = content_type.removeprefix(_STREAM), "connect-"
    elif _VERSION in request.headers and content_type.startswith("application/"):
        kind = content_type.removeprefix("application/")
    else:
        return goes_on(request)
    headers = request.headers.remove(_VERSION, "content-length")
    headers = headers.set("content-type", f"application/grpc+{kind}").set("te", "trailers")
    headers = _with_timeout(headers)
    for name in _ENCODINGS:
        headers = _renamed(headers, f"{prefix}{name}", f"grpc-{name.removeprefix('content-')}")
    changed = request.with_headers(headers)
    if is_grpc(request.headers):
        return assumed(changed, f'"{context.filter_name}" leaves replies in the form of gRPC')
    return goes_on(changed, "the Connect request becomes a gRPC request")


def _renamed(headers: Headers, name: str, other: str) -> Headers:
    values = headers.all(name)
    headers = headers.remove(name)
    for value in values:
        headers = headers.add(other, value)
    return headers


def _with_timeout(headers: Headers) -> Headers:
    text = (headers.all(_TIMEOUT) or ("",))[-1].strip()
    if not text.isascii() or not text.isdecimal():
        return headers
    amount = int(text)
    for unit, size in _UNITS:
        amount //= size
        if amount <= _MOST:
            return headers.remove(_TIMEOUT).add("grpc-timeout", f"{amount}{unit}")
    return headers
