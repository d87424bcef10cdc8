"""Filters that write dynamic metadata."""

import msgspec
import pytest

from osmscope.resources.http_filters.header import HeaderToMetadata, SetMetadata
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, HttpFilterRule
from osmscope.rules.http_filters.request_metadata import header_to_metadata, set_metadata

Fields = dict[str, object]


def run(rule: HttpFilterRule, config: Resource, headers: dict[str, str] | None = None) -> Request:
    request = Request(
        connection=Connection(),
        headers=Headers.of((headers or {}).items()),
        metadata={"n": {"a": 1}},
    )
    (result,) = rule(request, FilterContext(filter_name="f", config=config, own_config=config))
    assert result.reply is None
    return result.request


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"n": {"a": 1}}),
        ({"metadata_namespace": "n", "value": {"b": 2}}, {"n": {"a": 1, "b": 2}}),
        (
            {"metadata": [{"metadata_namespace": "m", "value": {"b": 2}}]},
            {"n": {"a": 1}, "m": {"b": 2}},
        ),
        ({"metadata": [{"metadata_namespace": "n", "value": {"b": 2}}]}, {"n": {"a": 1}}),
        (
            {"metadata": [{"metadata_namespace": "n", "value": {"b": 2}, "allow_overwrite": True}]},
            {"n": {"a": 1, "b": 2}},
        ),
        ({"metadata": [{"metadata_namespace": "m", "typed_value": {}}]}, {"n": {"a": 1}}),
    ],
)
def test_set_metadata(fields: Fields, expected: Fields) -> None:
    assert run(set_metadata, msgspec.convert(fields, SetMetadata)).metadata == expected


OWN = "envoy.filters.http.header_to_metadata"
REWRITE = {"pattern": {"regex": "[0-9]+"}, "substitution": "#"}


@pytest.mark.parametrize(
    ("rule", "headers", "namespace", "expected"),
    [
        ({"header": "x", "on_header_present": {"key": "k"}}, {"x": "1"}, OWN, {"k": "1"}),
        ({"header": "x", "on_header_present": {"key": "k"}}, {}, OWN, None),
        ({"header": "x", "on_present": {"key": "k"}}, {"x": ""}, OWN, None),
        ({"header": "x", "on_present": {"key": "k", "value": "v"}}, {"x": ""}, OWN, {"k": "v"}),
        ({"header": "x", "on_missing": {"key": "k", "value": "v"}}, {"x": ""}, OWN, None),
        (
            {"cookie": "c", "on_missing": {"key": "k", "value": "v"}},
            {"cookie": "c="},
            OWN,
            {"k": "v"},
        ),
        (
            {"header": "x", "on_header_missing": {"key": "k", "value": "v"}},
            {},
            OWN,
            {"k": "v"},
        ),
        ({"header": "x", "on_missing": {"key": "k"}}, {}, OWN, None),
        (
            {"cookie": "c", "on_present": {"key": "k", "metadata_namespace": "n"}},
            {"cookie": "c=1"},
            "n",
            {"a": 1, "k": "1"},
        ),
        (
            {"header": "x", "on_present": {"key": "k", "regex_value_rewrite": REWRITE}},
            {"x": "a12"},
            OWN,
            {"k": "a#"},
        ),
        ({"header": "x", "on_present": {"key": "k", "type": "NUMBER"}}, {"x": "2"}, OWN, {"k": 2}),
    ],
)
def test_header_to_metadata(
    rule: Fields, headers: dict[str, str], namespace: str, expected: Fields | None
) -> None:
    config = msgspec.convert({"request_rules": [rule]}, HeaderToMetadata)
    assert run(header_to_metadata, config, headers).metadata.get(namespace) == expected


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        ({"type": "NUMBER"}, "5", 5.0),
        ({"type": "NUMBER"}, "+5", 5.0),
        ({"type": "NUMBER"}, "5.5e1", 55.0),
        ({"type": "NUMBER"}, "0x10", 16.0),
        ({"type": "NUMBER"}, "abc", None),
        ({"type": "NUMBER"}, "1_0", None),
        ({"encode": "BASE64"}, "aGVsbG8=", "hello"),
        ({"encode": "BASE64"}, "aGVsbG8", "hello"),
        ({"encode": "BASE64"}, "!!", None),
        ({"encode": "BASE64", "type": "NUMBER"}, "NQ==", 5.0),
    ],
)
def test_typed_values(fields: Fields, value: str, expected: object) -> None:
    rule = {"header": "x", "on_present": {"key": "k", **fields}}
    config = msgspec.convert({"request_rules": [rule]}, HeaderToMetadata)
    metadata = run(header_to_metadata, config, {"x": value}).metadata
    assert metadata.get(OWN) == (None if expected is None else {"k": expected})


def test_protobuf_values_are_unknown_to_later_rules() -> None:
    rule = {"header": "x", "on_present": {"key": "k", "type": "PROTOBUF_VALUE"}}
    config = msgspec.convert({"request_rules": [rule]}, HeaderToMetadata)
    request = run(header_to_metadata, config, {"x": "GgF4"})
    assert (request.metadata, request.opaque_filters) == ({"n": {"a": 1}}, ("f",))


def test_values_are_merged() -> None:
    values = [
        {"x": {"l": [1], "s": "1", "o": {"p": 1}}},
        {"x": {"l": [2], "s": "2", "o": {"q": 2}}},
    ]
    entries = [{"metadata_namespace": "m", "value": one, "allow_overwrite": True} for one in values]
    metadata = run(set_metadata, msgspec.convert({"metadata": entries}, SetMetadata)).metadata
    assert metadata["m"] == {"x": {"l": [1, 2], "s": "2", "o": {"p": 1, "q": 2}}}


def test_a_header_may_be_removed() -> None:
    fields = {"request_rules": [{"header": "x", "on_present": {"key": "k"}, "remove": True}]}
    request = run(header_to_metadata, msgspec.convert(fields, HeaderToMetadata), {"x": "1"})
    assert "x" not in request.headers


@pytest.mark.parametrize("rule", [set_metadata, header_to_metadata])
def test_another_configuration_changes_nothing(rule: HttpFilterRule) -> None:
    assert run(rule, Cors()).metadata == {"n": {"a": 1}}
