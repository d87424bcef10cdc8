"""Matcher trees, inverted: a request that comes to each action, as the tracer then says."""

from __future__ import annotations

import pytest

from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.witness.goals import find_goals
from osmscope.trace.witness.search import NoWitness, Witness, Witnesses
from tests.trace.sidecars import (
    ORIGINAL_DST,
    TLS_INSPECTOR,
    behind,
    chain,
    extension,
    host,
    listener,
    route,
    sections,
    table,
    tcp,
    tracer,
    typed,
)

NETWORK = "envoy.extensions.matching.common_inputs.network.v3"
SSL = "envoy.extensions.matching.common_inputs.ssl.v3"
HTTP = "envoy.type.matcher.v3"
MATCHERS = "envoy.extensions.matching.input_matchers"


def find(asked, kind, name):
    witnesses = Witnesses(asked, Completion(Destinations(asked.sidecar.proxy)))
    (goal,) = find_goals(witnesses.places, kind, name)
    return witnesses.find(goal)


def of(name, **fields):
    return extension("input", f"{NETWORK}.{name}", **fields)


def single(source, **wanted):
    return {"single_predicate": {"input": source, **wanted}}


def equals(source, text):
    return single(source, value_match={"exact": text})


def in_list(*entries, otherwise=None):
    """A list of (predicate, where it leads)."""
    matchers = [{"predicate": one, "on_match": leads} for one, leads in entries]
    return {"matcher_list": {"matchers": matchers}, **({"on_no_match": otherwise} if otherwise
                                                       else {})}  # fmt: skip


def in_tree(source, otherwise=None, **how):
    no_match = {"on_no_match": otherwise} if otherwise else {}
    return {"matcher_tree": {"input": source, **how}, **no_match}


def exactly(**leads):
    return {"exact_match_map": {"map": leads}}


def inner(matcher):
    return {"matcher": matcher}


# Filter chains

PORT, SNI, SOURCE = of("DestinationPortInput"), of("ServerNameInput"), of("SourceIPInput")
TRANSPORT, ALPN = of("TransportProtocolInput"), of("ApplicationProtocolInput")
TEN = {"address_prefix": "10.0.0.0", "prefix_len": 8}


def to(name):
    return {
        "action": {"name": "c", "typed_config": typed("google.protobuf.StringValue", value=name)}
    }


WANTED, OTHER = to("wanted"), to("other")


def ranges(*entries):
    matchers = [{"ranges": [one], "on_match": leads} for one, leads in entries]
    return {
        "custom_match": extension("ip", "xds.type.matcher.v3.IPMatcher", range_matchers=matchers)
    }


CHAIN_TREES = {
    "a port": in_tree(PORT, **exactly(**{"77": WANTED, "78": OTHER})),
    "neither port": in_tree(PORT, WANTED, **exactly(**{"80": OTHER, "443": OTHER})),
    "a prefix": in_tree(SNI, prefix_match_map={"map": {"a.": OTHER, "a.b": WANTED}}),
    "a range": in_tree(SOURCE, OTHER, **ranges((TEN, WANTED))),
    "outside of a range": in_tree(SOURCE, WANTED, **ranges((TEN, OTHER))),
    "a domain": in_tree(SNI, custom_match=extension(
        "sni", "xds.type.matcher.v3.ServerNameMatcher",
        domain_matchers=[{"domains": ["*.a.com"], "on_match": WANTED}])),
    "the second of a list": in_list((equals(PORT, "80"), OTHER), (equals(TRANSPORT, "tls"),
                                                                  WANTED)),
    "plaintext": in_list((equals(TRANSPORT, "raw_buffer"), WANTED)),
    "an ALPN": in_list((equals(ALPN, "'osm','h2'"), WANTED)),
    "all of": in_list(({"and_matcher": {"predicate": [equals(SNI, "a.com"), equals(PORT, "7"),
                                                      equals(SOURCE, "10.1.1.1")]}}, WANTED)),
    "not all of": in_list(({"and_matcher": {"predicate": [equals(SNI, "witness.example"),
                                                          equals(PORT, "80")]}}, OTHER),
                          otherwise=WANTED),
    "one of": in_list(({"or_matcher": {"predicate": [equals(of("NetworkNamespaceInput"), "x"),
                                                     equals(SNI, "a.com")]}}, WANTED)),
    "none of": in_list(({"or_matcher": {"predicate": [equals(TRANSPORT, "raw_buffer"),
                                                      equals(PORT, "80")]}}, OTHER),
                       otherwise=WANTED),
    "not": in_list(({"not_matcher": equals(SOURCE, "198.51.100.99")}, WANTED)),
    "not not": in_list(({"not_matcher": {"not_matcher": equals(PORT, "9")}}, WANTED)),
    "local": in_list((equals(of("SourceTypeInput"), "local"), WANTED)),
    "not local": in_list((equals(of("SourceTypeInput"), "local"), OTHER), otherwise=WANTED),
    "a range as a value": in_list((single(SOURCE, custom_match=extension(
        "ip", f"{MATCHERS}.ip.v3.Ip", cidr_ranges=[TEN], stat_prefix="x")), WANTED)),
    "inside another": in_tree(PORT, **exactly(**{"7": inner(in_list((equals(SNI, "a.com"),
                                                                     WANTED)))})),
    "behind one that finds nothing": in_tree(
        SNI, inner(in_tree(SNI, **exactly(**{"a.com": WANTED}))),
        **exactly(**{"a.com": inner(in_tree(PORT, **exactly(**{"80": OTHER, "443": OTHER})))})),
}  # fmt: skip


