"""Which route table a request uses where that depends on its headers.

What Envoy does: each fragment of the key is cut out of the first value of a header, as the n-th
element or as what follows a key; nothing is trimmed. Where a fragment is missing there is no
scope; else the scope whose key has the same fragments is taken. No scope is an empty table.
Checked against Envoy 1.40.0. Not modelled: nothing that a dump tells; scopes on demand count as
loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

from osmscope.resources.http_connection_manager import (
    HeaderValueExtractor,
    ScopedRouteConfiguration,
    ScopeKeyBuilder,
)
from osmscope.rules.facts import Headers

ScopeKeyStrings = tuple[str, ...]
"""The fragments of a key."""


def scope_key(builder: ScopeKeyBuilder, headers: Headers) -> ScopeKeyStrings | None:
    """Compute a request's key; None where a fragment is missing."""
    fragments: list[str] = []
    for fragment in builder.fragments:
        extractor = fragment.header_value_extractor
        value = headers.first(extractor.name)
        part = None if value is None else _extracted(extractor, value)
        if part is None:
            return None
        fragments.append(part)
    return tuple(fragments)


def find_scope(
    scopes: Iterable[ScopedRouteConfiguration], key: ScopeKeyStrings | None
) -> ScopedRouteConfiguration | None:
    """Find the scope that a key leads to."""
    if key is None:
        return None
    for scope in scopes:
        if key == tuple(fragment.string_key for fragment in scope.key.fragments):
            return scope
    return None


def _extracted(extractor: HeaderValueExtractor, value: str) -> str | None:
    separator = extractor.element_separator
    elements = value.split(separator) if separator else [value]
    if extractor.element is None:
        index = extractor.index or 0
        return elements[index] if index < len(elements) else None
    wanted = extractor.element
    for element in elements:
        key, _, rest = (
            element.partition(wanted.separator) if wanted.separator else (element, "", "")
        )
        if key == wanted.key:
            return rest
    return None
