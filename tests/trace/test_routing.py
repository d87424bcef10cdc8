"""Which route table, virtual host, route and cluster a request gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    ask,
    behind,
    brief,
    chain,
    cluster,
    extension,
    host,
    listener,
    lua,
    manager,
    only,
    route,
    section,
    sections,
    shares,
    table,
    tracer,
)

NOT_FOUND = "404 NR route_not_found"


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ([table(host("all", ["*"], route()))], "forwarded a"),
        ([], NOT_FOUND),
        ([table(name="other")], NOT_FOUND),
        ([table()], NOT_FOUND),
        ([table(host("b", ["b.com"], route()))], NOT_FOUND),
        ([table(host("all", ["*"], route(prefix="/x")))], NOT_FOUND),
    ],
)
def test_a_table_by_rds(tables, expected):
    answer = ask(behind("rds", tables=tables))
    assert (brief(answer.outcomes[0]), answer.exact) == (expected, True)


def without(kind, built):
    del built[kind]
    return tracer(built)


def test_a_missing_section_of_tables_is_unknown():
    answer = ask(without("Routes", sections([listener(chain(manager("rds")))])))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert answer.assumptions == (
        'the route configuration "rds" (the dump has no section of them) is not known',
    )


def test_a_manager_without_any_table_has_no_route():
    assert brief(only(behind(None))) == NOT_FOUND


SCOPED = {
    "name": "set",
    "scope_key_builder": {
        "fragments": [{"header_value_extractor": {"name": "tenant", "index": 0}}]
    },
}
A, B = (table(host(name, ["*"], route(name)), name=name) for name in "ab")


def scope(key, **fields):
    return {"name": key, "key": {"fragments": [{"string_key": key}]}, **fields}


def scoped(*filters, scopes=None, **fields):
    hcm = manager(None, *filters, scoped_routes={**SCOPED, "scoped_rds": {}})
    clusters = [cluster("a"), cluster("b")]
    built = sections([listener(chain(hcm))], routes=[A, B], clusters=clusters)
    if scopes is not None:
        configs = [{"name": "set", "scoped_route_configs": scopes}]
        built["ScopedRoutes"] = section("ScopedRoutes", dynamic_scoped_route_configs=configs)
    return tracer(built)


SCOPES = [
    scope("1", route_configuration_name="a"),
    scope("2", route_configuration_name="b"),
    scope("3", route_configuration_name="c"),
    scope("4", route_configuration_name="c", on_demand=True),
    scope("5", route_configuration=table(host("own", ["*"], route("b")), name="own")),
]


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [
        ("1", "forwarded a"),
        ("2", "forwarded b"),
        ("3", NOT_FOUND),
        ("4", "unknown"),
        ("5", "forwarded b"),
        ("6", NOT_FOUND),
        (None, NOT_FOUND),
    ],
)
def test_a_table_by_scope(tenant, expected):
    headers = None if tenant is None else {"tenant": tenant}
    answer = ask(scoped(scopes=SCOPES), headers=headers)
    assert (brief(answer.outcomes[0]), answer.exact) == (expected, expected != "unknown")


def test_missing_scopes_are_unknown():
    answer = ask(scoped(), headers={"tenant": "1"})
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)


def test_scopes_may_stand_in_the_connection_manager():
    scopes = {"scoped_route_configurations": SCOPES}
    hcm = manager(None, scoped_routes={**SCOPED, "scoped_route_configurations_list": scopes})
    sidecar = tracer(sections([listener(chain(hcm))], routes=[A, B]))
    assert brief(only(sidecar, headers={"tenant": "1"})) == "forwarded a"


def test_the_scope_is_looked_up_again_with_the_route():
    moving = lua('handle:headers():replace("tenant", "2")')
    sidecar = scoped(moving, scopes=SCOPES)
    assert brief(only(sidecar, headers={"tenant": "1"})) == "forwarded b"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [((), NOT_FOUND), ((extension("od", f"{HTTP}.on_demand.v3.OnDemand"),), "unknown")],
)
def test_a_virtual_host_is_fetched_only_by_the_filter_for_it(filters, expected):
    routes = table(host("b", ["b.com"], route()), vhds={"config_source": {}})
    assert brief(only(behind(routes, *filters))) == expected
    assert brief(only(behind(routes, *filters), host="b.com")) == "forwarded a"


@pytest.mark.parametrize(
    ("require", "tls", "expected"),
    [("ALL", False, "301 direct_response"), ("NONE", False, "forwarded a")],
)
def test_require_tls_comes_before_any_route(require, tls, expected):
    routes = table(host("all", ["*"], route(), require_tls=require))
    outcome = only(behind(routes))
    assert brief(outcome) == expected
    assert outcome.virtual_host == "all"
    if require == "ALL":
        assert outcome.response.location == "https://a.com/"
        assert outcome.route_index is None


def test_an_action_of_tomorrow_is_unknown():
    answer = ask(behind(table(host("all", ["*"], route(None, new_action={"x": 1})))))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert any("new_action" in text for text in answer.assumptions)


def test_a_route_by_a_matcher_tree_has_no_place():
    action = extension("r", "envoy.config.route.v3.Route", match={"prefix": "/x"}, route={
        "cluster": "a"})  # fmt: skip
    matcher = {"on_no_match": {"action": action}}
    sidecar = behind(table({"name": "all", "domains": ["*"], "matcher": matcher}))
    assert (only(sidecar, path="/x").cluster, only(sidecar, path="/x").route_index) == ("a", None)
    assert brief(only(sidecar, path="/y")) == NOT_FOUND


def weighted(*entries, **fields):
    clusters = [{"name": name, "weight": weight} for name, weight in entries]
    return route(None, route={"weighted_clusters": {"clusters": clusters, **fields}})


@given(weights=st.lists(st.integers(0, 2**20), min_size=1, max_size=6).filter(sum))
def test_weights_become_probabilities_that_add_up_to_1(weights):
    names = [f"c{index}" for index in range(len(weights))]
    clusters = [cluster(name) for name in names]
    routes = table(host("all", ["*"], weighted(*zip(names, weights, strict=True))))
    answer = ask(behind(routes, clusters=clusters))
    expected = {
        f"forwarded {name}": round(weight / sum(weights), 9)
        for name, weight in zip(names, weights, strict=True)
        if weight
    }
    assert shares(answer) == expected
    assert answer.exact


@given(
    value=st.integers(0, 2**64 - 1), weights=st.lists(st.integers(1, 50), min_size=2, max_size=4)
)
def test_a_random_value_leaves_one_cluster(value, weights):
    clusters = [cluster(f"c{index}") for index in range(len(weights))]
    entries = [(f"c{index}", weight) for index, weight in enumerate(weights)]
    sidecar = behind(table(host("all", ["*"], weighted(*entries))), clusters=clusters)
    left = value % sum(weights)
    chosen = next(i for i in range(len(weights)) if left < sum(weights[: i + 1]))
    assert only(sidecar, random_value=value).cluster == f"c{chosen}"


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        (None, {"forwarded a": 0.5, "forwarded b": 0.5}),
        ({"w.a": 3}, {"forwarded a": 0.75, "forwarded b": 0.25}),
        ({"w.a": 0}, {"forwarded b": 1.0}),
    ],
)
def test_a_runtime_key_replaces_a_weight(runtime, expected):
    routes = table(host("all", ["*"], weighted(("a", 1), ("b", 1), runtime_key_prefix="w")))
    sidecar = behind(routes, clusters=[cluster("a"), cluster("b")])
    assert shares(ask(sidecar, runtime=runtime)) == expected


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        (None, {"forwarded a": 0.3, "forwarded b": 0.7}),
        ({"half": 100}, {"forwarded a": 1.0}),
        ({"half": 0}, {"forwarded b": 1.0}),
    ],
)
def test_a_route_may_take_a_share_of_requests(runtime, expected):
    fraction = {"default_value": {"numerator": 30}, "runtime_key": "half"}
    first = route("a", match={"runtime_fraction": fraction})
    routes = table(host("all", ["*"], first, route("b")))
    sidecar = behind(routes, clusters=[cluster("a"), cluster("b")])
    assert shares(ask(sidecar, runtime=runtime)) == expected


def test_one_random_number_decides_about_route_and_cluster():
    fraction = {"default_value": {"numerator": 50}}
    first = weighted(("a", 50), ("b", 50)) | {
        "match": {"prefix": "/", "runtime_fraction": fraction}
    }
    routes = table(host("all", ["*"], first, route("c")))
    sidecar = behind(routes, clusters=[cluster(name) for name in "abc"])
    assert shares(ask(sidecar)) == {"forwarded a": 0.5, "forwarded c": 0.5}


@pytest.mark.parametrize(
    ("policy", "asked", "expected"),
    [
        ({"header": {"header_name": "x"}}, {}, {"forwarded a": 0.5, "forwarded b": 0.5}),
        ({"header": {"header_name": "x"}}, {"headers": {"x": "alice"}}, {"forwarded b": 1.0}),
        ({"cookie": {"name": "s", "ttl": "9s"}}, {}, {"forwarded a": 0.5, "forwarded b": 0.5}),
        ({"filter_state": {"key": "k"}}, {}, {"forwarded a": 0.5, "forwarded b": 0.5}),
        ({"connection_properties": {"source_ip": True}}, {"src_ip": None}, {"unknown": 1.0}),
    ],
)
def test_the_hash_may_choose_the_cluster(policy, asked, expected):
    chosen = weighted(("a", 1), ("b", 1), use_hash_policy=True)
    chosen["route"]["hash_policy"] = [policy]
    sidecar = behind(table(host("all", ["*"], chosen)), clusters=[cluster("a"), cluster("b")])
    answer = ask(sidecar, **asked)
    assert (shares(answer), answer.exact) == (expected, "unknown" not in expected)


def test_a_plugin_of_the_table_names_the_cluster():
    plugin = {"extension": extension("p", "a.B")}
    chosen = route(None, route={"cluster_specifier_plugin": "p"})
    answer = ask(behind(table(host("all", ["*"], chosen), cluster_specifier_plugins=[plugin])))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)


def test_an_inline_table_is_not_looked_for_in_the_dump():
    built = sections([listener(chain(manager(EVERYTHING)))])
    assert brief(only(without("Routes", built))) == "forwarded a"
