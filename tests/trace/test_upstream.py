"""The cluster's part: what it refuses, which endpoints share, what they receive."""

import pytest

from osmscope.trace.picking import ASKED_BEFORE
from tests.trace.sidecars import (
    DYNAMIC_FORWARD_PROXY,
    EVERYTHING,
    HTTP,
    ORIGINAL_DST,
    ask,
    behind,
    brief,
    chain,
    cluster,
    endpoints,
    extension,
    host,
    listener,
    manager,
    of_type,
    only,
    reaching,
    route,
    section,
    sections,
    shares,
    table,
    tracer,
    typed,
)

EDS = {"name": "a", "type": "EDS"}


@pytest.mark.parametrize(
    ("eds", "expected", "exact"),
    [
        (None, "unknown", False),
        ([], "unknown", False),
        ([endpoints("a")], "503 UH no_healthy_upstream", True),
        ([endpoints("a", "10.0.0.1:1")], "forwarded a", True),
        ([endpoints("b", "10.0.0.1:1")], "unknown", False),
    ],
)
def test_endpoints_by_eds(eds, expected, exact):
    answer = ask(reaching(EDS, eds=eds))
    outcome = answer.outcomes[0]
    assert (brief(outcome), outcome.cluster, answer.exact) == (expected, "a", exact)
    words = "include_eds" if eds is None else "lists endpoints, but none of it"
    assert exact or words in answer.assumptions[0]


@pytest.mark.parametrize(
    ("hosts", "panic", "expected"),
    [
        (("10.0.0.1:1", "10.0.0.2:1"), 50, {"10.0.0.1:1": 0.5, "10.0.0.2:1": 0.5}),
        (("10.0.0.1:1", "10.0.0.2:1!"), 50, {"10.0.0.1:1": 1.0}),
        (("10.0.0.1:1!",), 50, {"10.0.0.1:1": 1.0}),
        (("10.0.0.1:1!",), 0, {}),
    ],
)
def test_endpoints_share_by_health(hosts, panic, expected):
    common = {"common_lb_config": {"healthy_panic_threshold": {"value": panic}}}
    outcome = only(reaching(cluster("a", *hosts, **common)))
    assert {one.address: one.probability for one in outcome.endpoints} == expected
    assert (outcome.response is None) is bool(expected)


def dropping(numerator):
    policy = {"drop_overloads": [{"category": "x", "drop_percentage": {"numerator": numerator}}]}
    return endpoints("a", "10.0.0.1:1", policy=policy)


@pytest.mark.parametrize(
    ("numerator", "runtime", "expected"),
    [
        (0, None, {"forwarded a": 1.0}),
        (25, None, {"503 DO drop_overload": 0.25, "forwarded a": 0.75}),
        (100, None, {"503 UDO unconditional_drop_overload": 1.0}),
        (100, {"load_balancing_policy.drop_overload_limit": 10},
         {"503 DO drop_overload": 0.1, "forwarded a": 0.9}),
    ],
)  # fmt: skip
def test_overload_is_dropped_before_a_host_is_picked(numerator, runtime, expected):
    assert shares(ask(reaching(EDS, eds=[dropping(numerator)]), runtime=runtime)) == expected


@pytest.mark.parametrize(
    ("limit", "hosts", "expected"),
    [
        ("max_requests", ("10.0.0.1:1",), "503 UO"),
        ("max_pending_requests", ("10.0.0.1:1",), "503 UO"),
        ("max_requests", (), "503 UH no_healthy_upstream"),
    ],
)
def test_a_limit_of_0_refuses_where_there_is_a_host(limit, hosts, expected):
    breakers = {"circuit_breakers": {"thresholds": [{limit: 0}]}}
    sidecar = reaching({**EDS, **breakers}, eds=[endpoints("a", *hosts)])
    assert brief(only(sidecar)).startswith(expected)


