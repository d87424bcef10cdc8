"""API keys.

What Envoy does: the first of `key_sources` that the request has (header, query parameter, cookie)
gives the key; without one the answer is 401. The most specific level that sets sources or
credentials replaces the filter's own.
Checked against Envoy 1.40.0. Not modelled: the credentials, which a dump redacts: a key that is
there is assumed to be a known client's.
"""

from __future__ import annotations

from collections.abc import Sequence

from osmscope.resources.http_filters.authentication import (
    ApiKeyAuth,
    ApiKeyAuthPerRoute,
    ApiKeySource,
)
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, assumed
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.query_parameter import query_parameter


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the API key filter."""
    sources: Sequence[ApiKeySource] = ()
    for config in (context.config, context.own_config):
        if isinstance(config, ApiKeyAuth | ApiKeyAuthPerRoute) and not sources:
            sources = config.key_sources
    if any(_holds_key(source, request) for source in sources):
        return assumed(request, f'the API key is one that "{context.filter_name}" knows')
    words = "the request has no API key"
    reply = LocalReply(code=401, details="missing_api_key", reason=words)
    return answered(request, reply, "key_sources")


def _holds_key(source: ApiKeySource, request: Request) -> bool:
    if source.header:
        return bool(request.headers.first(source.header))
    if source.query:
        return bool(query_parameter(request.path, source.query))
    return bool(cookie(request.headers, source.cookie))
