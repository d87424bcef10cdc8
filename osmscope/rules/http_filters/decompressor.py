"""Decompression.

What Envoy does to requests: it tells the upstream, in `accept-encoding`, that its own encoding is
welcome, unless `advertise_accept_encoding` is off or responses are not decompressed; a body whose
first `content-encoding` is that one is decompressed, and the encoding is no longer named.
Checked against Envoy 1.40.0. Not modelled: libraries other than gzip, Brotli and zstd; bodies
themselves; where no header tells, a body is taken to be there, and that is named.
"""

from __future__ import annotations

from osmscope.resources.extension import type_name
from osmscope.resources.http_filters.response import Decompressor
from osmscope.rules.facts import Headers, Request
from osmscope.rules.http_filters.compressor import is_on, may_have_body
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import assumed, goes_on

_LENGTHS = {"content-length", "transfer-encoding"}
_ENCODINGS = {"Gzip": "gzip", "Brotli": "br", "Zstd": "zstd"}


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the decompressor filter."""
    own = context.own_config
    if not isinstance(own, Decompressor):
        return goes_on(request)
    kind = type_name(own.decompressor_library.typed_config).rpartition(".")[2]
    encoding = _ENCODINGS.get(kind)
    if encoding is None:
        words = f'"{context.filter_name}" ({kind or "no library"}) leaves requests as they are'
        return assumed(request, words)
    headers = request.headers
    wanted = own.request_direction_config
    if wanted.advertise_accept_encoding is not False and is_on(
        own.response_direction_config.common_config.enabled, request
    ):
        headers = _advertised(headers, encoding)
    told = headers
    if is_on(wanted.common_config.enabled, request) and may_have_body(request):
        headers = _decompressed(headers, encoding)
    changed = request.with_headers(headers)
    if headers is not told and _LENGTHS.isdisjoint(request.headers):
        return assumed(
            changed, f'the request has a body, which "{context.filter_name}" decompresses'
        )
    return goes_on(changed, "request headers are changed" if headers is not request.headers else "")


def _advertised(headers: Headers, encoding: str) -> Headers:
    listed = [part.strip() for part in ",".join(headers.all("accept-encoding")).split(",")]
    others = [part for part in listed if part and part.partition(";")[0].strip() != encoding]
    return headers.set("accept-encoding", ",".join((*others, encoding)))


def _decompressed(headers: Headers, encoding: str) -> Headers:
    first, _, rest = (headers.first("content-encoding") or "").partition(",")
    if first.strip().lower() != encoding:
        return headers
    headers = headers.remove("content-length")
    if not rest.strip():
        return headers.remove("content-encoding")
    return headers.set("content-encoding", rest.strip())