@pytest.mark.parametrize(
    ("policy", "asked", "known"),
    [
        ({"header": {"header_name": "x"}}, {"headers": {"x": "1"}}, True),
        ({"connection_properties": {"source_ip": True}}, {}, True),
        ({"connection_properties": {"source_ip": True}}, {"src_ip": None}, False),
    ],
)
def test_hashing_picks_one_endpoint_or_says_what_it_lacks(policy, asked, known):
    ring = cluster("a", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", lb_policy="RING_HASH")
    answer = ask(reaching(ring, hash_policy=[policy]), **asked)
    outcome = answer.outcomes[0]
    assert (outcome.verdict, answer.exact) == ("forwarded" if known else "unknown", known)
    assert len(outcome.endpoints) == int(known)


@pytest.mark.parametrize(
    ("filters", "lb", "asked", "expected"),
    [
        ([ORIGINAL_DST], {}, {}, "10.0.0.1:80"),
        ([ORIGINAL_DST], {"upstream_port_override": 7}, {}, "10.0.0.1:7"),
        ([ORIGINAL_DST], {"use_http_header": True},
         {"headers": {"x-envoy-original-dst-host": "10.9.9.9:1"}}, "10.9.9.9:1"),
        ([], {}, {}, "503 UH no_healthy_upstream"),
        ([ORIGINAL_DST], {}, {"dst_ip": None}, "unknown"),
    ],
)  # fmt: skip
def test_an_original_destination(filters, lb, asked, expected):
    original = {"name": "a", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}
    original["original_dst_lb_config"] = lb
    web = listener(chain(manager(EVERYTHING)), listener_filters=filters)
    outcome = only(tracer(sections([web], clusters=[original])), **asked)
    found = outcome.endpoints[0].address if outcome.endpoints else brief(outcome)
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "asked", "missing"),
    [
        (
            DYNAMIC_FORWARD_PROXY,
            {"host": "b.com"},
            'the address of "b.com", for which Envoy asks DNS',
        ),
        (of_type("redis", "redis.v3.RedisClusterConfig"), {}, "found at request time"),
        (of_type("mcp_multicluster", "mcp.v3.X"), {}, "found at request time"),
    ],
)
def test_what_is_found_at_request_time_is_unknown(kind, asked, missing):
    answer = ask(reaching(kind), **asked)
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert missing in answer.assumptions[0]


def test_an_authority_that_is_an_address_is_its_own_endpoint():
    answer = ask(reaching(DYNAMIC_FORWARD_PROXY), host="192.0.2.7:8080")
    assert [one.address for one in answer.outcomes[0].endpoints] == ["192.0.2.7:8080"]
    assert (answer.exact, answer.assumptions) == (False, (ASKED_BEFORE,))


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ({"upstream.maintenance_mode.a": 100}, {"503 UO maintenance_mode": 1.0}),
        ({"upstream.maintenance_mode.a": 20}, {"503 UO maintenance_mode": 0.2,
                                               "503 UDO unconditional_drop_overload": 0.8}),
        ({}, {"503 UDO unconditional_drop_overload": 1.0}),
    ],
)  # fmt: skip
def test_maintenance_comes_before_overload(runtime, expected):
    assert shares(ask(reaching(EDS, eds=[dropping(100)]), runtime=runtime)) == expected


@pytest.mark.parametrize(
    ("priority", "runtime", "expected"),
    [
        ("HIGH", {}, "forwarded a"),
        ("DEFAULT", {}, "503 UO"),
        ("HIGH", {"circuit_breakers.a.high.max_requests": 0}, "503 UO"),
        ("DEFAULT", {"circuit_breakers.a.default.max_requests": 9}, "forwarded a"),
    ],
)
def test_the_priority_of_the_route_and_runtime_choose_the_limits(priority, runtime, expected):
    breakers = {"circuit_breakers": {"thresholds": [{"max_requests": 0}]}}
    sidecar = reaching(cluster("a", **breakers), priority=priority)
    assert brief(only(sidecar, runtime=runtime)).startswith(expected)


@pytest.mark.parametrize(
    ("layer", "assumed"),
    [({"static_layer": {}}, False), ({"admin_layer": {}}, False), ({"rtds_layer": {"name": "x"}},
     True), ({"disk_layer": {"symlink_root": "/x"}}, True)],
)  # fmt: skip
def test_runtime_layers_that_a_dump_does_not_hold_are_named(layer, assumed):
    layers = [{"name": "base"}, {"name": "more", **layer}]
    bootstrap = {"layered_runtime": {"layers": layers}}
    built = sections([listener(chain(manager(EVERYTHING)))])
    built["Bootstrap"] = section("Bootstrap", bootstrap=bootstrap)
    answer = ask(tracer(built))
    words = 'the runtime layer "more", whose values a dump does not hold, changes nothing'
    assert answer.assumptions == ((words,) if assumed else ())


