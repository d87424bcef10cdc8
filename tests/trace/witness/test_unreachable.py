"""Proofs that no request reaches a resource: held against the rules for every request drawn."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmscope.resources.route import RouteMatch
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.route_match import match_route
from osmscope.trace.witness.goals import find_goals
from osmscope.trace.witness.places import Places
from osmscope.trace.witness.unreachable import covers, why_unreachable
from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    behind,
    chain,
    cluster,
    deny,
    extension,
    host,
    listener,
    manager,
    route,
    sections,
    table,
    tcp,
    tracer,
    typed,
)


def _match(**fields):
    return msgspec.convert(fields, RouteMatch)


def _header(name, **kind):
    return {"name": name, **kind}


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ({"prefix": "/"}, {"prefix": "/a"}, True),
        ({"prefix": "/a"}, {"prefix": "/"}, False),
        ({"prefix": "/a"}, {"path": "/ab"}, True),
        ({"path": "/a"}, {"path": "/a"}, True),
        ({"path": "/a"}, {"prefix": "/a"}, False),
        ({"prefix": ""}, {"safe_regex": {"regex": ".*"}}, True),
        ({"prefix": "/"}, {"safe_regex": {"regex": ".*"}}, False),
        ({"prefix": "/"}, {"safe_regex": {"regex": "/a.*"}}, True),
        ({"prefix": "/"}, {"safe_regex": {"regex": "/a|b"}}, False),
        ({"prefix": "/"}, {"safe_regex": {"regex": "/?a"}}, False),
        ({"safe_regex": {"regex": ".*"}}, {"prefix": "/a"}, True),
        ({"safe_regex": {"regex": "/.*"}}, {"prefix": "/a"}, True),
        ({"safe_regex": {"regex": "/a+"}}, {"path": "/aa"}, True),
        ({"safe_regex": {"regex": "/a+"}}, {"safe_regex": {"regex": "/a+"}}, True),
        ({"path_separated_prefix": "/a"}, {"path_separated_prefix": "/a"}, True),
        ({"path_separated_prefix": "/a"}, {"prefix": "/a/"}, True),
        ({"path_separated_prefix": "/a"}, {"prefix": "/a"}, False),
        ({"prefix": "/A", "case_sensitive": False}, {"prefix": "/ab"}, True),
        ({"prefix": "/a"}, {"prefix": "/ab", "case_sensitive": False}, False),
        ({"prefix": "/"}, {"prefix": "/ab", "case_sensitive": False}, True),
        ({}, {"prefix": "/a"}, True),
        ({"prefix": "/"}, {"connect_matcher": {}}, False),
        ({"connect_matcher": {}}, {"connect_matcher": {}}, True),
        ({"prefix": "/", "grpc": {}}, {"prefix": "/"}, False),
        ({"prefix": "/", "headers": [_header("x", exact_match="1")]}, {"prefix": "/"}, False),
        ({"prefix": "/", "headers": [_header("x", exact_match="1")]},
         {"prefix": "/a", "headers": [_header("y", present_match=True),
                                      _header("x", exact_match="1")]}, True),
        ({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 50}}},
         {"prefix": "/"}, False),
        ({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 100}}},
         {"prefix": "/"}, True),
        ({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 100},
                                              "runtime_key": "k"}}, {"prefix": "/"}, False),
        ({"prefix": "/", "tls_context": {"presented": True}}, {"prefix": "/"}, False),
        ({"path_match_policy": {"name": "x"}}, {"prefix": "/"}, False),
    ],
)  # fmt: skip
def test_whether_conditions_cover_others(earlier, later, expected):
    assert covers(_match(**earlier), _match(**later)) is expected


_PATHS = ["", "/", "/a", "/A", "/ab", "/a/", "/a/b", "/b", "/a;x", "*"]
_PATH = st.sampled_from(_PATHS)
_REGEX = st.sampled_from([".*", "/.*", "/a.*", "/a|/b", "/?a", "/a", "^/a+$", "[/*].*"])
_SPECIFIER = st.one_of(
    _PATH.map(lambda path: {"prefix": path}),
    _PATH.map(lambda path: {"path": path}),
    st.sampled_from(["/a", "/a/b", "/A"]).map(lambda path: {"path_separated_prefix": path}),
    _REGEX.map(lambda regex: {"safe_regex": {"regex": regex}}),
    st.just({"connect_matcher": {}}),
)
_CONDITION = st.sampled_from(
    [
        _header("x", exact_match="1"), _header("x", present_match=True),
        _header("x", exact_match="1", invert_match=True), _header(":method", exact_match="POST"),
    ]
)  # fmt: skip
_MATCHES = st.builds(
    lambda specifier, headers, case: _match(**specifier, headers=headers, case_sensitive=case),
    _SPECIFIER,
    st.lists(_CONDITION, max_size=2),
    st.sampled_from([None, True, False]),
)
_REQUESTS = [
    Request(
        connection=Connection(),
        headers=Headers.of([(":method", method), (":path", path), *x]),
    )
    for path in [*_PATHS[1:], "/aB", "/AB", "/a/b/c", "/x", "/a?q", "/?/a", "/a#f"]
    for method in ("GET", "POST", "CONNECT")
    for x in ([], [("x", "")], [("x", "1")], [("x", "2")])
]


@settings(max_examples=600, deadline=None)
@given(_MATCHES, _MATCHES, st.booleans())
def test_no_request_that_a_covered_route_fits_is_left_by_the_earlier_one(earlier, later, ignore):
    if not covers(earlier, later, ignore_path_parameters=ignore):
        return
    for asked in _REQUESTS:
        if match_route(later, asked, ignore).match.is_match:
            assert match_route(earlier, asked, ignore).match.is_match


def _why(asked, kind, name):
    places = Places(asked.sidecar)
    (goal,) = find_goals(places, kind, name)
    return why_unreachable(goal, places)


def test_a_route_behind_one_that_takes_everything_is_shadowed():
    asked = behind(table(host("h", ["*"], route("a", prefix="/x"), route("a"), route("a"))))
    assert _why(asked, "route", "h#0") == ""
    assert _why(asked, "route", "h#2") == (
        'it is shadowed by route #1 (prefix "/"), which takes every such request before'
    )


def test_a_virtual_host_without_a_domain_of_its_own():
    asked = behind(table(host("one", ["A.com", "*"], route()), host("two", ["a.com"], route())))
    words = 'its domain "a.com" is that of virtual host "one", which comes first'
    assert _why(asked, "virtual_host", "two") == words
    assert _why(asked, "route", "two#0") == words
    assert _why(behind(table(host("h", [], route()))), "virtual_host", "h") == (
        'virtual host "h" has no domain'
    )


def test_a_table_that_no_chain_leads_to():
    asked = behind(EVERYTHING, tables=[table(host("h", ["*"], route()), name="lost")])
    assert _why(asked, "route_config", "lost") == 'no filter chain leads to route table "lost"'
    assert "lost" in _why(asked, "route", "h#0")


def test_a_cluster_that_nothing_leads_to():
    clusters = [cluster("a"), cluster("b")]
    assert _why(behind(EVERYTHING, clusters=clusters), "cluster", "a") == ""
    assert _why(behind(EVERYTHING, clusters=clusters), "cluster", "b") == (
        'no route and no tcp_proxy leads to cluster "b"'
    )
    assert _why(behind(EVERYTHING, clusters=clusters), "endpoint", "b/10.1.0.1:80")


def _weighted(*entries):
    listed = [{"name": name, "weight": weight} for name, weight in entries]
    return {"weighted_clusters": {"clusters": listed}}


def test_a_cluster_of_weight_0():
    clusters = [cluster("a"), cluster("b")]
    action = _weighted(("a", 1), ("b", 0))
    routes = table(host("h", ["*"], route(None, route=action)))
    words = 'route #0 of virtual host "h" leads to it with weight 0'
    assert _why(behind(routes, clusters=clusters), "cluster", "b") == words
    action["weighted_clusters"]["runtime_key_prefix"] = "k"
    assert _why(behind(routes, clusters=clusters), "cluster", "b") == ""
    proxied = sections([listener(chain(tcp("", **_weighted(("a", 1), ("b", 0)))))], (), clusters)
    assert "with weight 0" in _why(tracer(proxied), "cluster", "b")


def test_a_cluster_whose_routes_are_all_shadowed():
    clusters = [cluster("a"), cluster("b")]
    routes = table(host("h", ["*"], route("a"), route("b"), route("b")))
    why = _why(behind(routes, clusters=clusters), "cluster", "b")
    assert why.startswith('route #1 of virtual host "h" leads to it, but gets no request: it is')
    assert why.endswith("(and 1 more, likewise)")


@pytest.mark.parametrize(
    "opening",
    [
        route(None, prefix="/o", route={"cluster_header": "x"}),
        route(None, prefix="/o", route=_weighted(("a", 1))
              | {"weighted_clusters": {"clusters": [{"cluster_header": "x", "weight": 1}]}}),
    ],
)  # fmt: skip
def test_where_a_header_names_the_cluster_nothing_is_proven(opening):
    routes = table(host("h", ["*"], opening))
    assert _why(behind(routes, clusters=[cluster("a"), cluster("b")]), "cluster", "b") == ""


def test_where_a_matcher_or_an_aggregate_may_lead_nothing_is_proven():
    clusters = [cluster("a"), cluster("b")]
    unknown = {"on_no_match": {"action": {"name": "x", "typed_config": typed("of.nobody.Knows")}}}
    by_matcher = table(host("h", ["*"], route(), matcher=unknown))
    assert _why(behind(by_matcher, clusters=clusters), "cluster", "b") == ""
    assert "the matcher of virtual host" in _why(
        behind(by_matcher, clusters=clusters), "route", "h#0"
    )
    aggregate = {
        "name": "all",
        "cluster_type": {
            "name": "envoy.clusters.aggregate",
            "typed_config": typed(
                "envoy.extensions.clusters.aggregate.v3.ClusterConfig", clusters=["b"]
            ),
        },
    }
    assert _why(behind(EVERYTHING, clusters=[*clusters, aggregate]), "cluster", "b") == ""


def test_where_an_unknown_filter_may_lead_nothing_is_proven():
    unknown = extension("x", "a.b.C")
    asked = tracer(sections([listener(chain(unknown))], (), [cluster("a")]))
    assert _why(asked, "cluster", "a") == ""


def test_a_filter_that_denies_everyone():
    asked = tracer(sections([listener(chain(deny(network=True), manager(EVERYTHING)))]))
    words = 'the network filter "rbac" (RBAC) denies everyone'
    assert _why(asked, "route", "all#0") == f'no request gets to route table "rds": {words}'
    proxied = tracer(sections([listener(chain(deny(network=True), tcp()))]))
    assert _why(proxied, "cluster", "a") == f'filter chain "c" leads to it, but: {words}'


def test_a_listener_without_a_socket_and_its_chain():
    asked = tracer(sections([listener(chain(tcp()), api_listener={})]))
    assert _why(asked, "listener", "l") == "it is an api_listener, which has no socket"
    assert _why(asked, "filter_chain", "c").startswith('its listener "l" gets no connection')


def test_a_default_chain_behind_one_that_asks_for_nothing():
    default = chain(tcp(), name="d")
    asked = tracer(sections([listener(chain(tcp()), default_filter_chain=default)]))
    assert _why(asked, "filter_chain", "d") == (
        'filter chain "c" asks for nothing and takes every connection'
    )
    matched = chain(tcp(), match={"destination_port": 1})
    asked = tracer(sections([listener(matched, default_filter_chain=default)]))
    assert _why(asked, "filter_chain", "d") == ""


def test_http_rbac_is_no_obstacle_to_a_route():
    kind = f"{HTTP}.rbac.v3.RBAC"
    asked = behind(EVERYTHING, extension("rbac", kind, rules={"action": "ALLOW"}))
    assert _why(asked, "route", "all#0") == ""
