"""The route of a request, as Envoy 1.40.0 selects it."""

from fractions import Fraction

import msgspec
import pytest

from osmscope.resources.matcher import (
    FilterStateMatcher,
    FractionalPercent,
    Matcher,
    RuntimeFractionalPercent,
)
from osmscope.resources.route import Route, RouteMatch, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.route_table import RouteChoice, select_routes
from osmscope.rules.stream_random import Draw

TYPE = "type.googleapis.com/envoy.config.route.v3"


def request(path: str, **facts: object) -> Request:
    headers = Headers.of([(":path", path), (":method", "GET")])
    return Request(**{"connection": Connection(), "headers": headers, **facts})


def route(name: str, prefix: str, percent: int | None = None, **conditions: object) -> Route:
    fraction = None
    if percent is not None:
        fraction = RuntimeFractionalPercent(default_value=FractionalPercent(numerator=percent))
    return Route(
        name=name, match=RouteMatch(prefix=prefix, runtime_fraction=fraction, **conditions)
    )


def uncertain(name: str, prefix: str) -> Route:
    return route(name, prefix, filter_state=(FilterStateMatcher(key="k"),))


def select(
    virtual_host: VirtualHost, asked: Request, ignore_path_parameters: bool = False
) -> list[tuple[str | None, int | None, Fraction, str]]:
    choices = select_routes(virtual_host, asked, ignore_path_parameters=ignore_path_parameters)
    assert sum(choice.probability for choice in choices) == 1
    return [(name_of(c), c.index, c.probability, c.missing) for c in choices]


def name_of(choice: RouteChoice) -> str | None:
    return choice.route.name if choice.route else None


@pytest.mark.parametrize(
    ("path", "name", "index"),
    [("/a/b", "short", 0), ("/c", "rest", 2)],
)
def test_the_first_match_wins_not_the_longest(path: str, name: str, index: int) -> None:
    routes = (route("short", "/a"), route("long", "/a/b"), route("rest", "/"))
    assert select(VirtualHost(routes=routes), request(path)) == [(name, index, 1, "")]


@pytest.mark.parametrize("routes", [(), (route("a", "/a"),)])
def test_no_route(routes: tuple[Route, ...]) -> None:
    assert select(VirtualHost(routes=routes), request("/b")) == [(None, None, 1, "")]


def test_losers_say_why() -> None:
    routes = (route("a", "/a"), route("b", "/b"))
    [choice] = select_routes(
        VirtualHost(routes=routes), request("/b"), ignore_path_parameters=False
    )
    assert [(index, match.reason) for index, match in choice.losers] == [
        (0, 'path "/b" does not start with "/a"')
    ]
    assert choice.match.reason == 'path "/b" starts with "/b"'


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, [("some", 0, Fraction(1, 4), ""), ("rest", 1, Fraction(3, 4), "")]),
        ({"random_value": 24}, [("some", 0, 1, "")]),
        ({"random_value": 25}, [("rest", 1, 1, "")]),
    ],
)
def test_a_runtime_fraction_splits_the_choice(
    facts: dict[str, object], expected: list[tuple[str, int, Fraction, str]]
) -> None:
    routes = (route("some", "/", 25), route("rest", "/"))
    assert select(VirtualHost(routes=routes), request("/", **facts)) == expected


def fractions(*percents: int) -> VirtualHost:
    return VirtualHost(routes=tuple(route(f"r{n}", "/", n) for n in percents))


