"""API keys.

What Envoy does: the first of `key_sources` that the request has (header, query parameter, cookie)
gives the key; without one, or without sources or credentials, the answer is 401. The most specific
level that sets sources or credentials replaces the filter's own. The client's name may be told in a
header. With `hide_credentials` all keys of the sources are taken out, the other parameters then
standing decoded, in the order of their names. Of these two the most specific level alone tells.
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
from osmscope.rules.facts import Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.query_parameter import decoded_parameters

_REDACTED = "[redacted]"


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the API key filter."""
    levels = [
        config
        for config in (context.config, context.own_config)
        if isinstance(config, ApiKeyAuth | ApiKeyAuthPerRoute)
    ]
    sources = next((level.key_sources for level in levels if level.key_sources), ())
    if not sources:
        reply = LocalReply(
            code=401, details="missing_key_sources", reason="there are no key_sources"
        )
        return answered(request, reply, "key_sources")
    if not any(level.credentials for level in levels):
        reply = LocalReply(code=401, details="missing_credentials", reason="nobody has a key")
        return answered(request, reply, "credentials")
    source = next((source for source in sources if _key(source, request)), None)
    if source is None:
        words = "the request has no API key"
        reply = LocalReply(code=401, details="missing_api_key", reason=words)
        return answered(request, reply, "key_sources")
    words = f'the API key is one that "{context.filter_name}" knows'
    assumptions = [words]
    forwarding = levels[0].forwarding if levels else None
    if forwarding is not None and forwarding.header:
        clients = _clients(levels)
        if len(clients) == 1:
            headers = request.headers.set(forwarding.header, clients.pop())
            request = request.with_headers(headers)
        else:
            assumptions.append(f'header "{forwarding.header}" names the client, who is not known')
    if forwarding is not None and forwarding.hide_credentials:
        request = request.with_headers(_without_keys(sources, request))
    return (FilterResult(request=request, assumptions=tuple(assumptions), reason=words),)


def _clients(levels: Sequence[ApiKeyAuth | ApiKeyAuthPerRoute]) -> set[str]:
    """Return who may ask, as far as known: a dump redacts the names of the filter's own clients."""
    if isinstance(levels[0], ApiKeyAuthPerRoute) and levels[0].allowed_clients:
        return set(levels[0].allowed_clients)
    credentials = next((level.credentials for level in levels if level.credentials), ())
    clients = {one.client for one in credentials}
    return set() if _REDACTED in clients else clients


def _key(source: ApiKeySource, request: Request) -> str | None:
    if source.header:
        return request.headers.first(source.header)
    if source.query:
        return next((v for n, v in decoded_parameters(request.path) if n == source.query), None)
    return cookie(request.headers, source.cookie)


def _without_keys(sources: Sequence[ApiKeySource], request: Request) -> Headers:
    headers = request.headers.remove(*(source.header for source in sources if source.header))
    cookies = {source.cookie for source in sources if source.cookie}
    parts = [part.strip() for value in headers.all("cookie") for part in value.split(";")]
    others = [part for part in parts if part.partition("=")[0] not in cookies]
    if len(others) < len(parts):
        headers = headers.set("cookie", "; ".join(others)) if others else headers.remove("cookie")
    removed = {source.query for source in sources if source.query}
    path, mark, _ = request.path.partition("?")
    if not removed or not mark:
        return headers
    pairs = (pair for pair in decoded_parameters(request.path) if pair[0] not in removed)
    left = "&".join(f"{name}={value}" for name, value in sorted(pairs, key=lambda pair: pair[0]))
    return headers.set(":path", f"{path}?{left}" if left else path)
