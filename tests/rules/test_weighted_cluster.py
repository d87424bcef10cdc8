"""The clusters of a route, as a table of what Envoy 1.40.0 does."""

from fractions import Fraction

import pytest

from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.route import (
    ClusterSpecifierPlugin,
    ClusterWeight,
    Route,
    RouteAction,
    WeightedCluster,
)
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.stream_random import Draw
from osmscope.rules.weighted_cluster import choose_clusters

WEIGHTS = (("c1", 10), ("c2", 20), ("c3", 70))


def request(*headers: tuple[str, str], **facts: object) -> Request:
    return Request(**{"connection": Connection(), "headers": Headers.of(headers), **facts})


def weighted(*entries: tuple[str, int], **options: object) -> Route:
    clusters = tuple(ClusterWeight(name=name, weight=weight) for name, weight in entries)
    return Route(route=RouteAction(weighted_clusters=WeightedCluster(clusters=clusters, **options)))


def shares(route: Route, asked: Request, hash_value: int | None = None) -> dict[str, Fraction]:
    return {c.name: c.probability for c in choose_clusters(route, asked, hash_value)}


@pytest.mark.parametrize(
    ("action", "headers", "name"),
    [
        (RouteAction(cluster="a"), [], "a"),
        (RouteAction(cluster_header="x-c"), [("x-c", "b"), ("x-c", "d")], "b"),
        (RouteAction(cluster_header="x-c"), [("x-c", "")], ""),
        (RouteAction(cluster_header="x-c"), [], ""),
    ],
)
def test_one_cluster(action: RouteAction, headers: list[tuple[str, str]], name: str) -> None:
    [choice] = choose_clusters(Route(route=action), request(*headers), None)
    assert (choice.name, choice.probability, choice.entry) == (name, 1, None)


def test_a_route_that_does_not_forward_has_no_cluster() -> None:
    assert choose_clusters(Route(), request(), None) == ()


def plugin(name: str) -> ClusterSpecifierPlugin:
    return ClusterSpecifierPlugin(extension=TypedExtensionConfig(name=name))


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        (
            RouteAction(cluster_specifier_plugin="b"),
            'the cluster that the cluster specifier plugin "b" chooses',
        ),
        (
            RouteAction(inline_cluster_specifier_plugin=plugin("c")),
            'the cluster that the cluster specifier plugin "c" chooses',
        ),
        (RouteAction(cluster_specifier_plugin="z"), 'the cluster specifier plugin "z"'),
    ],
)
def test_a_plugin_may_choose_the_cluster(action: RouteAction, missing: str) -> None:
    plugins = (plugin("a"), plugin("b"))
    [choice] = choose_clusters(Route(route=action), request(), None, plugins)
    assert choice.missing == missing


def test_each_cluster_has_its_share_of_the_weights() -> None:
    route = weighted(("c1", 10), ("c2", 0), ("c3", 30))
    assert shares(route, request()) == {"c1": Fraction(1, 4), "c3": Fraction(3, 4)}


@pytest.mark.parametrize(
    ("weights", "known", "expected"),
    [
        ((50, 50), Draw(100, 0, 50), {"c1": Fraction(1)}),
        ((50, 50), Draw(100, 25, 75), {"c1": Fraction(1, 2), "c2": Fraction(1, 2)}),
        ((3, 4), Draw(100, 0, 50), {"c1": Fraction(3, 7), "c2": Fraction(4, 7)}),
        ((1, 1), Draw(10, 0, 5), {"c1": Fraction(3, 5), "c2": Fraction(2, 5)}),
    ],
)
def test_the_random_number_is_the_one_that_chose_the_route(
    weights: tuple[int, int], known: Draw, expected: dict[str, Fraction]
) -> None:
    route = weighted(*zip(("c1", "c2"), weights, strict=True))
    choices = choose_clusters(route, request(), None, drawn=(known,))
    assert {choice.name: choice.probability for choice in choices} == expected


def test_weights_of_nothing_lead_nowhere() -> None:
    assert shares(weighted(("c1", 0)), request()) == {"": 1}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["0"], "c1"),
        (["9"], "c1"),
        (["10"], "c2"),
        (["29"], "c2"),
        (["30"], "c3"),
        (["99"], "c3"),
        (["100"], "c1"),
        (["130"], "c3"),
        (["18446744073709551615"], "c2"),
    ],
)
def test_header_name_gives_the_number(values: list[str], name: str) -> None:
    asked = request(*(("x-n", value) for value in values), random_value=55)
    assert shares(weighted(*WEIGHTS, header_name="x-n"), asked) == {name: 1}


@pytest.mark.parametrize(
    "values", [["-1"], ["abc"], ["1", "2"], [], [""], ["18446744073709551616"]]
)
def test_a_header_without_one_number_leaves_it_to_chance(values: list[str]) -> None:
    route = weighted(*WEIGHTS, header_name="x-n")
    headers = [("x-n", value) for value in values]
    assert len(shares(route, request(*headers))) == 3
    assert shares(route, request(*headers, random_value=15)) == {"c2": 1}


@pytest.mark.parametrize(
    ("options", "hash_value", "name"),
    [
        ({"use_hash_policy": True}, 129, "c2"),
        ({"use_hash_policy": True}, None, "c1"),
        ({}, 129, "c1"),
        ({"use_hash_policy": True, "header_name": "x-n"}, 129, "c3"),
    ],
)
def test_the_number_is_the_header_then_the_hash_then_random(
    options: dict[str, object], hash_value: int | None, name: str
) -> None:
    asked = request(("x-n", "50"), random_value=0)
    assert shares(weighted(*WEIGHTS, **options), asked, hash_value) == {name: 1}


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ({"k.c1": 30}, {"c1": Fraction(30, 50), "c2": Fraction(20, 50)}),
        ({"k.c1": "0"}, {"c2": Fraction(1)}),
        ({"k.c1": "x", "c2": 0}, {"c1": Fraction(1, 3), "c2": Fraction(2, 3)}),
        ({"k.c1": True, "k.c2": -1}, {"c1": Fraction(1, 3), "c2": Fraction(2, 3)}),
    ],
)
def test_runtime_replaces_weights(
    runtime: dict[str, object], expected: dict[str, Fraction]
) -> None:
    route = weighted(("c1", 10), ("c2", 20), runtime_key_prefix="k")
    assert shares(route, request(runtime=runtime)) == expected


def test_an_entry_may_take_its_name_from_a_header() -> None:
    entries = (ClusterWeight(cluster_header="x-c", weight=1),)
    route = Route(route=RouteAction(weighted_clusters=WeightedCluster(clusters=entries)))
    [named] = choose_clusters(route, request(("x-c", "a")), None)
    [nameless] = choose_clusters(route, request(), None)
    assert (named.name, named.entry, nameless.name) == ("a", entries[0], "")
    assert nameless.reason.endswith('header "x-c", which should name it, is absent')
