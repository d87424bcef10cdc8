"""The three ways in which most filters end: the request goes on, is answered, or nobody knows."""

from __future__ import annotations

from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterResult
from osmscope.rules.local_reply import LocalReply


def goes_on(request: Request, reason: str = "", *consulted: str) -> tuple[FilterResult, ...]:
    """Let the request go on as it is."""
    return (FilterResult(request=request, reason=reason, consulted=consulted),)


def answered(request: Request, reply: LocalReply, *consulted: str) -> tuple[FilterResult, ...]:
    """End the request with a reply of the filter's own; the reply holds the reason."""
    return (FilterResult(request=request, reply=reply, reason=reply.reason, consulted=consulted),)


def assumed(request: Request, assumption: str) -> tuple[FilterResult, ...]:
    """Let the request go on, on a condition that no dump can tell."""
    return (FilterResult(request=request, assumptions=(assumption,), reason=assumption),)
