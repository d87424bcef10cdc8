"""The Lua filter, as Envoy 1.40.0 runs literal header operations."""

import base64

import msgspec
import pytest

from osmscope.resources.http_filters.header import Lua, LuaPerRoute
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.lua import evaluate

Fields = dict[str, object]
SENT = Headers.of([("x-a", "0"), ("accept", "one"), ("x-b", "1"), ("x-b", "3"), ("x-c", "1")])


def script(*operations: str) -> str:
    lines = "\n".join(f"h:headers():{operation}" for operation in operations)
    return f"function envoy_on_request(h)\n{lines}\nend"


def adds(value: str) -> str:
    return script(f'add("x", "{value}")')


def ask(own: Fields, per_route: Fields | None = None) -> FilterResult:
    config = msgspec.convert(own, Lua)
    effective: Resource = config if per_route is None else msgspec.convert(per_route, LuaPerRoute)
    context = FilterContext(filter_name="lua", config=effective, own_config=config)
    (result,) = evaluate(Request(connection=Connection(), headers=SENT), context)
    assert result.reply is None
    return result


def test_operations() -> None:
    code = script(
        'add("x-a", "1")',
        'add("accept", "two")',
        'add("referer", "r")',
        'replace("x-b", "2")',
        'remove("x-c")',
        'add("X-Upper", "")',
    )
    result = ask({"inline_code": code})
    assert dict(result.request.headers.items()) == {
        "x-a": ("0", "1"),
        "accept": ("one,two",),
        "x-b": ("2",),
        "referer": ("r",),
        "x-upper": ("",),
    }
    assert result.clears_route_cache
    assert result.assumptions == ()
    assert result.reason == "the script changes x-a, accept, referer, x-b, x-c, X-Upper"


def test_the_route_may_be_kept() -> None:
    assert not ask({"inline_code": adds("1"), "clear_route_cache": False}).clears_route_cache


def inline(text: str) -> Fields:
    return {"inline_string": text}


SOURCES = {
    "inline_code": adds("own"),
    "source_codes": {
        "named": inline(adds("named")),
        "bytes": {"inline_bytes": base64.b64encode(adds("bytes").encode()).decode()},
    },
}


@pytest.mark.parametrize(
    ("per_route", "expected"),
    [
        (None, "own"),
        ({}, "own"),
        ({"name": "named"}, "named"),
        ({"name": "bytes"}, "bytes"),
        ({"name": "absent"}, None),
        ({"source_code": inline(adds("route"))}, "route"),
        ({"disabled": True, "name": "named"}, None),
    ],
)
def test_which_script_runs(per_route: Fields | None, expected: str | None) -> None:
    assert ask(SOURCES, per_route).request.headers.first("x") == expected


def test_the_default_source_comes_before_inline_code() -> None:
    own = {"inline_code": adds("old"), "default_source_code": inline(adds("new"))}
    assert ask(own).request.headers.first("x") == "new"


@pytest.mark.parametrize(
    "own",
    [
        {"inline_code": "function envoy_on_request(h) h:respond() end"},
        {"default_source_code": {"filename": "/a.lua"}},
    ],
)
def test_what_is_not_understood_is_an_assumption(own: Fields) -> None:
    result = ask(own)
    assert result.assumptions == ('the Lua script of "lua" lets the request go on unchanged',)
    assert result.request.opaque_filters == ("lua",)
    assert result.request.headers == SENT


def test_another_configuration_changes_nothing() -> None:
    request = Request(connection=Connection(), headers=SENT)
    (result,) = evaluate(request, FilterContext(config=Cors(), own_config=Cors()))
    assert result.request is request
