"""Buffering of requests.

What Envoy does: it holds a request until its body is complete; a body that is longer than
`max_request_bytes` is answered with 413, before later filters see the request. The body of an
upgrade ends when the client ends it: until then nothing goes on.
Checked against Envoy 1.40.0. Not modelled: bodies of which `content-length` does not tell the size,
which are taken to fit.
"""

from __future__ import annotations

from osmscope.resources.http_filters.traffic import Buffer, BufferPerRoute
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, assumed, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.upgrade import upgrade_type


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the buffer filter."""
    config = context.config
    if isinstance(config, BufferPerRoute):
        if config.disabled:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        config = config.buffer or context.own_config
    if not isinstance(config, Buffer) or config.max_request_bytes is None:
        return goes_on(request)
    length = request.headers.first("content-length") or ""
    if not length.isdecimal() or int(length) <= config.max_request_bytes:
        wanted = upgrade_type(request.headers)
        if wanted is None:
            return goes_on(request)
        name = context.filter_name
        return assumed(request, f'the client ends what it sends, for which "{name}" waits')
    words = f"the body has {length} bytes, max_request_bytes is {config.max_request_bytes}"
    reply = LocalReply(code=413, details="request_payload_too_large", reason=words)
    return answered(request, reply, "max_request_bytes")