def listening(tree, **fields):
    chains = [chain(tcp(), name=name, match={"destination_port": port})
              for port, name in ((80, "wanted"), (81, "other"))]  # fmt: skip
    return tracer(sections([listener(*chains, filter_chain_matcher=tree,
                                     listener_filters=[ORIGINAL_DST, TLS_INSPECTOR],
                                     use_original_dst=None, **fields)]))  # fmt: skip


@pytest.mark.parametrize("name", CHAIN_TREES)
def test_a_chain_that_a_tree_leads_to(name):
    found = find(listening(CHAIN_TREES[name]), "filter_chain", "wanted")
    assert isinstance(found, Witness), found
    assert found.answer.outcomes[0].filter_chain == "wanted"


def test_the_default_chain_takes_what_the_tree_leads_nowhere():
    default = chain(tcp(), name="default")
    tree = in_tree(PORT, **exactly(**{"80": WANTED, "443": OTHER}))
    found = find(listening(tree, default_filter_chain=default), "filter_chain", "default")
    assert isinstance(found, Witness), found
    assert found.answer.outcomes[0].filter_chain == "default"


def test_a_chain_that_no_tree_names_is_proven_unreachable():
    found = find(listening(in_list((equals(PORT, "80"), OTHER))), "filter_chain", "wanted")
    assert isinstance(found, NoWitness)
    assert found.proven
    assert found.reason == 'the filter_chain_matcher of listener "l" never names it'


@pytest.mark.parametrize(
    "tree",
    [
        in_list((equals(PORT, "80"), {**OTHER, "keep_matching": True})),
        in_list((equals(PORT, "80"), {"action": extension("a", "of.nobody.Knows")})),
        in_tree(PORT, custom_match=extension("m", "of.nobody.Knows")),
    ],
)
def test_a_tree_that_is_not_understood_proves_nothing(tree):
    found = find(listening(tree), "filter_chain", "wanted")
    assert isinstance(found, NoWitness)
    assert not found.proven


# Routes


def header(name):
    return extension("h", f"{HTTP}.HttpRequestHeaderMatchInput", header_name=name)


def parameter(name):
    return extension("q", f"{HTTP}.HttpRequestQueryParamMatchInput", query_param=name)


def routed(*routes, name="wanted"):
    """An action: a list of routes, the first of that name."""
    named = [{**one, "name": name if not index else f"{name}{index}"}
             for index, one in enumerate(routes)]  # fmt: skip
    return {"action": extension("r", "envoy.config.route.v3.RouteList", routes=named)}


MINE, ELSE = routed(route("a")), routed(route("b"), name="else")
ROUTE_TREES = {
    "a header": in_tree(header("x"), ELSE, **exactly(v1=MINE)),
    "without a header": in_tree(header("x"), MINE, **exactly(v1=ELSE)),
    "a method": in_tree(header(":method"), ELSE, **exactly(PUT=MINE)),
    "a path": in_tree(header(":path"), ELSE, prefix_match_map={"map": {"/mine": MINE}}),
    "a host": in_tree(header(":authority"), ELSE, **exactly(**{"a.com": MINE})),
    "a scheme": in_list((single(header("x"), value_match={"prefix": "v"}), MINE)),
    "a query parameter": in_tree(parameter("q"), ELSE, **exactly(**{"1": MINE})),
    "two query parameters": in_list(({"and_matcher": {"predicate": [
        equals(parameter("q"), "1"), equals(parameter("r"), "2")]}}, MINE)),
    "a source": in_list((equals(SOURCE, "10.1.1.1"), MINE)),
    "the second": in_list((equals(header("x"), "1"), ELSE),
                          (single(header("y"), value_match={"safe_regex": {"regex": "v[0-9]"}}),
                           MINE)),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTE_TREES)
def test_a_route_that_a_tree_leads_to(name):
    asked = behind(table(host("h", ["*"], matcher=ROUTE_TREES[name])))
    found = find(asked, "route", "wanted")
    assert isinstance(found, Witness), found
    assert found.answer.outcomes[0].route == "wanted"


def test_a_route_behind_another_of_the_same_action():
    listed = routed(route("a", prefix="/a"), route("b"))
    asked = behind(table(host("h", ["*"], matcher=in_tree(header("x"), **exactly(v=listed)))))
    found = find(asked, "route", "wanted1")
    assert isinstance(found, Witness), found
    assert found.answer.outcomes[0].route == "wanted1"


def test_an_action_that_is_one_route():
    named = {**route("a"), "name": "wanted"}
    one = {"action": {"name": "r", "typed_config": typed("envoy.config.route.v3.Route", **named)}}
    asked = behind(table(host("h", ["*"], matcher=in_tree(header("x"), **exactly(v=one)))))
    assert isinstance(find(asked, "route", "wanted"), Witness)


def test_a_cluster_that_only_a_tree_leads_to():
    asked = behind(table(host("h", ["*"], matcher=in_tree(header("x"), ELSE, **exactly(v=MINE)))))
    found = find(asked, "cluster", "a")
    assert isinstance(found, Witness), found
    assert found.answer.outcomes[0].cluster == "a"


def test_a_route_that_an_earlier_one_of_its_action_shadows_is_proven_unreachable():
    listed = routed(route("a"), route("b"))
    asked = behind(table(host("h", ["*"], matcher=in_tree(header("x"), **exactly(v=listed)))))
    found = find(asked, "route", "wanted1")
    assert isinstance(found, NoWitness)
    assert found.proven
    assert "shadowed by route #0" in found.reason


def test_where_a_tree_leads_instead_is_told():
    never = in_list((equals(header("x"), "1"), ELSE), (equals(header("x"), "1"), MINE))
    found = find(behind(table(host("h", ["*"], matcher=never))), "route", "wanted")
    assert isinstance(found, NoWitness)
    assert not found.proven
    assert "another route takes it, to which the virtual host's matcher leads" in found.reason
