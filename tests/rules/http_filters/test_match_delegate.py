"""Filters that a matcher skips or chooses, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.extension import decode_any
from osmscope.resources.http_filters.router import (
    ExtensionWithMatcher,
    ExtensionWithMatcherPerRoute,
)
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource, decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.match_delegate import delegating
from osmscope.rules.http_filters.registry import rule_of

Fields = dict[str, object]
HTTP = "envoy.extensions.filters.http"
HEADER = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
DENY: Fields = {"@type": f"t/{HTTP}.rbac.v3.RBAC", "rules": {}}
COMPOSITE: Fields = {"@type": f"t/{HTTP}.composite.v3.Composite"}


def extension(config: Fields) -> Fields:
    return {"name": "inner", "typed_config": config}


def action(kind: str, **fields: object) -> Fields:
    return {"action": extension({"@type": f"t/{kind}", **fields})}


def fault(code: int) -> Fields:
    abort = {"http_status": code, "percentage": {"numerator": 100}}
    return {"@type": f"t/{HTTP}.fault.v3.HTTPFault", "abort": abort}


def execute(config: Fields, **fields: object) -> Fields:
    kind = f"{HTTP}.composite.v3.ExecuteFilterAction"
    return action(kind, typed_config=extension(config), **fields)


SKIP = action("envoy.extensions.filters.common.matcher.action.v3.SkipFilter")


def when(
    value: str, on_match: Fields, otherwise: Fields | None = None, kind: str = HEADER
) -> Fields:
    source = extension({"@type": f"t/{kind}", **({"header_name": "x"} if kind == HEADER else {})})
    tree = {"input": source, "exact_match_map": {"map": {value: on_match}}}
    return {"matcher_tree": tree, **({"on_no_match": otherwise} if otherwise else {})}


def ask(
    xds_matcher: Fields | None,
    sent: str | None,
    inner: Fields = DENY,
    per_route: Resource | None = None,
    **fields: object,
) -> tuple[FilterResult, ...]:
    body: Fields = {"extension_config": extension(inner), **fields}
    if xds_matcher is not None:
        body["xds_matcher"] = xds_matcher
    own = decode(ExtensionWithMatcher, json.dumps(body).encode(), "test")
    headers = Headers.of([] if sent is None else [("x", sent)])
    request = Request(connection=Connection(), headers=headers)
    context = FilterContext(filter_name="f", config=per_route or own, own_config=own)
    return delegating(rule_of)(request, context)


def code(results: tuple[FilterResult, ...]) -> int | None:
    (result,) = results
    assert result.assumptions == ()
    return None if result.reply is None else result.reply.code


@pytest.mark.parametrize(
    ("matcher", "inner", "sent", "expected"),
    [
        (None, DENY, "s", 403),
        (when("s", SKIP), DENY, "s", None),
        (when("s", SKIP), DENY, "t", 403),
        (when("s", SKIP), DENY, None, 403),
        (when("s", SKIP, SKIP), DENY, None, None),
        (when("s", execute(fault(418))), COMPOSITE, "s", 418),
        (when("s", execute(fault(418))), COMPOSITE, "t", None),
        (when("s", execute(fault(418)), execute(DENY)), COMPOSITE, "t", 403),
        (
            when("s", execute(fault(418), sample_percent={"default_value": {}})),
            COMPOSITE,
            "s",
            None,
        ),
    ],
)
def test_matchers(
    matcher: Fields | None, inner: Fields, sent: str | None, expected: int | None
) -> None:
    assert code(ask(matcher, sent, inner)) == expected


@pytest.mark.parametrize(("sent", "expected"), [("s", 403), ("p", None)])
def test_the_matcher_of_a_route_takes_the_place_of_the_filter_s(
    sent: str, expected: int | None
) -> None:
    body = json.dumps({"xds_matcher": when("p", SKIP)}).encode()
    per_route = decode(ExtensionWithMatcherPerRoute, body, "test")
    assert code(ask(when("s", SKIP), sent, per_route=per_route)) == expected


def test_a_route_without_a_matcher_leaves_that_of_the_filter() -> None:
    assert code(ask(when("s", SKIP), "s", per_route=ExtensionWithMatcherPerRoute())) is None


def test_a_route_may_configure_the_filter_inside() -> None:
    per_route = decode_any(json.dumps(fault(419)).encode())
    matcher = when("s", execute(fault(418)))
    assert code(ask(matcher, "s", COMPOSITE, per_route)) == 419


OWN = {**COMPOSITE, "matcher": when("s", execute(fault(420)))}
CHAINS = {**COMPOSITE, "named_filter_chains": {"n": {"typed_config": [extension(fault(421))]}}}
NAMED = action(f"{HTTP}.composite.v3.ExecuteFilterAction", filter_chain_name="n")


@pytest.mark.parametrize(
    ("matcher", "inner", "sent", "expected"),
    [
        (when("s", execute(fault(418))), OWN, "s", 420),
        (when("t", execute(fault(418))), OWN, "t", None),
        (when("s", NAMED), CHAINS, "s", 421),
        (when("s", NAMED), COMPOSITE, "s", None),
    ],
)
def test_a_composite_filter_has_its_own_matcher_and_chains(
    matcher: Fields, inner: Fields, sent: str, expected: int | None
) -> None:
    assert code(ask(matcher, sent, inner)) == expected


def test_drawn() -> None:
    half = {"default_value": {"numerator": 50}}
    results = ask(when("s", execute(fault(418), sample_percent=half)), "s", COMPOSITE)
    assert [one.reply is not None for one in results] == [True, False]
    assert [one.probability for one in results] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("matcher", "inner", "fields", "words"),
    [
        (None, DENY, {"matcher": {}}, 'the filter "f" lets the request go on unchanged'),
        (when("s", action(f"{HTTP}.composite.v3.ExecuteFilterAction")), COMPOSITE, {},
         'the filter "f" lets the request go on unchanged'),
        (when("s", action("a.B")), DENY, {}, 'the filter "f" lets the request go on unchanged'),
        (when("s", SKIP, kind="a.B"), COMPOSITE, {},
         'the matcher of "f" skips nothing (what the input a.B gives decides)'),
    ],
)  # fmt: skip
def test_what_is_not_evaluated_is_named(
    matcher: Fields | None, inner: Fields, fields: Fields, words: str
) -> None:
    (result,) = ask(matcher, "s", inner, **fields)
    assert result.assumptions == (words,)


def test_another_configuration_does_nothing() -> None:
    request = Request(connection=Connection(), headers=Headers())
    context = FilterContext(config=Cors(), own_config=Cors())
    assert code(delegating(rule_of)(request, context)) is None