def test_what_the_endpoint_receives():
    sidecar = reaching(cluster("a"), prefix_rewrite="/v2", host_rewrite_literal="b.com")
    sent = only(sidecar, path="/", headers={"keep": "1", "connection": "close"}).upstream_request
    assert (sent.method, sent.host, sent.path) == ("GET", "b.com", "/v2")
    assert sent.headers["x-envoy-original-path"] == ("/",)
    assert "keep" not in sent.headers
    assert sent.removed_headers == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("x.com", "x.com"), [("x.com", ["x.com", "x.com"], ("a.com",))]),
        (("x.com", "y.com"), [("a.com", ["x.com", "y.com"], ("a.com",))]),
        (("x.com", ""), [("x.com", ["x.com"], ("a.com",)), ("a.com", [None], None)]),
        (("", ""), [("a.com", [None, None], None)]),
    ],
)
def test_each_endpoint_may_have_a_host_of_its_own(names, expected):
    assigned = endpoints("a", "10.0.0.1:1", "10.0.0.2:1")
    for entry, name in zip(assigned["endpoints"][0]["lb_endpoints"], names, strict=True):
        entry["endpoint"] |= {"hostname": name} if name else {}
    answer = ask(reaching({**EDS}, eds=[assigned], auto_host_rewrite=True))
    assert [
        (
            one.upstream_request.host,
            [endpoint.host for endpoint in one.endpoints],
            one.upstream_request.headers.get("x-envoy-original-host"),
        )
        for one in answer.outcomes
    ] == expected


ODCDS = {"source": {}}


ON_DEMAND = f"{HTTP}.on_demand.v3.OnDemand"


@pytest.mark.parametrize(
    ("of_filter", "of_route", "expected"),
    [
        (None, None, "503 NC cluster_not_found"),
        ({}, None, "503 NC cluster_not_found"),
        ({"odcds": ODCDS}, None, "unknown"),
        ({}, typed(f"{HTTP}.on_demand.v3.PerRouteConfig", odcds=ODCDS), "unknown"),
        ({"odcds": ODCDS}, typed(f"{HTTP}.on_demand.v3.PerRouteConfig"),
         "503 NC cluster_not_found"),
        ({"odcds": ODCDS}, typed("envoy.config.route.v3.FilterConfig", disabled=True),
         "503 NC cluster_not_found"),
    ],
)  # fmt: skip
def test_a_missing_cluster_may_be_fetched_on_demand(of_filter, of_route, expected):
    own = {} if of_route is None else {"typed_per_filter_config": {"od": of_route}}
    routes = table(host("all", ["*"], route("gone", **own)))
    filters = [] if of_filter is None else [extension("od", ON_DEMAND, **of_filter)]
    answer = ask(behind(routes, *filters))
    assert (brief(answer.outcomes[0]), answer.exact) == (expected, expected != "unknown")


CHECKED = {"health_checks": [{"timeout": "1s"}]}


DETECTING = {"outlier_detection": {}}


OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


BY_OPTIONS = {"typed_extension_protocol_options": {OPTIONS: typed(OPTIONS, outlier_detection={})}}


CONFIGURED = "health checks and outlier detection find what is configured"


WAITS = "no endpoint waits for its first health check"


IGNORING = {"common_lb_config": {"ignore_new_hosts_until_first_hc": True}}


@pytest.mark.parametrize(
    ("fields", "dumped", "words"),
    [
        ({}, False, None),
        (CHECKED, False, CONFIGURED),
        (DETECTING, False, CONFIGURED),
        (BY_OPTIONS, False, CONFIGURED),
        (CHECKED, True, None),
        (DETECTING, True, None),
        (CHECKED | IGNORING, True, WAITS),
        (IGNORING, True, None),
    ],
)
def test_health_that_only_clusters_would_tell_is_assumed(fields, dumped, words):
    eds = [endpoints("a", "10.1.0.1:80")] if dumped else None
    answer = ask(reaching(cluster("a", **fields), eds=eds))
    assert answer.exact is (words is None)
    assert bool(answer.assumptions) is (words is not None)
    assert words is None or words in answer.assumptions[0]
