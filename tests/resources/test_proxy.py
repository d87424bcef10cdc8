import json

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.errors import DumpError
from osmscope.resources.proxy import Proxy
from tests.trace.sidecars import (
    active,
    cluster,
    endpoints,
    listener,
    section,
    sections,
    table,
    typed,
)


def proxy(*configs, clusters=None):
    dump = Dump.read(json.dumps({"configs": list(configs)}).encode(), where="test")
    status = None
    if clusters is not None:
        status = read_clusters(json.dumps({"cluster_statuses": clusters}).encode(), where="test")
    return Proxy(dump, status)


def bootstrap(**fields):
    return typed("envoy.admin.v3.BootstrapConfigDump", bootstrap=fields)


def layers(*static):
    return bootstrap(layered_runtime={"layers": [{"static_layer": one} for one in static]})


@pytest.mark.parametrize(
    ("static", "values"),
    [
        ((), {}),
        (({"a.b": 1},), {"a.b": 1}),
        (({"a": {"b": {"c": 1}, "d": "x"}},), {"a.b.c": 1, "a.d": "x"}),
        (({"a": {"numerator": 5, "denominator": "HUNDRED"}},),
         {"a": {"numerator": 5, "denominator": "HUNDRED"}}),
        (({"a": {"b": 1}}, {"a.b": 2}), {"a.b": 2}),
        (({"a": {}},), {"a": {}}),
    ],
)  # fmt: skip
def test_runtime_layers_are_flattened_and_the_later_wins(static, values):
    assert proxy(layers(*static)).runtime == values


def test_a_layer_of_another_kind_has_no_values():
    layer = {"name": "rtds", "rtds_layer": {"name": "x"}}
    assert proxy(bootstrap(layered_runtime={"layers": [layer]})).runtime == {}


def test_without_a_bootstrap_there_is_no_runtime_and_no_local_cluster():
    nothing = proxy()
    assert (nothing.runtime, nothing.local_cluster_name, nothing.locality) == ({}, "", None)


def test_the_local_cluster_is_named_by_the_bootstrap():
    assert proxy(bootstrap(cluster_manager={"local_cluster_name": "me"})).local_cluster_name == "me"


def test_a_bootstrap_that_cannot_be_read_is_the_dump_s_fault():
    with pytest.raises(DumpError, match="the bootstrap cannot be read"):
        assert proxy(bootstrap(layered_runtime=3)).runtime


def test_only_what_serves_is_found():
    clusters = section(
        "Clusters",
        dynamic_active_clusters=[{"cluster": cluster("a")}, {"cluster": cluster("b")}],
        dynamic_warming_clusters=[{"cluster": cluster("b")}, {"cluster": cluster("c")}],
    )
    found = proxy(clusters)
    assert [found.cluster(name) is not None for name in "abcd"] == [True, True, False, False]
    assert [found.is_warming("cluster", name) for name in "abcd"] == [False, False, True, False]
    assert found.cluster("a") is found.cluster("a")


def test_listeners_that_warm_or_drain_accept_nothing():
    body = listener(name="x")
    listeners = section(
        "Listeners",
        dynamic_listeners=[
            active(listener(name="a")),
            {"name": "w", "warming_state": {"listener": body}},
            {"name": "d", "draining_state": {"listener": body}},
        ],
    )
    assert [one.name for one in proxy(listeners).listeners] == ["a"]


EDS = {"name": "a", "type": "EDS", "eds_cluster_config": {"service_name": "svc"}}


def eds(**fields):
    return sections(clusters=[{**EDS, **fields}])["Clusters"]


def test_endpoints_are_found_by_the_service_name():
    found = proxy(eds(), sections(eds=[endpoints("svc", "10.0.0.1:80")])["Endpoints"])
    assignment = found.load_assignment(found.cluster("a"))
    assert assignment.endpoints[0].lb_endpoints[0].endpoint.address.text() == "10.0.0.1:80"


