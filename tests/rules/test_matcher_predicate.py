"""The predicates of a unified matcher, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.matcher import Predicate
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.matcher_predicate import match_predicate
from osmscope.rules.result import Match, Outcome

TYPE = "type.googleapis.com/"
INPUTS = f"{TYPE}envoy.extensions.matching.common_inputs.network.v3"
MATCHERS = f"{TYPE}envoy.extensions.matching.input_matchers"
METADATA = {"ns": {"k": "a"}}


def inputs(*headers: tuple[str, str], opaque_filters: tuple[str, ...] = ()) -> MatcherInputs:
    connection = Connection(source_ip="10.1.2.3")
    request = Request(
        connection=connection,
        headers=Headers.of(headers),
        metadata=METADATA,
        opaque_filters=opaque_filters,
        runtime={"none": 0},
    )
    return MatcherInputs(connection=connection, request=request)


def ask(config: dict[str, object], facts: MatcherInputs) -> Match:
    return match_predicate(decode(Predicate, json.dumps(config).encode(), "test"), facts)


def header(name: str) -> dict[str, object]:
    type_ = f"{TYPE}envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
    return {"name": "h", "typed_config": {"@type": type_, "header_name": name}}


def single(name: str, wanted: str) -> dict[str, object]:
    return {"single_predicate": {"input": header(name), "value_match": {"exact": wanted}}}


def custom(source: dict[str, object], type_: str, **config: object) -> dict[str, object]:
    matcher = {"name": "m", "typed_config": {"@type": type_, **config}}
    return {"single_predicate": {"input": source, "custom_match": matcher}}


def metadata(key: str, **config: object) -> dict[str, object]:
    type_ = f"{INPUTS}.DynamicMetadataInput"
    source = {"typed_config": {"@type": type_, "filter": "ns", "path": [{"key": key}]}}
    return custom(source, f"{MATCHERS}.metadata.v3.Metadata", **config)


A, B = single("x", "a"), single("y", "b")
IS_A = {"string_match": {"exact": "a"}}
SOURCE = {"typed_config": {"@type": f"{INPUTS}.SourceIPInput"}}
RANGES = [{"address_prefix": "10.0.0.0", "prefix_len": 8}]
HALF = {"default_value": {"numerator": 50}}


@pytest.mark.parametrize(
    ("config", "fits"),
    [
        (A, True),
        (single("x", "b"), False),
        (single("missing", ""), False),
        ({"not_matcher": single("missing", "a")}, True),
        ({"not_matcher": A}, False),
        ({"or_matcher": {"predicate": [single("x", "b"), A]}}, True),
        ({"or_matcher": {"predicate": [single("x", "b"), B]}}, False),
        ({"or_matcher": {}}, False),
        ({"and_matcher": {"predicate": [A, {"not_matcher": B}]}}, True),
        ({"and_matcher": {"predicate": [A, B]}}, False),
        ({}, False),
        ({"single_predicate": {"input": header("x")}}, False),
        (metadata("k", value=IS_A), True),
        (metadata("k", value=IS_A, invert=True), False),
        (metadata("missing", value=IS_A), False),
        (metadata("missing", value=IS_A, invert=True), True),
        (metadata("missing", value={"present_match": False}), False),
        (custom(SOURCE, f"{MATCHERS}.ip.v3.Ip", cidr_ranges=RANGES), True),
        (custom(SOURCE, f"{MATCHERS}.ip.v3.Ip", cidr_ranges=[]), False),
        (custom(header("x"), f"{MATCHERS}.ip.v3.Ip", cidr_ranges=RANGES), False),
    ],
)
def test_predicate(config: dict[str, object], fits: bool) -> None:
    match = ask(config, inputs(("x", "a")))
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)


def test_metadata_is_put_to_a_metadata_matcher_only() -> None:
    config = {
        "single_predicate": {
            "input": {"typed_config": {"@type": f"{INPUTS}.DynamicMetadataInput"}},
            "value_match": {"prefix": ""},
        }
    }
    assert ask(config, inputs()).outcome is Outcome.NO_MATCH


@pytest.mark.parametrize("value", list("abcdefgh"))
def test_hashes_are_those_of_envoy(value: str) -> None:
    selected = value in "adf"
    hashing = custom(
        header("x"),
        f"{MATCHERS}.consistent_hashing.v3.ConsistentHashing",
        threshold=50,
        modulo=100,
        seed="7",
    )
    fraction_type = f"{MATCHERS}.runtime_fraction.v3.RuntimeFraction"
    half = custom(header("x"), fraction_type, runtime_fraction=HALF, seed="7")
    none = {**HALF, "runtime_key": "none"}
    overridden = custom(header("x"), fraction_type, runtime_fraction=none, seed="7")
    facts = inputs(("x", value))
    assert ask(hashing, facts).is_match is selected
    assert ask(half, facts).is_match is not selected
    assert ask(overridden, facts).outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        (custom(header("x"), f"{TYPE}a.B"), "what the matcher a.B decides"),
        (
            custom(header("x"), f"{TYPE}xds.type.matcher.v3.IPMatcher"),
            "what the matcher IPMatcher decides",
        ),
        (
            {"single_predicate": {"input": {"typed_config": {"@type": f"{TYPE}a.B"}}}},
            "what the input a.B gives",
        ),
        (
            metadata("missing", value=IS_A),
            'the metadata "missing" of "ns", which lua may set',
        ),
    ],
)
def test_unknown(config: dict[str, object], missing: str) -> None:
    match = ask({"not_matcher": config}, inputs(("x", "a"), opaque_filters=("lua",)))
    assert match.is_unknown
    assert match.missing == missing


@pytest.mark.parametrize(("value", "fits"), [(True, True), (False, False)])
def test_a_cel_expression(value: bool, fits: bool) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra osmscope[cel] is not installed")
    source = {"typed_config": {"@type": f"{TYPE}xds.type.matcher.v3.HttpAttributesCelMatchInput"}}
    parsed = {"expr": {"const_expr": {"bool_value": value}}}
    config = custom(
        source, f"{TYPE}xds.type.matcher.v3.CelMatcher", expr_match={"cel_expr_parsed": parsed}
    )
    assert ask(config, inputs()).is_match is fits
