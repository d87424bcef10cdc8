"""Mirrors, as a table of what a real Envoy 1.40.0 sent."""

from fractions import Fraction

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.resources.route import Route, RouteAction, RouteConfiguration, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.request_mirror import Mirror, mirrors
from osmscope.rules.stream_random import Draw, Drawn
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upstream_request import Forwarding

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
Json = dict[str, object]


def policies(*clusters: str) -> Json:
    return {"request_mirror_policies": [{"cluster": name} for name in clusters]}


def mirrored(
    action: Json | None = None,
    host: Json | None = None,
    table: Json | None = None,
    of_cluster: Json | None = None,
    headers: tuple[tuple[str, str], ...] = ((":authority", "a.com:81"),),
    runtime: dict[str, object] | None = None,
    drawn: Drawn = (),
) -> tuple[Mirror, ...]:
    sent = Headers.of(headers)
    forwarding = Forwarding(
        context=FormatContext(request=Request(connection=Connection(), headers=sent)),
        route=Route(route=msgspec.convert(action or {}, RouteAction)),
        virtual_host=msgspec.convert(host or {}, VirtualHost),
        route_configuration=msgspec.convert(table or {}, RouteConfiguration),
    )
    options = {HTTP: {"@type": f"type.googleapis.com/{HTTP}", **(of_cluster or {})}}
    body = {"typed_extension_protocol_options": options} if of_cluster is not None else {}
    cluster = msgspec.json.decode(msgspec.json.encode(body), type=Cluster)
    return mirrors(forwarding, cluster, sent, runtime or {}, drawn)


@pytest.mark.parametrize(
    ("given", "clusters", "source"),
    [
        ({}, (), ""),
        ({"action": policies("a")}, ("a",), "the route"),
        ({"action": policies("a", "b")}, ("a", "b"), "the route"),
        ({"host": policies("v")}, ("v",), "the virtual host"),
        ({"table": policies("t")}, ("t",), "the route configuration"),
        ({"action": policies("a"), "host": policies("v")}, ("a",), "the route"),
        ({"host": policies("v"), "table": policies("t")}, ("v",), "the virtual host"),
        ({"of_cluster": policies("c"), "action": policies("a")}, ("c",), "the cluster"),
        ({"of_cluster": {}, "action": policies("a")}, ("a",), "the route"),
    ],
)
def test_the_most_specific_policies_count_alone(
    given: dict[str, Json], clusters: tuple[str, ...], source: str
) -> None:
    found = mirrored(**given)
    assert tuple(mirror.cluster for mirror in found) == clusters
    assert all(mirror.source == source for mirror in found)


@pytest.mark.parametrize(
    ("host", "policy", "expected"),
    [
        ("hh.com:81", {}, "hh.com-shadow:81"),
        ("hh.com", {}, "hh.com-shadow"),
        ("[::1]:81", {}, "[::1]-shadow:81"),
        ("[::1]", {}, "[::1]-shadow"),
        ("hh.com:81", {"disable_shadow_host_suffix_append": True}, "hh.com:81"),
        ("hh.com:81", {"host_rewrite_literal": "lit.com"}, "lit.com"),
    ],
)
def test_the_host_of_a_copy(host: str, policy: Json, expected: str) -> None:
    action = {"request_mirror_policies": [{"cluster": "m", **policy}]}
    (mirror,) = mirrored(action, headers=((":authority", host),))
    assert mirror.host == expected


@pytest.mark.parametrize(
    ("headers", "cluster"), [((("x-c", "alpha"),), "alpha"), ((), ""), ((("x-c", ""),), "")]
)
def test_a_header_may_name_the_cluster(headers: tuple[tuple[str, str], ...], cluster: str) -> None:
    action: Json = {"request_mirror_policies": [{"cluster_header": "x-c"}]}
    (mirror,) = mirrored(action, headers=headers)
    assert mirror.cluster == cluster


HALF = {"default_value": {"numerator": 50}, "runtime_key": "k"}


@pytest.mark.parametrize(
    ("runtime", "drawn", "probability"),
    [
        ({}, (), Fraction(1, 2)),
        ({"k": 10}, (), Fraction(1, 10)),
        ({"k": 0}, (), None),
        ({}, (Draw(100, 0, 50),), Fraction(1)),
        ({}, (Draw(100, 50, 100),), None),
        ({}, (Draw(100, 25, 75),), Fraction(1, 2)),
        ({}, (Draw(7, 0, 3),), Fraction(1, 2)),
    ],
)
def test_the_random_number_is_the_one_that_chose_the_cluster(
    runtime: dict[str, object], drawn: Drawn, probability: Fraction | None
) -> None:
    action = {"request_mirror_policies": [{"cluster": "m", "runtime_fraction": HALF}]}
    found = mirrored(action, runtime=runtime, drawn=drawn)
    assert [mirror.probability for mirror in found] == ([probability] if probability else [])


def test_connect_is_not_mirrored() -> None:
    assert mirrored(policies("m"), headers=((":method", "CONNECT"),)) == ()


@pytest.mark.parametrize("changes", [[], [{"remove": "x"}]])
def test_a_copy_may_have_header_changes_of_its_own(changes: list[Json]) -> None:
    action = {"request_mirror_policies": [{"cluster": "m", "request_headers_mutations": changes}]}
    (mirror,) = mirrored(action)
    assert mirror.changes_headers is bool(changes)
