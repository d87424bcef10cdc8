"""Filter state that an HTTP filter sets, as a table of what Envoy 1.40.0 does."""

import msgspec

from osmscope.resources.http_filters.gateway import SetFilterState
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.set_filter_state import evaluate

Fields = dict[str, object]
BEFORE = {"before": StateObject("b")}


def value(key: str, text: str) -> Fields:
    source = {"text_format_source": {"inline_string": text}}
    return {"object_key": key, "factory_key": "envoy.string", "format_string": source}


def config(*values: Fields, **fields: object) -> SetFilterState:
    return msgspec.convert({"on_request_headers": values, **fields}, SetFilterState)


def ask(own: Resource, *levels: Resource, route: Route | None = None) -> FilterResult:
    request = Request(connection=Connection(), headers=Headers(), filter_state=BEFORE)
    context = FilterContext(
        filter_name="sf", config=own, own_config=own, levels=levels, route=route, cluster="up"
    )
    (result,) = evaluate(request, context)
    return result


def test_objects_speak_of_the_route() -> None:
    own = config(value("k", "%ROUTE_NAME%-%UPSTREAM_CLUSTER%"))
    result = ask(own, route=Route(name="R"))
    assert result.request.filter_state == {**BEFORE, "k": StateObject("R-up")}
    assert not result.assumptions
    assert not result.clears_route_cache
    assert ask(own).request.filter_state["k"] == StateObject("--up")


def test_per_route_configurations_add_to_the_filter_s_own() -> None:
    general, specific = config(value("a", "2")), config(value("a", "3"), clear_route_cache=True)
    result = ask(config(value("a", "1"), value("b", "1")), general, specific, Cors())
    expected = {**BEFORE, "a": StateObject("3"), "b": StateObject("1")}
    assert result.request.filter_state == expected
    assert result.clears_route_cache
    assert result.reason == 'the filter state holds "before", "a", "b"'


def test_what_envoy_itself_reads_is_named() -> None:
    assert ask(config(value("envoy.ratelimit.hits_addend", "2"))).assumptions


def test_other_configurations_do_nothing() -> None:
    assert ask(Cors()).request.filter_state == BEFORE
    empty = Request(connection=Connection(), headers=Headers())
    own = config()
    assert evaluate(empty, FilterContext(config=own, own_config=own))[0].reason == ""
