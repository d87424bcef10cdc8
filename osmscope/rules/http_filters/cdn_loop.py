"""Loops between content delivery networks.

What Envoy does: `cdn-loop` names the networks a request went through; more than
`max_allowed_occurrences` of its own name is answered with 502, a header that cannot be parsed with
400; else its own name is appended.
Checked against Envoy 1.40.0. Not modelled: the parameters of a name, which decide nothing.
"""

from __future__ import annotations

import re

from osmscope.resources.http_filters.traffic import CdnLoop
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, goes_on
from osmscope.rules.local_reply import LocalReply

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = rf'\s*;\s*{_TOKEN}\s*=\s*(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
_NAME = rf"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?|{_TOKEN}(?::[0-9]*)?"
_ENTRY = re.compile(rf"[ \t]*(?:({_NAME})(?:{_PARAMETER})*)?[ \t]*(?:,|$)")


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the CDN loop filter."""
    config = context.config
    if not isinstance(config, CdnLoop):
        return goes_on(request)
    value = request.headers.first("cdn-loop") or ""
    names = _names(value)
    if names is None:
        reply = LocalReply(
            code=400, details="invalid_cdn_loop_header", reason="cdn-loop cannot be parsed"
        )
        return answered(request, reply)
    if names.count(config.cdn_id) > config.max_allowed_occurrences:
        words = f'cdn-loop names "{config.cdn_id}" too often'
        reply = LocalReply(code=502, details="cdn_loop_detected", reason=words)
        return answered(request, reply, "max_allowed_occurrences")
    appended = f"{value},{config.cdn_id}" if value else config.cdn_id
    changed = request.with_headers(request.headers.set("cdn-loop", appended))
    return goes_on(changed, f'cdn-loop gets "{config.cdn_id}"')


def _names(value: str) -> list[str] | None:
    names: list[str] = []
    at = 0
    while at < len(value):
        entry = _ENTRY.match(value, at)
        if entry is None:
            return None
        names.append(entry[1] or "")
        at = entry.end()
    return names
