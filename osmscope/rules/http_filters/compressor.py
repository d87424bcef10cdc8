"""Compression.

What Envoy does to requests: with `remove_accept_encoding_header` the upstream is not told what the
client can decompress, as long as responses are compressed, which a route's own
`response_direction_config` switches on; with `request_direction_config` bodies are compressed on
their way to the upstream.
Checked against Envoy 1.40.0. Not modelled: which bodies are long enough; they are taken not to be.
"""

from __future__ import annotations

from osmscope.resources.http_filters.response import (
    CompressionCommon,
    Compressor,
    CompressorPerRoute,
    ResponseCompression,
)
from osmscope.resources.matcher import RuntimeFeatureFlag
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on

_RESPONSE = ResponseCompression()
_NONE = frozenset({"GET", "HEAD", "CONNECT", "OPTIONS", "TRACE", "DELETE"})


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the compressor filter."""
    own, per_route = context.own_config, context.config
    if not isinstance(own, Compressor):
        return goes_on(request)
    override = None
    if isinstance(per_route, CompressorPerRoute):
        if per_route.disabled:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        if per_route.overrides is not None:
            override = per_route.overrides.response_direction_config
    if _removes(own, override, request):
        request = request.with_headers(request.headers.remove("accept-encoding"))
    compression = own.request_direction_config
    if compression is None or not _is_on(compression.common_config, request):
        return goes_on(request)
    if "content-encoding" in request.headers or not may_have_body(request):
        return goes_on(request)
    return assumed(request, f'"{context.filter_name}" does not compress the request\'s body')


def may_have_body(request: Request) -> bool:
    """Tell whether a request has a body, as far as its headers and its method tell."""
    length = request.headers.first("content-length")
    if length is not None:
        return length != "0"
    return "transfer-encoding" in request.headers or request.method not in _NONE


def _removes(own: Compressor, override: ResponseCompression | None, request: Request) -> bool:
    response = own.response_direction_config or _RESPONSE
    if override is None and not _is_on(response.common_config, request):
        return False
    if override is not None and override.remove_accept_encoding_header is not None:
        return override.remove_accept_encoding_header
    return bool(response.remove_accept_encoding_header) or own.remove_accept_encoding_header


def _is_on(common: CompressionCommon, request: Request) -> bool:
    return is_on(common.enabled, request)


def is_on(flag: RuntimeFeatureFlag | None, request: Request) -> bool:
    """Tell whether a direction is switched on, which is so unless the flag says otherwise."""
    if flag is None:
        return True
    return request.runtime.get(flag.runtime_key, flag.default_value) in (True, "true", 1)
