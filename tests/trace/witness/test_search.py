"""Witnesses: each is a request that the tracer says reaches the resource."""

import pytest

from osmscope.trace.answer import OutcomeAnswer
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.witness.goals import KINDS, find_goals
from osmscope.trace.witness.search import NoWitness, Witness, Witnesses
from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    NETWORK,
    ORIGINAL_DST,
    TLS_INSPECTOR,
    behind,
    chain,
    cluster,
    deny,
    endpoints,
    extension,
    fault,
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

NETWORK_INPUT = "envoy.extensions.matching.common_inputs.network.v3"


def find(asked, kind, name):
    witnesses = Witnesses(asked, Completion(Destinations(asked.sidecar.proxy)))
    (goal,) = find_goals(witnesses.places, kind, name)
    return witnesses.find(goal)


def outcome(asked, kind, name) -> OutcomeAnswer:
    """The first outcome of the witness, asked again."""
    found = find(asked, kind, name)
    assert isinstance(found, Witness), found
    assert not found.ends
    assert asked.answer(found.completed).outcomes == found.answer.outcomes
    return found.answer.outcomes[0]


def header(name, **kind):
    return {"name": name, **kind}


ROUTES = [
    route(prefix="/a/b", match={"headers": [header("x", present_match=True)]}),
    route(match={"prefix": None, "path": "/a/c"}),
    route(match={"prefix": None, "safe_regex": {"regex": "/v[12]/.*\\.json"}}),
    route(match={"prefix": None, "path_separated_prefix": "/sep"}),
    route(prefix="/h", match={"headers": [header("x", exact_match="1", invert_match=True)]}),
    route(prefix="/h", match={"headers": [header(":method", string_match={"prefix": "P"})]}),
    route(prefix="/q", match={"query_parameters": [{"name": "v", "string_match": {"suffix": "z"}},
                                                   {"name": "w", "present_match": True}]}),
    route(prefix="/c", match={"cookies": [{"name": "s", "string_match": {"exact": "1"}}]}),
    route(prefix="/g", match={"grpc": {}}),
    route(prefix="/m", match={"headers": [header("x", present_match=True, invert_match=True)]}),
    route(prefix="/m"),
    route(None, prefix="/r", redirect={"path_redirect": "/z"}),
    route(prefix="/Case", match={"case_sensitive": True}),
    route(prefix="/case", match={"case_sensitive": False}),
    route(prefix="/a", match={"headers": [header("x", range_match={"start": 5, "end": 7})]}),
    route(prefix="/f", match={"runtime_fraction": {"default_value": {"numerator": 10}}}),
    route(prefix="/f"),
    route(match={"prefix": None, "path_match_policy": extension(
        "t", "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        path_template="/t/{id}/**")}),
    route(match={"prefix": None, "connect_matcher": {}}),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(ROUTES)))
def test_every_kind_of_route_has_a_witness(index):
    hosts = host("h", ["a.com"], *ROUTES), host("other", ["*"], route())
    asked = behind(table(*hosts), upgrade_configs=[{"upgrade_type": "CONNECT"}])
    found = find(asked, "route", f"h#{index}")
    assert isinstance(found, Witness), found
    assert any(one.route_index == index for one in found.answer.outcomes)


@pytest.mark.parametrize("domain", ["a.com", "*.a.com", "a.*", "*-a.com", "*", "b.com:81"])
def test_every_kind_of_domain_has_a_witness(domain):
    asked = behind(table(host("h", [domain], route()), host("other", ["c.com", "*.com"], route())))
    assert outcome(asked, "virtual_host", "h").virtual_host == "h"


def test_a_virtual_host_without_routes_is_reached_and_ends_there():
    found = find(behind(table(host("h", ["a.com"]))), "virtual_host", "h")
    assert isinstance(found, Witness)
    assert "no route fits" in found.ends


RANGE = {"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}
INNER = {"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 16}]}
CHAINS = {
    "port": {"destination_port": 81},
    "range": RANGE,
    "inner": INNER,
    "sni": {"server_names": ["a.com"]},
    "any sni": {"server_names": ["*.b.com"]},
    "tls": {"transport_protocol": "tls", "destination_port": 82},
    "alpn": {"application_protocols": ["osm"], "transport_protocol": "tls"},
    "source": {"source_prefix_ranges": [{"address_prefix": "172.16.0.0", "prefix_len": 12}]},
    "source port": {"source_ports": [999]},
    "local": {"source_type": "SAME_IP_OR_LOOPBACK"},
    "external": {"source_type": "EXTERNAL", "destination_port": 83},
    "direct": {"direct_source_prefix_ranges": [{"address_prefix": "172.16.0.0", "prefix_len": 12}]},
}


@pytest.mark.parametrize("name", [*CHAINS, "default"])
def test_every_criterion_of_a_chain_is_met(name):
    listed = [chain(tcp(), name=one, match=match) for one, match in CHAINS.items()]
    default = chain(tcp(), name="default")
    body = listener(*listed, listener_filters=[ORIGINAL_DST, TLS_INSPECTOR],
                    default_filter_chain=default, use_original_dst=None)  # fmt: skip
    assert outcome(tracer(sections([body])), "filter_chain", name).filter_chain == name


def test_a_chain_of_a_listener_with_a_socket_is_asked_at_its_address():
    asked = tracer(sections([listener(chain(tcp()), at="10.1.2.3:99")]))
    found = find(asked, "listener", "l")
    assert isinstance(found, Witness)
    assert (found.request.dst_ip, found.request.dst_port) == ("10.1.2.3", 99)
    assert found.request.listener is None
    assert found.request.protocol == "tcp"


def test_a_listener_that_its_address_does_not_lead_to_is_named():
    body = listener(chain(tcp()), bind_to_port=False)
    found = find(tracer(sections([body, listener(chain(tcp()), name="m")])), "listener", "l")
    assert isinstance(found, Witness)
    assert found.request.listener == "l"


def test_a_chain_that_a_matcher_tree_chooses():
    tree = {
        "matcher_tree": {
            "input": extension("p", f"{NETWORK_INPUT}.DestinationPortInput"),
            "exact_match_map": {"map": {"77": {"action": {"name": "c", "typed_config": typed(
                "google.protobuf.StringValue", value="c")}}}},
        }
    }  # fmt: skip
    chains = chain(tcp(), name="c"), chain(tcp(), name="d", match={"destination_port": 1})
    body = listener(*chains, filter_chain_matcher=tree, listener_filters=[ORIGINAL_DST])
    assert outcome(tracer(sections([body])), "filter_chain", "c").filter_chain == "c"


def rbac(principal, permission=None, *, network=False):
    policy = {"principals": [principal], "permissions": [permission or {"any": True}]}
    kind = NETWORK if network else HTTP
    extra = {"stat_prefix": "x"} if network else {}
    rules = {"action": "ALLOW", "policies": {"p": policy}}
    return extension("rbac", f"{kind}.rbac.v3.RBAC", rules=rules, **extra)


TLS = {
    "require_client_certificate": True,
    "common_tls_context": {"validation_context": {"trusted_ca": {"inline_string": "x"}}},
}
NAME = {"authenticated": {"principal_name": {"exact": "a.ns.cluster.local"}}}


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize(
    "principal",
    [
        NAME,
        {"authenticated": {"principal_name": {"prefix": "spiffe://td/"}}},
        {"authenticated": {}},
        {"source_ip": {"address_prefix": "10.9.0.0", "prefix_len": 16}},
        {"and_ids": {"ids": [NAME, {"source_ip": {"address_prefix": "10.9.0.1",
                                                  "prefix_len": 32}}]}},
        {"or_ids": {"ids": [NAME]}},
        {"not_id": {"source_ip": {"address_prefix": "10.9.0.0", "prefix_len": 16}}},
    ],
)  # fmt: skip
def test_a_client_is_who_rbac_lets_in(principal, network):
    filters = [rbac(principal, network=True)] if network else []
    http = [] if network else [rbac(principal)]
    body = listener(
        chain(*filters, manager(EVERYTHING, *http), tls=TLS), listener_filters=[TLS_INSPECTOR]
    )
    assert outcome(tracer(sections([body])), "route", "all#0").cluster == "a"


@pytest.mark.parametrize(
    "permission",
    [
        {"header": header("x", exact_match="1")},
        {"url_path": {"path": {"prefix": "/p"}}},
        {"and_rules": {"rules": [{"header": header(":method", exact_match="PUT")},
                                 {"header": header("x", present_match=True)}]}},
        {"or_rules": {"rules": [{"header": header("x", exact_match="1")}]}},
        {"destination_port": 80},
        {"destination_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}},
    ],
)  # fmt: skip
def test_a_request_is_what_rbac_permits(permission):
    filters = [rbac({"any": True}, permission)]
    body = listener(chain(manager(EVERYTHING, *filters)), listener_filters=[ORIGINAL_DST])
    assert outcome(tracer(sections([body])), "route", "all#0").cluster == "a"


def test_a_route_whose_requests_end_behind_it_says_how():
    found = find(behind(EVERYTHING, fault(503, 100)), "route", "all#0")
    assert isinstance(found, Witness)
    assert found.ends.startswith("Envoy answers 503")
    found = find(behind(EVERYTHING, clusters=[cluster("a", "10.0.0.1:1!")]), "route", "all#0")
    assert isinstance(found, Witness)
    assert not found.ends  # a panicking cluster takes unhealthy endpoints
    empty = {"name": "a", "type": "STATIC"}
    found = find(behind(EVERYTHING, clusters=[empty]), "cluster", "a")
    assert isinstance(found, Witness)
    assert found.ends.startswith("Envoy answers 503")


def test_a_chain_that_closes_says_how():
    asked = tracer(sections([listener(chain(deny(network=True), manager(EVERYTHING)))]))
    found = find(asked, "filter_chain", "c")
    assert isinstance(found, Witness)
    assert found.ends == "there is no ALLOW policy"


def test_a_cluster_that_a_header_names():
    routes = table(host("h", ["*"], route(None, route={"cluster_header": "To"})))
    assert outcome(behind(routes), "cluster", "a").cluster == "a"


def test_an_endpoint_is_one_of_those_that_get_requests():
    clusters = [cluster("a", "10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80!")]
    asked = behind(EVERYTHING, clusters=clusters)
    assert outcome(asked, "endpoint", "10.1.0.2:80").cluster == "a"
    found = find(asked, "endpoint", "a/10.1.0.3:80")
    assert isinstance(found, NoWitness)
    assert not found.proven
    assert found.reason.endswith("another endpoint gets it: health_status UNHEALTHY (EDS)") or (
        "another endpoint gets it: " in found.reason
    )


@pytest.mark.parametrize("address", ["10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80"])
@pytest.mark.parametrize(
    "policy",
    [{"header": {"header_name": "X"}}, {"cookie": {"name": "c"}},
     {"connection_properties": {"source_ip": True}}],
)  # fmt: skip
def test_an_endpoint_that_a_hash_chooses(address, policy):
    addresses = "10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80"
    ring = {**cluster("a", *addresses), "lb_policy": "RING_HASH"}
    routes = table(host("h", ["*"], route(action={"hash_policy": [policy]})))
    got = outcome(behind(routes, clusters=[ring]), "endpoint", address)
    assert address in [one.address for one in got.endpoints]


def test_what_was_tried_is_told_where_nothing_is_found():
    hidden = route(match={"dynamic_metadata": [{"filter": "x", "path": [{"key": "k"}],
                                                "value": {"present_match": True}}]})  # fmt: skip
    asked = behind(table(host("h", ["*"], hidden, route("a"))))
    found = find(asked, "route", "h#0")
    assert isinstance(found, NoWitness)
    assert not found.proven
    assert found.tried
    assert found.reason.startswith(f"none found: {found.tried} request")
    assert "route #1 takes it" in found.reason


def test_what_nothing_names_is_not_searched():
    unknown = {"on_no_match": {"action": extension("x", "of.nobody.Knows")}}
    matched = table(host("h", ["*"], route("a"), matcher=unknown))
    found = find(behind(matched, clusters=[cluster("a"), cluster("b")]), "cluster", "b")
    assert found == NoWitness(
        reason="none found: nothing names it, though a header or an extension may lead to it",
        proven=False,
    )


def test_a_proof_comes_first():
    found = find(behind(table(host("h", ["*"], route(), route()))), "route", "h#1")
    assert isinstance(found, NoWitness)
    assert found.proven
    assert not found.tried


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_nothing_has_means_nothing(kind):
    asked = behind(EVERYTHING, eds=[endpoints("a", "10.1.0.1:80")])
    witnesses = Witnesses(asked, Completion(Destinations(asked.sidecar.proxy)))
    assert list(find_goals(witnesses.places, kind, "nothing")) == []


def test_a_request_that_goes_past_the_sidecar_is_no_witness():
    asked = behind(EVERYTHING)
    completion = Completion(Destinations(asked.sidecar.proxy))

    def only_port_8080_is_led(request, _):
        return "" if request.dst_port == 8080 else f"port {request.dst_port} is left out"

    witnesses = Witnesses(asked, completion, lambda *_: "it is left out")
    (goal,) = find_goals(witnesses.places, "route", "all#0")
    found = witnesses.find(goal)
    assert isinstance(found, NoWitness)
    assert "it goes past the sidecar: it is left out" in found.reason
    body = listener(chain(manager(EVERYTHING)), listener_filters=[ORIGINAL_DST])
    asked = tracer(sections([body]))
    witnesses = Witnesses(
        asked, Completion(Destinations(asked.sidecar.proxy)), only_port_8080_is_led
    )
    (goal,) = find_goals(witnesses.places, "route", "all#0")
    found = witnesses.find(goal)
    assert isinstance(found, NoWitness) or found.completed.dst_port == 8080
