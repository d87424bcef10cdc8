"""Filter state out of format strings, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.gateway import SetFilterState
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.set_filter_state import evaluate

Fields = dict[str, object]


def value(key: str, text: str, **fields: object) -> Fields:
    source = {"text_format_source": {"inline_string": text}}
    return {"object_key": key, "factory_key": "envoy.string", "format_string": source, **fields}


def config(*values: Fields, **fields: object) -> SetFilterState:
    return msgspec.convert({"on_request_headers": values, **fields}, SetFilterState)


def ask(own: Resource, *levels: Resource, route: Route | None = None) -> FilterResult:
    headers = Headers.of([("x-a", "v"), ("x-empty", "")])
    request = Request(connection=Connection(), headers=headers, filter_state={"before": "b"})
    context = FilterContext(
        filter_name="sf", config=own, own_config=own, levels=levels, route=route, cluster="up"
    )
    (result,) = evaluate(request, context)
    return result


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([value("k", "%REQ(x-a)%")], {"k": "v"}),
        ([value("k", "%REQ(zz)%", skip_if_empty=True)], {"k": "-"}),
        ([value("k", "", skip_if_empty=True)], {}),
        ([value("k", "")], {"k": ""}),
        ([value("k", "a"), value("k", "b")], {"k": "b"}),
        ([value("k", "%ROUTE_NAME%-%UPSTREAM_CLUSTER%")], {"k": "R-up"}),
        ([value("envoy.string", "a", factory_key="")], {"envoy.string": "a"}),
        ([{**value("k", ""), "format_string": {"text_format": "t"}}], {"k": "t"}),
    ],
)
def test_objects(values: list[Fields], expected: dict[str, str]) -> None:
    result = ask(config(*values), route=Route(name="R"))
    assert result.request.filter_state == {"before": "b", **expected}
    assert not result.assumptions
    assert not result.clears_route_cache


@pytest.mark.parametrize(
    "one",
    [
        value("k", "1.2.3.4", factory_key="envoy.network.ip"),
        value("k", "%START_TIME%"),
        {**value("k", ""), "format_string": {"text_format_source": {"filename": "f"}}},
    ],
)
def test_what_is_no_text_is_unknown(one: Fields) -> None:
    result = ask(config(value("k", "a"), one))
    assert "k" not in result.request.filter_state
    assert result.request.opaque_filters == ("sf",)
    assert result.assumptions == ('no rule reads the filter state "k", which is not text',)


def test_per_route_configurations_add_to_the_filter_s_own() -> None:
    general, specific = config(value("a", "2")), config(value("a", "3"), clear_route_cache=True)
    result = ask(config(value("a", "1"), value("b", "1")), general, specific, Cors())
    assert result.request.filter_state == {"before": "b", "a": "3", "b": "1"}
    assert result.clears_route_cache
    assert result.reason == 'the filter state holds "before", "a", "b"'


def test_other_configurations_do_nothing() -> None:
    assert ask(Cors()).request.filter_state == {"before": "b"}
    empty = Request(connection=Connection(), headers=Headers())
    own = config()
    assert evaluate(empty, FilterContext(config=own, own_config=own))[0].reason == ""