@pytest.mark.parametrize(
    ("percents", "expected"),
    [
        ((30, 50), {"r30": Fraction(30, 100), "r50": Fraction(20, 100), None: Fraction(1, 2)}),
        ((50, 30), {"r50": Fraction(1, 2), None: Fraction(1, 2)}),
        ((30, 100), {"r30": Fraction(30, 100), "r100": Fraction(70, 100)}),
    ],
)
def test_all_routes_look_at_one_random_number(
    percents: tuple[int, ...], expected: dict[str | None, Fraction]
) -> None:
    found = select(fractions(*percents), request("/"))
    assert {name: share for name, _, share, _ in found} == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Draw(100, 0, 10), {"r30": Fraction(1)}),
        (Draw(100, 25, 35), {"r30": Fraction(1, 2), "r50": Fraction(1, 2)}),
        (Draw(100, 60, 70), {None: Fraction(1)}),
    ],
)
def test_what_is_known_of_the_random_number_counts(
    known: Draw, expected: dict[str | None, Fraction]
) -> None:
    choices = select_routes(
        fractions(30, 50), request("/"), ignore_path_parameters=False, drawn=(known,)
    )
    assert {name_of(choice): choice.probability for choice in choices} == expected


def test_what_no_route_takes_has_none() -> None:
    assert select(VirtualHost(routes=(route("some", "/", 25),)), request("/")) == [
        ("some", 0, Fraction(1, 4), ""),
        (None, None, Fraction(3, 4), ""),
    ]


def test_an_unknown_route_leaves_all_after_it_unknown() -> None:
    routes = (route("some", "/", 25), uncertain("perhaps", "/"), route("rest", "/"))
    missing = 'the filter state "k", which lua may set'
    assert select(VirtualHost(routes=routes), request("/", opaque_filters=("lua",))) == [
        ("some", 0, Fraction(1, 4), ""),
        (None, None, Fraction(3, 4), missing),
    ]


def test_an_unknown_route_after_a_certain_one_does_not_matter() -> None:
    routes = (route("sure", "/"), uncertain("perhaps", "/"))
    asked = request("/", opaque_filters=("lua",))
    assert select(VirtualHost(routes=routes), asked) == [("sure", 0, 1, "")]


def test_path_parameters_are_ignored_if_the_table_says_so() -> None:
    virtual_host = VirtualHost(routes=(Route(name="a", match=RouteMatch(path="/a")),))
    assert select(virtual_host, request("/a;x"), True) == [("a", 0, 1, "")]
    assert select(virtual_host, request("/a;x"), False) == [(None, None, 1, "")]


def action(kind: str, **fields: object) -> dict[str, object]:
    return {"action": {"name": kind, "typed_config": {"@type": f"{TYPE}.{kind}", **fields}}}


def by_path(input_type: str = "HttpRequestHeaderMatchInput") -> VirtualHost:
    routes = [{"name": name, "match": {"prefix": f"/list/{name}"}} for name in ("a", "b")]
    matcher = {
        "matcher_tree": {
            "input": {
                "name": "path",
                "typed_config": {
                    "@type": f"type.googleapis.com/envoy.type.matcher.v3.{input_type}",
                    "header_name": ":path",
                },
            },
            "prefix_match_map": {
                "map": {
                    "/one": action("Route", name="one", match={"prefix": "/one/x"}),
                    "/list": action("RouteList", routes=routes),
                    "/other": action("Unheard"),
                }
            },
        },
    }
    return VirtualHost(matcher=msgspec.json.decode(msgspec.json.encode(matcher), type=Matcher))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/one/x", "one"),
        ("/one/y", None),
        ("/list/a", "a"),
        ("/list/b", "b"),
        ("/list/c", None),
        ("/none", None),
    ],
)
def test_a_matcher_leads_to_routes_whose_conditions_still_hold(path: str, name: str | None) -> None:
    assert select(by_path(), request(path)) == [(name, None, 1, "")]


def test_another_action_is_unknown() -> None:
    missing = 'what the matcher\'s action "Unheard" does'
    assert select(by_path(), request("/other")) == [(None, None, 1, missing)]


def test_an_unknown_input_is_unknown() -> None:
    [(name, _, _, missing)] = select(by_path("Unheard"), request("/one/x"))
    assert name is None
    assert missing == "what the input envoy.type.matcher.v3.Unheard gives"
