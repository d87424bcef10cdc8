"""The composite filter's own matcher, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.extension import decode_any
from osmscope.resources.http_filters.router import Composite
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.composite import choosing
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.registry import rule_of

Fields = dict[str, object]
HTTP = "envoy.extensions.filters.http"
HEADER = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
DENY: Fields = {"name": "deny", "typed_config": {"@type": f"t/{HTTP}.rbac.v3.RBAC", "rules": {}}}


def execute(**fields: object) -> Fields:
    config = {"@type": f"t/{HTTP}.composite.v3.ExecuteFilterAction", **fields}
    return {"action": {"name": "execute", "typed_config": config}}


def when(value: str, on_match: Fields, kind: str = HEADER) -> Fields:
    config = {"@type": f"t/{kind}", **({"header_name": "x"} if kind == HEADER else {})}
    source = {"name": "input", "typed_config": config}
    return {"matcher_tree": {"input": source, "exact_match_map": {"map": {value: on_match}}}}


NAMED: Fields = {"named_filter_chains": {"n": {"typed_config": [DENY]}}}


def ask(own: Fields, sent: str, per_route: Fields | None = None) -> FilterResult:
    composite = decode(Composite, json.dumps(own).encode(), "test")
    config = composite if per_route is None else decode_any(json.dumps(per_route).encode())
    request = Request(connection=Connection(), headers=Headers.of([("x", sent)]))
    context = FilterContext(filter_name="f", config=config, own_config=composite)
    (result,) = choosing(rule_of)(request, context)
    return result


def of_route(matcher: Fields) -> Fields:
    return {"@type": f"t/{HTTP}.composite.v3.CompositePerRoute", "matcher": matcher}


@pytest.mark.parametrize(
    ("own", "per_route", "sent", "denied"),
    [
        ({}, None, "a", False),
        ({"matcher": when("a", execute(typed_config=DENY))}, None, "a", True),
        ({"matcher": when("a", execute(typed_config=DENY))}, None, "b", False),
        ({"matcher": when("a", execute(filter_chain_name="n")), **NAMED}, None, "a", True),
        ({"matcher": when("a", execute(filter_chain_name="z")), **NAMED}, None, "a", False),
        ({"matcher": when("a", execute(filter_chain={"typed_config": [DENY]}))}, None, "a", True),
        ({}, of_route(when("a", execute(typed_config=DENY))), "a", True),
        (
            {"matcher": when("a", execute(typed_config=DENY))},
            of_route(when("b", execute(typed_config=DENY))),
            "a",
            False,
        ),
    ],
)
def test_what_runs(own: Fields, per_route: Fields | None, sent: str, denied: bool) -> None:
    result = ask(own, sent, per_route)
    assert (result.reply is not None) is denied
    assert result.assumptions == ()


def test_what_cannot_be_told_is_named() -> None:
    result = ask({"matcher": when("a", execute(typed_config=DENY), kind="a.B")}, "a")
    assert result.assumptions == (
        'the filter "f" lets the request go on unchanged',
        "what the input a.B gives decides what runs",
    )


def test_another_configuration_does_nothing() -> None:
    request = Request(connection=Connection(), headers=Headers())
    context = FilterContext(config=Cors(), own_config=Cors())
    (result,) = choosing(rule_of)(request, context)
    assert result.reply is None
