"""Filters that run code, ask a service or are of a type that nobody knows.

What Envoy does: whatever the code or the service says. Here the request is taken to go on
unchanged; that is named as an assumption, and the filter as one that may have left metadata.
Checked against Envoy 1.40.0: these types exist there. Not modelled: all of them.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.extension import Unsupported
from osmscope.resources.http_filters.custom_code import ExtProcPerRoute
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule
from osmscope.rules.http_filters.outcome import assumed, goes_on


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Let a request through a filter of an unknown type."""
    kind = context.own_config
    type_name = f" ({kind.type_name})" if isinstance(kind, Unsupported) else ""
    words = f'the filter "{context.filter_name}"{type_name} lets the request go on unchanged'
    return assumed(_marked(request, context), words)


def named(subject: str) -> HttpFilterRule:
    """Make the rule of a kind of filter whose assumption has words of its own.

    Args:
        subject: What lets the request go on: "the external authorization service".
    """

    def rule(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
        config = context.config
        if isinstance(config, ExtProcPerRoute) and config.disabled:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        words = f'{subject} of "{context.filter_name}" lets the request go on unchanged'
        return assumed(_marked(request, context), words)

    return rule


def harmless(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Let a request through a filter that neither blocks nor changes requests."""
    return goes_on(request)


def labelling(what: str) -> HttpFilterRule:
    """Make the rule of a kind of filter that adds what a dump does not hold, and never blocks.

    Args:
        what: What it may add: "the header x-envoy-ip-tags".
    """

    def rule(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
        return assumed(_marked(request, context), f'"{context.filter_name}" does not add {what}')

    return rule


def _marked(request: Request, context: FilterContext) -> Request:
    return msgspec.structs.replace(
        request, opaque_filters=(*request.opaque_filters, context.filter_name)
    )
