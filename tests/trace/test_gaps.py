"""A field that osmscope does not know makes an answer inexact where the request passes it."""

import copy

import pytest

from tests.trace.sidecars import (
    ask,
    chain,
    cluster,
    endpoints,
    extension,
    host,
    listener,
    manager,
    route,
    section,
    sections,
    table,
    tcp,
    tracer,
    typed,
)

FILTER = extension("cors", "envoy.extensions.filters.http.cors.v3.Cors")
TLS = extension("tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext")
INSPECTOR = extension(
    "tls_inspector", "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
)
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

BUILT = sections(
    [
        listener(
            chain(manager("rds", FILTER), match={"destination_port": 80}),
            chain(tcp("b"), name="other", match={"destination_port": 81}),
            listener_filters=[INSPECTOR],
        ),
        listener(chain(tcp("b")), name="unused", at="0.0.0.0:1"),
    ],
    routes=[
        table(
            host("all", ["a.com"], route(), route(prefix="/never")),
            host("elsewhere", ["b.com"], route("b")),
        ),
        table(name="unused"),
    ],
    clusters=[
        cluster("a", transport_socket=TLS, typed_extension_protocol_options={
            OPTIONS: {"@type": f"type.googleapis.com/{OPTIONS}"}}),
        cluster("b"),
    ],
    eds=[endpoints("a", "10.1.0.1:80"), endpoints("b", "10.1.0.2:80")],
)  # fmt: skip

LISTENER = ("Listeners", "dynamic_listeners", 0, "active_state", "listener")
HCM = (*LISTENER, "filter_chains", 0, "filters", 0, "typed_config")
TABLE = ("Routes", "dynamic_route_configs", 0, "route_config")
HOST = (*TABLE, "virtual_hosts", 0)
ENDPOINTS = ("Endpoints", "dynamic_endpoint_configs", 0, "endpoint_config")
CLUSTER = ("Clusters", "dynamic_active_clusters", 0, "cluster")


def with_field(path):
    """The sidecar with one field more, which nobody knows."""
    built = copy.deepcopy(BUILT)
    place = built
    for key in path:
        place = place[key]
    place["new_field"] = {"x": 1}
    return tracer(built)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (LISTENER, 'listener "l"'),
        ((*LISTENER, "listener_filters", 0, "typed_config"), '"tls_inspector"'),
        ((*LISTENER, "filter_chains", 0), 'filter chain "c"'),
        ((*LISTENER, "filter_chains", 0, "filter_chain_match"), 'filter chain "c"'),
        (HCM, '"hcm"'),
        ((*HCM, "http_filters", 1, "typed_config"), '"envoy.filters.http.router"'),
        (TABLE, 'route configuration "rds"'),
        (HOST, 'virtual host "all"'),
        ((*HOST, "routes", 0), "route #0"),
        ((*HOST, "routes", 0, "match"), "route #0"),
        ((*HOST, "routes", 0, "route"), "route #0"),
        (CLUSTER, 'cluster "a"'),
        ((*CLUSTER, "load_assignment"), 'cluster "a"'),
        (
            ("Endpoints", "dynamic_endpoint_configs", 0, "endpoint_config"),
            'endpoints of cluster "a"',
        ),
        ((*CLUSTER, "transport_socket", "typed_config"), '"tls"'),
        ((*CLUSTER, "typed_extension_protocol_options", OPTIONS), f'"{OPTIONS}"'),
    ],
)
def test_a_field_on_the_path_is_named(path, where):
    answer = ask(with_field(path))
    assert not answer.exact
    (gap,) = [one for one in answer.assumptions if "new_field" in one]
    assert where in gap
    assert ask(with_field(path)) == answer


@pytest.mark.parametrize(
    "path",
    [
        ("Listeners", "dynamic_listeners", 1, "active_state", "listener"),
        (*LISTENER, "filter_chains", 1),
        ("Routes", "dynamic_route_configs", 1, "route_config"),
        (*TABLE, "virtual_hosts", 1),
        (*HOST, "routes", 1),
        ("Clusters", "dynamic_active_clusters", 1, "cluster"),
        ("Endpoints", "dynamic_endpoint_configs", 1, "endpoint_config"),
    ],
)
def test_a_field_off_the_path_is_not(path):
    assert ask(with_field(path)).exact


@pytest.mark.parametrize("level", [TABLE, HOST, (*HOST, "routes", 0)])
def test_a_field_of_a_per_route_configuration_is_named(level):
    built = copy.deepcopy(BUILT)
    place = built
    for key in level:
        place = place[key]
    kind = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"
    place["typed_per_filter_config"] = {"cors": {"@type": kind, "new_field": 1}}
    assert any("new_field" in one for one in ask(tracer(built)).assumptions)


def test_a_field_within_a_matcher_is_named():
    kind = "envoy.extensions.filters.http"
    odd = typed("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name="x", new_field=1)
    tree = {
        "input": {"name": "i", "typed_config": odd},
        "exact_match_map": {
            "map": {"a": {"action": extension("fault", f"{kind}.fault.v3.HTTPFault", old_field=1)}}
        },
    }
    wrapped = extension(
        "md",
        "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
        xds_matcher={"matcher_tree": tree},
        extension_config=extension("rbac", f"{kind}.rbac.v3.RBAC", third_field=1),
    )
    built = sections([listener(chain(manager(table(host("all", ["*"], route())), wrapped)))])
    gaps = ask(tracer(built)).assumptions
    for field in ("new_field", "old_field", "third_field"):
        assert any(field in gap for gap in gaps)


def test_a_field_of_a_transport_socket_within_others_and_of_what_chooses_it_is_named():
    sockets = "envoy.extensions.transport_sockets"
    context = extension("tls", f"{sockets}.tls.v3.UpstreamTlsContext", new_field=1)
    outer = extension("stats", f"{sockets}.tcp_stats.v3.Config", transport_socket=context)
    kind = "envoy.extensions.matching.common_inputs.transport_socket.v3.EndpointMetadataInput"
    tree = {"input": extension("i", kind, old_field=1), "exact_match_map": {"map": {}}}
    one = cluster("a", transport_socket_matches=[{"name": "x", "transport_socket": outer}],
                  transport_socket_matcher={"matcher_tree": tree})  # fmt: skip
    built = sections([listener(chain(manager(table(host("all", ["*"], route())))))], clusters=[one])
    gaps = ask(tracer(built)).assumptions
    for field in ("new_field", "old_field"):
        assert any(field in gap for gap in gaps)


def test_the_sidecar_itself_has_no_gaps():
    assert ask(tracer(BUILT)).exact


def test_a_field_of_a_weighted_cluster_of_a_chain_s_tls_and_of_ecds_is_named():
    kind = "envoy.extensions.filters.http.fault.v3.HTTPFault"
    odd = typed(kind, new_field=1)
    entry = {"name": "a", "weight": 1, "typed_per_filter_config": {"x": odd}}
    routes = table(host("all", ["*"], route(None, route={"weighted_clusters": {
        "clusters": [entry]}})))  # fmt: skip
    delivered = {"name": "f", "config_discovery": {"type_urls": [kind]}}
    built = sections([listener(chain(manager(routes, delivered), tls={"new_field": 1}))])
    ecds = {"ecds_filter": {"name": "f", "typed_config": odd}}
    built["Ecds"] = section("Ecds", ecds_filters=[ecds])
    gaps = [one for one in ask(tracer(built), tls=True).assumptions if "new_field" in one]
    assert [name in gap for name, gap in zip(('"tls"', '"f"', '"x"'), gaps, strict=True)] == [
        True,
        True,
        True,
    ]
