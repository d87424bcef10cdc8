"""Every decision in words: what was chosen, why, who lost and why, and where the path ends."""

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    TLS_INSPECTOR,
    active,
    ask,
    behind,
    chain,
    cluster,
    deny,
    endpoints,
    explained,
    extension,
    fault,
    host,
    listener,
    lua,
    manager,
    request,
    route,
    section,
    sections,
    step,
    table,
    tcp,
    tracer,
)

UPGRADE = {"connection": "upgrade", "upgrade": "websocket"}
RANGE = [{"address_prefix": "10.0.0.1", "prefix_len": 32}]
PORT = {"destination_port": 80}


def failing(sidecar, **asked):
    return [(one.kind, one.chosen) for one in explained(sidecar, **asked).steps if one.failed]


def one(*chains, **fields):
    return tracer(sections([listener(*chains, **fields)]))


@pytest.mark.parametrize(
    ("match", "asked", "reason"),
    [
        ({}, {}, "its criteria are empty: it fits every connection"),
        (PORT, {}, "by destination port 80"),
        ({**PORT, "prefix_ranges": RANGE}, {},
         "by destination port 80 and prefix range 10.0.0.1/32"),
        ({**PORT, "prefix_ranges": RANGE, "source_ports": [1000]}, {},
         "by destination port 80, prefix range 10.0.0.1/32 and source port 1000"),
        ({"server_names": ["*.com"]}, {"sni": "a.com"}, 'by server name "*.com"'),
        ({"transport_protocol": "tls"}, {"tls": True}, 'by transport protocol "tls"'),
        ({"source_type": "EXTERNAL"}, {}, 'by source type "EXTERNAL"'),
    ],
)  # fmt: skip
def test_a_chain_is_chosen_for_a_reason_in_words(match, asked, reason):
    sidecar = one(chain(tcp(), match=match), listener_filters=[TLS_INSPECTOR])
    assert step(sidecar, "filter_chain", **asked).reason == reason


def test_the_default_chain_and_none():
    by_default = one(chain(tcp(), match={"destination_port": 81}), default_filter_chain=chain(
        tcp(), name=""))  # fmt: skip
    found = step(by_default, "filter_chain")
    assert (found.chosen, found.reason) == (
        "default_filter_chain",
        "no chain fits at destination_port: the default chain takes it",
    )
    assert not found.failed
    nothing = step(one(chain(tcp(), match={"destination_port": 81})), "filter_chain")
    assert (nothing.chosen, nothing.failed) == ("", True)
    assert nothing.losers[0].reason == "the destination port is 80, and it asks for 81"
    assert nothing.losers[0].fields == ("filter_chain_match.destination_port",)


def test_the_nearest_chains_come_first_and_the_others_are_counted():
    far = [
        chain(tcp(), name=f"p{port}", match={"destination_port": port})
        for port in range(1000, 1300)
    ]
    near = chain(tcp(), name="near", match={"destination_port": 81, "prefix_ranges": RANGE})
    found = step(one(*far, near), "filter_chain")
    assert found.losers[0].name == "near"
    assert (len(found.losers), found.more_losers) == (200, 101)
    chosen = step(one(*far, chain(tcp())), "filter_chain")
    assert (chosen.chosen, len(chosen.losers), chosen.more_losers) == ("c", 200, 100)


def test_the_nearest_virtual_hosts_come_first_and_the_others_are_counted():
    far = [host(f"h{index}", [f"{index}.org"], route()) for index in range(250)]
    hosts = [*far, host("typo", ["a.cow"], route()), host("any", ["*.x", "a.com"], route())]
    found = step(behind(table(*hosts)), "virtual_host")
    assert (found.chosen, found.reason) == ("any", 'by the domain "a.com" (exact)')
    assert found.losers[0].name == "typo"
    assert (found.losers[0].reason, found.losers[0].fields) == (
        'no domain covers "a.com"',
        ("domains",),
    )
    assert (len(found.losers), found.more_losers) == (200, 51)


def test_a_virtual_host_that_covers_the_host_and_lost_comes_before_what_is_alike():
    hosts = [host("alike", ["a.cow"]), host("any", ["*"]), host("exact", ["a.com"], route())]
    losers = step(behind(table(*hosts)), "virtual_host").losers
    assert [one.name for one in losers] == ["any", "alike"]