@pytest.mark.parametrize(
    ("configs", "clusters", "known"),
    [
        ((), None, False),
        ((), [], False),
        ((), [{"name": "b"}], False),
        ((), [{"name": "a"}], True),
        ((sections(eds=[])["Endpoints"],), None, False),
        ((sections(eds=[endpoints("b")])["Endpoints"],), None, False),
        ((sections(eds=[{"cluster_name": "svc"}])["Endpoints"],), None, True),
    ],
)
def test_absence_of_endpoints_is_told_from_absence_of_data(configs, clusters, known):
    found = proxy(eds(), *configs, clusters=clusters)
    assert found.has_endpoints(found.cluster("a")) is known
    assert (found.load_assignment(found.cluster("a")) is not None) is bool(configs and known)
    assert (found.status("a") is not None) is bool(clusters and clusters[0]["name"] == "a")


def test_metadata_of_localities_comes_from_the_clusters_own_configuration():
    place = {"locality": {"zone": "z"}, "priority": 1}
    own = {"endpoints": [{**place, "metadata": {"filter_metadata": {"n": {"k": "v"}}}}]}
    one = sections(clusters=[{"name": "a", "load_assignment": own}])["Clusters"]
    dumped = {"cluster_name": "a", "endpoints": [{**place, "lb_endpoints": [{}]}, {"priority": 2}]}
    found = proxy(one, sections(eds=[dumped])["Endpoints"])
    groups = found.load_assignment(found.cluster("a")).endpoints
    assert [group.metadata.filter_metadata for group in groups] == [{"n": {"k": "v"}}, {}]
    assert [len(group.lb_endpoints) for group in groups] == [1, 0]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([endpoints("svc", "10.0.0.1:80")], False),
        ([endpoints("svc", "10.0.0.1:80")] * 2, False),
        ([endpoints("svc", "10.0.0.1:80"), endpoints("other", "10.0.0.1:80!")], False),
        ([endpoints("svc", "10.0.0.1:80"), endpoints("svc", "10.0.0.1:80!")], True),
    ],
)
def test_endpoints_of_one_name_may_be_those_of_several_clusters(listed, expected):
    found = proxy(eds(), sections(eds=listed)["Endpoints"])
    assert found.has_namesakes(found.cluster("a")) is expected


def scope(name, to):
    fields = {"name": name, "route_configuration_name": to}
    return {**fields, "key": {"fragments": [{"string_key": "k"}]}}


def test_scopes_belong_to_the_set_of_their_name():
    configs = [
        {"name": "one", "scoped_route_configs": [scope("x", "t1"), scope("y", "t2")]},
        {"name": "two", "scoped_route_configs": [scope("z", "t3")]},
    ]
    found = proxy(section("ScopedRoutes", dynamic_scoped_route_configs=configs))
    assert [one.route_configuration_name for one in found.scopes("one")] == ["t1", "t2"]
    assert [one.route_configuration_name for one in found.scopes("two")] == ["t3"]
    assert found.scopes("three") == ()
    assert found.scopes("one") is found.scopes("one")


def test_scopes_that_are_no_list_are_the_dump_s_fault():
    configs = [{"name": "one", "scoped_route_configs": {"x": 1}}]
    found = proxy(section("ScopedRoutes", dynamic_scoped_route_configs=configs))
    with pytest.raises(DumpError, match="the scopes 'one' cannot be read"):
        found.scopes("one")


def test_other_resources_are_found_by_name():
    found = proxy(
        sections(routes=[table(name="r")])["Routes"],
        section("Secrets", dynamic_active_secrets=[{"name": "s", "secret": {"name": "s"}}]),
        section("Ecds", ecds_filters=[{"ecds_filter": {"name": "f"}}]),
    )
    assert found.route_configuration("r").name == "r"
    assert found.route_configuration("x") is None
    assert found.secret("s").name == "s"
    assert found.secret("x") is None
    assert found.discovered_filter("f").name == "f"
    assert found.discovered_filter("x") is None


def test_a_resource_that_cannot_be_read_is_named():
    found = proxy(sections(clusters=[{"name": "a", "lb_policy": 3}])["Clusters"])
    with pytest.raises(DumpError, match="cluster 'a' cannot be read"):
        found.cluster("a")
