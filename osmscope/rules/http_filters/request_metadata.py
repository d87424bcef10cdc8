"""Filters that write dynamic metadata from literals or headers.

What Envoy does: `set_metadata` leaves a namespace that is there alone unless `allow_overwrite`,
which merges: messages by their fields, lists by joining them, everything else by the new value.
`header_to_metadata` puts a header's or cookie's value, or a fixed one, under a key; an empty cookie
counts as absent, and a value that is empty, no base64 or no number as it has to be adds nothing;
`remove` takes the header away.
Checked against Envoy 1.40.0. Not modelled: typed metadata, and values that are protobuf messages,
which later rules do not know.
"""

from __future__ import annotations

import base64
import re
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
_NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)", re.ASCII)


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
        request = _by_rule(rule, request, context.filter_name)
    return goes_on(request)


def _by_rule(rule: HeaderToMetadataRule, request: Request, filter_name: str) -> Request:
    value = _value(rule, request)
    if value is not None:
        target = rule.on_header_present or rule.on_present
    else:
        target = rule.on_header_missing or rule.on_missing
    if target is not None:
        request = _put(
            target, target.value or _rewritten(target, value or ""), request, filter_name
        )
    if rule.remove and rule.header:
        request = request.with_headers(request.headers.remove(rule.header))
    return request


def _value(rule: HeaderToMetadataRule, request: Request) -> str | None:
    """Return what a rule reads; an empty header is there, an empty cookie is not."""
    if rule.header:
        values = request.headers.all(rule.header)
        return ",".join(values) if values else None
    return cookie(request.headers, rule.cookie) or None


def _put(target: KeyValuePairTarget, value: str, request: Request, filter_name: str) -> Request:
    if not value:
        return request
    if target.type == "PROTOBUF_VALUE":
        marked = (*request.opaque_filters, filter_name)
        return msgspec.structs.replace(request, opaque_filters=marked)
    typed = _typed(target, value)
    if typed is None:
        return request
    metadata = dict(request.metadata)
    _merge(metadata, target.metadata_namespace or _DEFAULT_NAMESPACE, {target.key: typed})
    return msgspec.structs.replace(request, metadata=metadata)


def _rewritten(target: KeyValuePairTarget, value: str) -> str:
    rewrite = target.regex_value_rewrite
    if rewrite is None:
        return value
    return replace_all(rewrite.pattern.regex, rewrite.substitution, value)


def _typed(target: KeyValuePairTarget, value: str) -> str | float | None:
    """Return a value as the metadata holds it; None where it is not of the type."""
    if target.encode == "BASE64":
        try:
            padded = value if value.endswith("=") else value + "=" * (-len(value) % 4)
            value = base64.b64decode(padded, validate=True).decode()
        except ValueError:
            return None
    if target.type != "NUMBER":
        return value
    if not _NUMBER.fullmatch(value):
        return None
    return float(int(value, 16)) if "x" in value.lower() else float(value)


def _merge(
    metadata: dict[str, Mapping[str, object]], namespace: str, values: Mapping[str, object]
) -> None:
    metadata[namespace] = _merged(metadata.get(namespace, {}), values)


def _merged(old: Mapping[str, object], new: Mapping[str, object]) -> Mapping[str, object]:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            merged[key] = [*before, *value]
        else:
            merged[key] = value
    return merged
