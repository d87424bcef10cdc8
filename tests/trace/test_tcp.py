import pytest

from tests.trace.sidecars import (
    ORIGINAL_DST,
    ask,
    brief,
    chain,
    cluster,
    deny,
    endpoints,
    explained,
    listener,
    only,
    section,
    sections,
    shares,
    tcp,
    tracer,
)


def proxying(config, *clusters, before=(), eds=None, **fields):
    built = sections([listener(chain(*before, config), **fields)], clusters=clusters, eds=eds)
    return tracer(built)


def weighted(**weights):
    listed = [{"name": name, "weight": weight} for name, weight in weights.items()]
    return tcp(weighted_clusters={"clusters": listed})


@pytest.mark.parametrize(
    ("config", "clusters", "expected"),
    [
        (tcp("a"), [cluster("a")], {"forwarded a": 1}),
        (tcp("a"), [], {"closed NC": 1}),
        (tcp("a"), [cluster("a", "10.0.0.1:1!",
                            common_lb_config={"healthy_panic_threshold": {"value": 0}})],
         {"closed UH": 1}),
        (weighted(a=1, b=3), [cluster("a"), cluster("b")],
         {"forwarded a": 0.25, "forwarded b": 0.75}),
        (weighted(a=1, b=0), [cluster("a")], {"forwarded a": 1}),
        (weighted(a=1, b=1), [cluster("a")], {"forwarded a": 0.5, "closed NC": 0.5}),
    ],
)  # fmt: skip
def test_the_cluster_of_a_connection(config, clusters, expected):
    sidecar = proxying(config, *clusters)
    assert shares(ask(sidecar, protocol="tcp")) == expected


@pytest.mark.parametrize(
    ("limit", "hosts", "expected"),
    [
        ({"max_connections": 0}, ["10.0.0.1:1"], "closed UO"),
        ({"max_connections": 0}, [], "closed UO"),
        ({"max_pending_requests": 0}, ["10.0.0.1:1"], "closed URX"),
        ({"max_pending_requests": 0}, [], "closed UH"),
        ({"max_requests": 0}, ["10.0.0.1:1"], "forwarded a"),
    ],
)
def test_a_limit_of_0_refuses_connections(limit, hosts, expected):
    limited = {"name": "a", "type": "EDS", "circuit_breakers": {"thresholds": [limit]}}
    outcome = only(proxying(tcp("a"), limited, eds=[endpoints("a", *hosts)]))
    assert brief(outcome) == expected
    assert bool(outcome.endpoints) is (expected == "forwarded a")


def test_a_composite_cluster_takes_no_connections():
    kind = "type.googleapis.com/envoy.extensions.clusters.composite.v3.ClusterConfig"
    config = {"@type": kind, "clusters": [{"name": "one"}]}
    composite = {"name": "a", "cluster_type": {"name": "x", "typed_config": config}}
    sidecar = proxying(tcp("a"), composite, cluster("one"))
    assert brief(only(sidecar)) == "closed UH"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"hostname": "t.com:443"}, "tcp_proxy sends the bytes inside CONNECT t.com:443"),
        ({"hostname": "t.com", "use_post": True, "post_path": "/p"},
         "tcp_proxy sends the bytes inside POST t.com/p"),
    ],
)  # fmt: skip
def test_bytes_may_go_inside_a_request(config, reason):
    sidecar = proxying(tcp("a", tunneling_config=config), cluster("a"))
    assert brief(only(sidecar)) == "forwarded a"
    assert explained(sidecar).steps[-1].reason == reason


def test_a_tunnel_to_nowhere_is_not_told():
    sidecar = proxying(tcp("a", tunneling_config={"hostname": "t.com:443"}))
    assert explained(sidecar).steps[-1].kind == "cluster"


def test_a_cluster_may_be_fetched_on_demand():
    answer = ask(proxying(tcp("a", on_demand={"odcds_config": {}})))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert "fetched on demand" in answer.assumptions[0]