def test_the_losers_are_judged_by_the_host_that_was_looked_up():
    rename = extension(
        "hm", f"{HTTP}.header_mutation.v3.HeaderMutation",
        mutations={"request_mutations": [{"append": {
            "header": {"key": ":authority", "value": "b.com"},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}]},
    )  # fmt: skip
    hosts = [host("a", ["a.com"], route()), host("b", ["b.com"], route())]
    found = step(behind(table(*hosts), rename), "virtual_host")
    assert [(one.name, one.reason) for one in found.losers] == [("b", 'no domain covers "a.com"')]


def test_routes_that_were_tried_before():
    routes = table(
        host(
            "all",
            ["*"],
            route(prefix="/x", name="first"),
            route(name="second"),
            route(name="third"),
        )
    )
    found = step(behind(routes), "route")
    assert (found.chosen, found.fields) == ("#1 second", ("match.prefix",))
    (loser,) = found.losers
    assert (loser.name, loser.fields) == ("#0 first", ("match.prefix",))
    assert loser.reason == 'path "/" does not start with "/x"'


def test_routes_of_a_matcher_s_list_have_places_only():
    action = extension("r", "envoy.config.route.v3.RouteList", routes=[
        route(prefix="/x", name="first"), route(name="second")])  # fmt: skip
    vhost = {"name": "all", "domains": ["*"], "matcher": {"on_no_match": {"action": action}}}
    found = step(behind(table(vhost)), "route")
    assert (found.chosen, [one.name for one in found.losers]) == ("second", ["#0"])


@pytest.mark.parametrize(
    ("sidecar", "asked", "steps"),
    [
        (one(chain(tcp())), {"listener": "x"}, [("listener", "")]),
        (one(chain(tcp(), match={"destination_port": 1})), {}, [("filter_chain", "")]),
        (one(chain(manager(EVERYTHING), tls={})), {}, [("tls", "")]),
        (one(chain(deny(network=True), manager(EVERYTHING))), {}, [("network_filter", "rbac")]),
        (one(chain()), {}, [("network_filter", "")]),
        (one(chain(extension("odd", "a.B"))), {}, [("network_filter", "")]),
        (one(chain(tcp("x"))), {}, [("cluster", "x")]),
        (behind(EVERYTHING), {"host": None}, [("connection_manager", "")]),
        (behind("rds"), {}, [("route_config", "")]),
        (behind(table(host("b", ["b"]))), {}, [("virtual_host", "")]),
        (behind(table(host("all", ["*"], route(prefix="/x")))), {}, [("route", "")]),
        (behind(table(host("all", ["*"], route(), require_tls="ALL"))), {},
         [("route", "require_tls")]),
        (behind(table(host("all", ["*"], route(None, redirect={})))), {}, [("route", "#0")]),
        (behind(table(host("all", ["*"], route(None, tomorrow={})))), {}, [("route", "#0")]),
        (behind(EVERYTHING), {"headers": UPGRADE}, [("connection_manager", "")]),
        (behind(EVERYTHING, deny()), {}, [("http_filter", "rbac")]),
        (behind(table(host("all", ["*"], route(None, redirect={}))), deny()), {},
         [("http_filter", "rbac")]),
        (behind(EVERYTHING, clusters=[]), {}, [("cluster", "a")]),
        (behind(EVERYTHING, clusters=[{"name": "a", "type": "EDS"}]), {}, [("cluster", "a")]),
        (behind(EVERYTHING, clusters=[{"name": "a", "type": "EDS"}], eds=[endpoints("a")]), {},
         [("cluster", "a")]),
        (behind(EVERYTHING), {}, []),
        (one(chain(tcp())), {}, []),
    ],
)  # fmt: skip
def test_the_step_at_which_the_path_ends_is_marked(sidecar, asked, steps):
    assert failing(sidecar, **asked) == steps
    assert bool(steps) is (ask(sidecar, **asked).outcomes[0].verdict != "forwarded")


def test_what_outcomes_share_is_told_once_and_the_rest_by_outcome():
    clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 3}]
    routes = table(host("all", ["*"], route(None, route={"weighted_clusters": {
        "clusters": clusters}})))  # fmt: skip
    sidecar = behind(routes, clusters=[cluster("a"), cluster("b")])
    steps = explained(sidecar).steps
    assert [one.kind for one in steps if one.outcome is None] == [
        "listener",
        "filter_chain",
        "virtual_host",
        "route",
        "time_limits",
    ]
    assert [one.kind for one in steps if one.outcome == 1] == [
        "cluster",
        "endpoint",
        "upstream_tls",
    ]
    chosen = [(one.chosen, one.outcome, one.reason) for one in steps if one.kind == "cluster"]
    assert chosen == [("a", 0, "weight 1 of 4"), ("b", 1, "weight 3 of 4")]


def test_a_share_that_ends_earlier_has_steps_of_its_own():
    sidecar = behind(EVERYTHING, fault(503, 25))
    failed = [one for one in explained(sidecar).steps if one.failed]
    assert [(one.kind, one.chosen) for one in failed] == [("http_filter", "fault")]
    index = failed[0].outcome
    assert ask(sidecar).outcomes[index].response.flags == ("FI",)


REJECTED = {"error_state": {"details": "no such field"}}
NOTE = "the last update was rejected: no such field; the previous version serves"
WARMS = "a newer version is warming; the previous version serves"


