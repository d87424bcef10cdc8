"""Scopes, as Envoy 1.40.0 computes their keys."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import (
    ScopedRouteConfiguration,
    ScopeKeyBuilder,
)
from osmscope.rules.facts import Headers
from osmscope.rules.scoped_routes import find_scope, scope_key

Extractor = dict[str, object]


def key(value: str | None, *extractors: Extractor) -> tuple[str, ...] | None:
    fragments = [{"header_value_extractor": {"name": "x", **e}} for e in extractors]
    builder = msgspec.convert({"fragments": fragments}, ScopeKeyBuilder)
    return scope_key(builder, Headers.of([("x", value)] if value is not None else []))


PAIR = {"element_separator": ";", "element": {"separator": "=", "key": "a"}}
WORD = {"element_separator": ";", "element": {"separator": "", "key": "a"}}


@pytest.mark.parametrize(
    ("extractor", "value", "expected"),
    [
        ({}, "a,b", ("a,b",)),
        ({}, None, None),
        ({"index": 1}, "a", None),
        ({"element_separator": ",", "index": 1}, "a,b", ("b",)),
        ({"element_separator": ",", "index": 1}, "a, b", (" b",)),
        ({"element_separator": ",", "index": 2}, "a,b", None),
        (PAIR, "b=1;a=2;a=3", ("2",)),
        (PAIR, "b=1;a=2=3", ("2=3",)),
        (PAIR, "b=1", None),
        (WORD, "b;a", ("",)),
        (WORD, "b;a=1", None),
    ],
)
def test_fragment(
    extractor: Extractor, value: str | None, expected: tuple[str, ...] | None
) -> None:
    assert key(value, extractor) == expected


def test_a_fragment_that_is_missing_leaves_no_key() -> None:
    assert key("a,b", {}, {"element_separator": ",", "index": 1}) == ("a,b", "b")
    assert key("a", {}, {"element_separator": ",", "index": 1}) is None


def test_the_whole_key_has_to_be_equal() -> None:
    scopes = [
        msgspec.convert(
            {"name": name, "key": {"fragments": [{"string_key": f} for f in fragments]}},
            ScopedRouteConfiguration,
        )
        for name, fragments in (("ab", ["a", "b"]), ("a", ["a"]))
    ]
    found = find_scope(scopes, ("a",))
    assert found is not None
    assert found.name == "a"
    assert find_scope(scopes, ("b",)) is None
    assert find_scope(scopes, None) is None