def test_upstream_network_filters_are_named():
    filtered = cluster("a", filters=[{"name": "limit"}])
    answer = ask(proxying(tcp("a"), filtered))
    assert answer.assumptions == ('the upstream network filter "limit" lets everything pass',)


@pytest.mark.parametrize(("value", "name"), [(0, "a"), (1, "b"), (3, "b"), (4, "a")])
def test_a_random_value_fixes_the_draw(value, name):
    sidecar = proxying(weighted(a=1, b=3), cluster("a"), cluster("b"))
    assert only(sidecar, random_value=value).cluster == name


def test_a_cluster_that_the_dump_may_hold_elsewhere_is_unknown():
    built = sections([listener(chain(tcp("a")))])
    del built["Clusters"]
    answer = ask(tracer(built))
    assert (brief(answer.outcomes[0]), answer.outcomes[0].cluster) == ("unknown", "a")
    assert answer.assumptions == (
        'the cluster "a" (the dump has no clusters section) is not known',
    )


def test_a_warming_cluster_is_none():
    built = sections([listener(chain(tcp("a")))])
    built["Clusters"] = section("Clusters", dynamic_warming_clusters=[{"cluster": cluster("a")}])
    outcome = only(tracer(built))
    assert (brief(outcome), outcome.response.reason) == (
        "closed NC",
        'the cluster "a" is still warming',
    )


def test_endpoints_that_were_not_asked_for_are_unknown():
    eds = {"name": "a", "type": "EDS"}
    answer = ask(proxying(tcp("a"), eds))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert brief(only(proxying(tcp("a"), eds, eds=[endpoints("a")]))) == "closed UH"
    found = proxying(tcp("a"), eds, eds=[endpoints("a", "10.0.0.1:1")])
    assert brief(only(found)) == "forwarded a"


def test_what_names_no_cluster_is_unknown():
    answer = ask(proxying(tcp("")))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert answer.assumptions[0].startswith("the cluster that tcp_proxy takes")


ORIGINAL = {"name": "a", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}


@pytest.mark.parametrize(
    ("fields", "extra", "asked", "expected"),
    [
        ({"listener_filters": [ORIGINAL_DST]}, {}, {}, "10.0.0.1:80"),
        ({"listener_filters": [ORIGINAL_DST]},
         {"original_dst_lb_config": {"upstream_port_override": 9}}, {}, "10.0.0.1:9"),
        ({}, {}, {}, "closed UH"),
        ({"listener_filters": [ORIGINAL_DST]}, {}, {"dst_ip": None}, "unknown"),
    ],
)  # fmt: skip
def test_the_original_destination(fields, extra, asked, expected):
    outcome = only(proxying(tcp("a"), {**ORIGINAL, **extra}, **fields), **asked)
    found = [one.address for one in outcome.endpoints] or [brief(outcome)]
    assert found == [expected]


def test_rbac_denies_upon_the_first_bytes_when_the_cluster_is_dialled_already():
    outcome = only(proxying(tcp("a"), cluster("a"), before=[deny(network=True)]))
    assert brief(outcome) == "closed rbac_access_denied_matched_policy[none]"
    assert outcome.cluster == "a"
    nowhere = only(proxying(tcp("a"), before=[deny(network=True)]))
    assert brief(nowhere) == "closed NC"


@pytest.mark.parametrize(("source", "verdict"), [("192.0.2.1", "forwarded"), (None, "unknown")])
def test_hashing_needs_the_source_address(source, verdict):
    config = tcp("a", hash_policy=[{"source_ip": {}}])
    ring = cluster("a", "10.0.0.1:1", "10.0.0.2:1", lb_policy="RING_HASH")
    answer = ask(proxying(config, ring), src_ip=source)
    assert answer.outcomes[0].verdict == verdict
    assert answer.exact is (source is not None)
    assert len(answer.outcomes[0].endpoints) == (1 if source else 0)
