"""Filters that write dynamic metadata from literals or headers.

What Envoy does: `set_metadata` merges its values into a namespace, or replaces what is there with
`allow_overwrite`. `header_to_metadata` puts a header's or cookie's value, or a fixed one, under a
key; an empty value counts as absent; `remove` takes the header away.
Checked against Envoy 1.40.0. Not modelled: typed values, and values decoded from base64.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from osmscope.resources.http_filters.header import (
    HeaderToMetadata,
    HeaderToMetadataRule,
    KeyValuePairTarget,
    SetMetadata,
)
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.regular_expression import replace_all

_DEFAULT_NAMESPACE = "envoy.filters.http.header_to_metadata"


def set_metadata(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the set metadata filter."""
    config = context.config
    if not isinstance(config, SetMetadata):
        return goes_on(request)
    metadata = dict(request.metadata)
    if config.value:
        _merge(metadata, config.metadata_namespace, config.value)
    for entry in config.metadata:
        if entry.value is None:
            continue
        if entry.metadata_namespace not in metadata:
            metadata[entry.metadata_namespace] = entry.value
        elif entry.allow_overwrite:
            _merge(metadata, entry.metadata_namespace, entry.value)
    return goes_on(msgspec.structs.replace(request, metadata=metadata))


def header_to_metadata(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the header to metadata filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    config = context.config
    if not isinstance(config, HeaderToMetadata):
        return goes_on(request)
    for rule in config.request_rules:
        request = _by_rule(rule, request)
    return goes_on(request)


def _by_rule(rule: HeaderToMetadataRule, request: Request) -> Request:
    value = (
        ",".join(request.headers.all(rule.header))
        if rule.header
        else cookie(request.headers, rule.cookie)
    )
    if value:
        target = rule.on_header_present or rule.on_present
    else:
        target = rule.on_header_missing or rule.on_missing
    if target is not None:
        value = target.value or _rewritten(target, value or "")
        if value:
            metadata = dict(request.metadata)
            namespace = target.metadata_namespace or _DEFAULT_NAMESPACE
            _merge(metadata, namespace, {target.key: _typed(target, value)})
            request = msgspec.structs.replace(request, metadata=metadata)
    if rule.remove and rule.header:
        request = request.with_headers(request.headers.remove(rule.header))
    return request


def _rewritten(target: KeyValuePairTarget, value: str) -> str:
    rewrite = target.regex_value_rewrite
    if rewrite is None:
        return value
    return replace_all(rewrite.pattern.regex, rewrite.substitution, value)


def _typed(target: KeyValuePairTarget, value: str) -> object:
    if target.type != "NUMBER":
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _merge(
    metadata: dict[str, Mapping[str, object]], namespace: str, values: Mapping[str, object]
) -> None:
    metadata[namespace] = {**metadata.get(namespace, {}), **values}
