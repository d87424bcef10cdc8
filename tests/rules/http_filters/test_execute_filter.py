"""What the action of a matcher runs, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.extension import decode_any
from osmscope.resources.http_filters.router import Composite, FilterChainConfiguration
from osmscope.resources.resource import Resource, decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.execute_filter import follow_action
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.registry import rule_of

Fields = dict[str, object]
HTTP = "envoy.extensions.filters.http"
EXECUTE = f"{HTTP}.composite.v3.ExecuteFilterAction"


def extension(kind: str, **fields: object) -> Fields:
    return {"name": "inner", "typed_config": {"@type": f"t/{HTTP}.{kind}", **fields}}


def fault(code: int, percent: int = 100) -> Fields:
    abort = {"http_status": code, "percentage": {"numerator": percent}}
    return extension("fault.v3.HTTPFault", abort=abort)


def adding(name: str) -> Fields:
    append = {"header": {"key": name, "value": "1"}}
    mutations = {"request_mutations": [{"append": append}]}
    return extension("header_mutation.v3.HeaderMutation", mutations=mutations)


def needing(name: str) -> Fields:
    permission = {"header": {"name": name, "present_match": True}}
    policy = {"permissions": [permission], "principals": [{"any": True}]}
    return extension("rbac.v3.RBAC", rules={"policies": {"p": policy}})


WASM = extension("wasm.v3.Wasm")


def ask(
    kind: str, fields: Fields, per_route: Resource | None = None, named: tuple[Fields, ...] = ()
) -> tuple[FilterResult, ...]:
    action = decode_any(json.dumps({"@type": f"t/{kind}", **fields}).encode())
    own = Composite()
    context = FilterContext(filter_name="f", config=per_route or own, own_config=own)
    request = Request(connection=Connection(), headers=Headers())
    body = json.dumps({"typed_config": named}).encode()
    chains = {"n": decode(FilterChainConfiguration, body, "test")}
    return follow_action(action, request, context, rule_of, chains)


def codes(results: tuple[FilterResult, ...]) -> list[int | None]:
    return [None if one.reply is None else one.reply.code for one in results]


@pytest.mark.parametrize(
    ("fields", "named", "expected"),
    [
        ({"typed_config": fault(418)}, (), [418]),
        ({"filter_chain": {"typed_config": [adding("x"), needing("x")]}}, (), [None]),
        ({"filter_chain": {"typed_config": [needing("x"), adding("x")]}}, (), [403]),
        ({"filter_chain": {"typed_config": [fault(418), needing("x")]}}, (), [418]),
        ({"filter_chain": {}}, (), [None]),
        ({"filter_chain_name": "n"}, (fault(418),), [418]),
        ({"filter_chain_name": "z"}, (fault(418),), [None]),
        ({"typed_config": fault(418), "sample_percent": {"default_value": {}}}, (), [None]),
    ],
)
def test_what_runs(fields: Fields, named: tuple[Fields, ...], expected: list[int | None]) -> None:
    results = ask(EXECUTE, fields, named=named)
    assert codes(results) == expected
    assert not any(one.assumptions for one in results)


def test_a_filter_may_be_skipped() -> None:
    skip = "envoy.extensions.filters.common.matcher.action.v3.SkipFilter"
    (result,) = ask(skip, {})
    assert (result.reply, result.reason) == (None, "its matcher skips it")


def test_a_route_may_configure_the_filter_that_runs() -> None:
    per_route = decode_any(json.dumps(fault(419)["typed_config"]).encode())
    assert codes(ask(EXECUTE, {"typed_config": fault(418)}, per_route)) == [419]


def test_chances_are_multiplied() -> None:
    half = {"default_value": {"numerator": 50}}
    chain = {"typed_config": [fault(418, 50), fault(419, 50)]}
    results = ask(EXECUTE, {"filter_chain": chain, "sample_percent": half})
    chances = [(code, one.probability) for code, one in zip(codes(results), results, strict=True)]
    assert set(chances) == {(418, 0.25), (419, 0.125), (None, 0.125), (None, 0.5)}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(EXECUTE, {}), (EXECUTE, {"dynamic_config": {}}), ("a.B", {})],
)
def test_what_is_not_evaluated_is_named(kind: str, fields: Fields) -> None:
    (result,) = ask(kind, fields)
    assert result.assumptions == ('the filter "f" lets the request go on unchanged',)


def test_what_filters_of_a_chain_assume_is_kept() -> None:
    (result,) = ask(EXECUTE, {"filter_chain": {"typed_config": [WASM, adding("x")]}})
    assert result.assumptions == ('the Wasm code of "f" lets the request go on unchanged',)
    assert "x" in result.request.headers
