"""The header mutation filter, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.header import HeaderMutation, HeaderMutationPerRoute
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.header_mutation import evaluate

Fields = dict[str, object]
REQUEST = Request(connection=Connection(), headers=Headers.of([(":path", "/")]))


def ask(
    own: Fields, *levels: Fields, path: str | None = "/", route: Route | None = None
) -> FilterResult:
    config = msgspec.convert(own, HeaderMutation)
    per_route = tuple(msgspec.convert(f, HeaderMutationPerRoute) for f in levels)
    context = FilterContext(
        config=config, own_config=config, levels=(Cors(), *per_route), route=route
    )
    headers = Headers.of([(":path", path)] if path is not None else [])
    (result,) = evaluate(Request(connection=Connection(), headers=headers), context)
    assert not result.clears_route_cache
    return result


def adds(value: str) -> Fields:
    append = {"header": {"key": "x", "value": value}}
    return {"mutations": {"request_mutations": [{"append": append}]}}


@pytest.mark.parametrize(
    ("wins", "expected"),
    [(False, ("own", "route", "vhost", "rc")), (True, ("own", "rc", "vhost", "route"))],
)
def test_all_levels_apply(wins: bool, expected: tuple[str, ...]) -> None:
    own = {**adds("own"), "most_specific_header_mutations_wins": wins}
    result = ask(own, adds("rc"), adds("vhost"), adds("route"))
    assert result.request.headers.all("x") == expected
    assert result.reason == "request headers are changed"


def test_values_may_name_the_route() -> None:
    result = ask(adds("%ROUTE_NAME%"), route=Route(name="r"))
    assert result.request.headers.first("x") == "r"


def test_what_is_not_known_is_an_assumption() -> None:
    assert ask(adds("%START_TIME%")).assumptions


def query(*mutations: Fields) -> Fields:
    return {"mutations": {"query_parameter_mutations": mutations}}


def append(key: str, value: str, action: str = "") -> Fields:
    fields: Fields = {"record": {"key": key, "value": value}}
    return {"append": {**fields, "action": action} if action else fields}


MUTATIONS = (
    append("q", "%PROTOCOL%"),
    append("o", "2", "OVERWRITE_IF_EXISTS"),
    append("ab", "1", "ADD_IF_ABSENT"),
    append("oa", "n", "OVERWRITE_IF_EXISTS_OR_ADD"),
    {"remove": "gone"},
    {"append": {"entry": {"key": "z", "value": "old"}}},
    {"append": {}},
    {},
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/?o=1&gone=1&o=3&ab=2&oa=1&oa=2&q=z&e&f=",
            "/?ab=2&e=&f=&o=2&oa=n&q=z&q=HTTP%2F1.1&z=old",
        ),
        ("/", "/?ab=1&oa=n&q=HTTP%2F1.1&z=old"),
        ("/?a%20b=1&A=%2f", "/?A=/&a b=1&ab=1&oa=n&q=HTTP%2F1.1&z=old"),
        (None, ""),
    ],
)
def test_query_parameters_are_decoded_and_sorted(path: str | None, expected: str) -> None:
    assert ask(query(*MUTATIONS), path=path).request.path == expected


def test_a_query_may_vanish() -> None:
    assert ask(query({"remove": "a"}), path="/?a=1").request.path == "/"


def test_another_configuration_changes_nothing() -> None:
    own: Resource = Cors()
    (result,) = evaluate(REQUEST, FilterContext(config=own, own_config=own))
    assert result.request is REQUEST