def test_a_rejected_update_is_noted_where_its_resource_is_passed():
    web = listener(chain(manager("rds")))
    rds = table(host("all", ["*"], route()))
    sidecar = tracer({
        "Listeners": section("Listeners", dynamic_listeners=[active(web, **REJECTED)]),
        "Routes": section("Routes", dynamic_route_configs=[{"route_config": rds, **REJECTED}]),
        "Clusters": section("Clusters", dynamic_active_clusters=[
            {"cluster": cluster("a"), **REJECTED}]),
        "Bootstrap": section("Bootstrap", bootstrap={}),
    })  # fmt: skip
    for kind in ("listener", "virtual_host", "cluster"):
        assert step(sidecar, kind).notes == (NOTE,)
    assert ask(sidecar).exact


def test_a_newer_version_that_warms_is_noted():
    web = listener(chain(manager(EVERYTHING)))
    sidecar = tracer({
        "Listeners": section("Listeners", dynamic_listeners=[
            active(web, warming_state={"listener": web})]),
        "Clusters": section("Clusters", dynamic_active_clusters=[{"cluster": cluster("a")}],
                            dynamic_warming_clusters=[{"cluster": cluster("a")}]),
    })  # fmt: skip
    assert step(sidecar, "listener").notes == (WARMS,)
    assert step(sidecar, "cluster").notes == (WARMS,)


def test_a_listener_that_only_warms_is_noted_where_none_is_found():
    web = listener(chain(manager(EVERYTHING)), name="w")
    warming = {"name": "w", "warming_state": {"listener": web}}
    sidecar = tracer({"Listeners": section("Listeners", dynamic_listeners=[warming])})
    assert step(sidecar, "listener", listener="w").notes == (
        'listener "w" is still warming: it accepts no connection yet',
    )


def test_a_table_whose_only_version_was_rejected_is_noted():
    built = sections([listener(chain(manager("rds")))])
    rejected = {"error_state": {"details": "bad", "failed_configuration": {"name": "rds"}}}
    built["Routes"] = section("Routes", dynamic_route_configs=[rejected])
    found = step(tracer(built), "route_config")
    assert found.reason == 'no route configuration "rds" was delivered'


def test_a_route_that_is_looked_up_again_is_noted_at_the_filter():
    routes = table(host("a", ["a.com"], route()), host("b", ["b.com"], route()))
    sidecar = behind(routes, lua('handle:headers():replace(":authority", "b.com")'))
    assert "looked up again" in step(sidecar, "http_filter").notes[-1]
    assert step(sidecar, "virtual_host").chosen == "b"


def test_endpoints_that_get_nothing_are_told_why():
    sidecar = behind(EVERYTHING, clusters=[cluster("a", "10.0.0.1:1", "10.0.0.2:1!")])
    found = step(sidecar, "endpoint")
    assert found.chosen == "10.0.0.1:1"
    assert [one.name for one in found.losers] == ["10.0.0.2:1"]


def test_what_changes_on_the_way_is_told():
    routes = table(host("all", ["*"], route(action={"prefix_rewrite": "/v2"})))
    assert step(behind(routes), "upstream_request").reason == 'path "/" becomes "/v2"'
    normalized = behind(EVERYTHING, normalize_path=True)
    assert "becomes" in step(normalized, "connection_manager", path="/a/../b").reason


def test_what_is_not_known_is_said_at_its_step():
    built = sections([listener(chain(manager("rds")))])
    del built["Routes"]
    assert step(tracer(built), "route_config").reason.endswith("is not known")
    asks = {"dynamic_metadata": [{"filter": "x", "path": [{"key": "y"}], "value": {
        "present_match": True}}]}  # fmt: skip
    moving = lua('handle:headers():replace(":path", "/x")')
    unknown = table(host("all", ["*"], route(prefix="/x", match=asks), route()))
    odd = extension("odd", "a.B")
    found = step(behind(unknown, odd, moving), "route")
    assert (found.chosen, found.failed) == ("", True)
    assert found.reason.endswith("is not known")
    hcm = manager(EVERYTHING)
    hcm["typed_config"]["http_filters"] = [odd]
    last = explained(tracer(sections([listener(chain(hcm))]))).steps[-1]
    assert (last.failed, last.reason) == (
        True,
        'what the last HTTP filter "odd" does with the request is not known',
    )


def test_in_brief_losers_are_counted_and_not_listed():
    chains = chain(manager(EVERYTHING), name="a"), chain(tcp(), name="b", match=PORT_81)
    hosts = table(host("h", ["a.com"], route(), route()), host("i", ["b.com"], route()))
    for asked in (tracer(sections([listener(*chains)])), behind(hosts)):
        full, brief = (asked.explain(request(), brief=one)[1].steps for one in (False, True))
        assert [one.kind for one in brief] == [one.kind for one in full]
        for one, other in zip(brief, full, strict=True):
            counted = len(other.losers) + other.more_losers
            assert len(one.losers) + one.more_losers == counted
            assert one.losers in ((), other.losers)
            assert (one.chosen, one.reason, one.failed) == (
                other.chosen,
                other.reason,
                other.failed,
            )
    answer, explanation = behind(hosts).explain(request(host="c.com"), brief=True)
    assert answer == behind(hosts).explain(request(host="c.com"))[0]
    assert explanation.near_misses == ()


PORT_81 = {"destination_port": 81}
