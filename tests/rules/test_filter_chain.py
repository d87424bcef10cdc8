"""Which filter chain takes a connection: Envoy 1.40.0's answers, and an index that is a walk."""

import ipaddress
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmscope.resources.address import CidrRange
from osmscope.resources.listener import FilterChain, FilterChainMatch, Listener
from osmscope.resources.matcher import Matcher, OnMatch, TypedExtensionConfig
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain import FilterChainChoice, FilterChainIndex


def ranges(*texts: str) -> tuple[CidrRange, ...]:
    pairs = (text.split("/") for text in texts)
    return tuple(CidrRange(address_prefix=ip, prefix_len=int(length)) for ip, length in pairs)


def chain(name: str, **criteria: object) -> FilterChain:
    return FilterChain(name=name, filter_chain_match=FilterChainMatch(**criteria))


def connection(destination: str = "10.0.0.1:80", **facts: object) -> Connection:
    ip, _, port = destination.rpartition(":")
    known = {
        "destination_ip": ip,
        "destination_port": int(port),
        "source_ip": "10.0.0.9",
        "source_port": 1234,
        "direct_source_ip": "10.0.0.8",
        **facts,
    }
    return Connection(**known)


def find(chains: tuple[FilterChain, ...], facts: Connection) -> FilterChainChoice:
    return FilterChainIndex(Listener(filter_chains=chains)).find(facts)


TEN = ranges("10.0.0.0/8")
PORT_AND_RANGE = (chain("a", destination_port=80, prefix_ranges=TEN), chain("b"))
SOURCES = (
    chain("a", source_prefix_ranges=ranges("172.16.5.5/32"), source_ports=(7,)),
    chain("b", source_prefix_ranges=ranges("172.16.0.0/12")),
    chain("c"),
)
EXACT_AND_WILDCARD = (
    chain("exact", server_names=("q.org",), application_protocols=("h2",)),
    chain("wildcard", server_names=("*.org",)),
)
PLAINTEXT = (
    chain("a", transport_protocol="raw_buffer", application_protocols=("http/1.1",)),
    chain("b", application_protocols=("http/1.0",)),
    chain("c"),
)
ALPN = (
    chain("a", application_protocols=("h2",)),
    chain("b", application_protocols=("http/1.1",)),
    chain("c", transport_protocol="tls"),
)
LOCAL = (
    chain("local", source_type="SAME_IP_OR_LOOPBACK", source_ports=(1,)),
    chain("external", source_type="EXTERNAL"),
    chain("any"),
)
FAMILIES = (
    chain("v4", prefix_ranges=ranges("0.0.0.0/0")),
    chain("v6", prefix_ranges=ranges("::/0")),
)


@pytest.mark.parametrize(
    ("chains", "facts", "name", "level"),
    [
        (PORT_AND_RANGE, connection("11.1.1.1:80"), None, "prefix_ranges"),
        (PORT_AND_RANGE, connection("11.1.1.1:81"), "b", ""),
        (PORT_AND_RANGE, connection("10.1.1.1:80"), "a", ""),
        (
            (
                chain(
                    "a",
                    prefix_ranges=ranges("10.1.1.1/32"),
                    source_prefix_ranges=ranges("172.16.0.0/12"),
                ),
                chain("b", prefix_ranges=TEN),
            ),
            connection("10.1.1.1:80"),
            None,
            "source_prefix_ranges",
        ),
        (SOURCES, connection(source_ip="172.16.5.5", source_port=8), None, "source_ports"),
        (SOURCES, connection(source_ip="172.16.5.5", source_port=7), "a", ""),
        (SOURCES, connection(source_ip="172.16.5.6"), "b", ""),
        (SOURCES, connection(source_ip="9.9.9.9"), "c", ""),
        (
            EXACT_AND_WILDCARD,
            connection(detected_server_name="q.org"),
            None,
            "application_protocols",
        ),
        (EXACT_AND_WILDCARD, connection(detected_server_name="x.y.org"), "wildcard", ""),
        (EXACT_AND_WILDCARD, connection(detected_server_name="org"), None, "server_names"),
        (EXACT_AND_WILDCARD, connection(), None, "server_names"),
        (PLAINTEXT, connection(application_protocols=("http/1.1",)), "a", ""),
        (
            PLAINTEXT,
            connection(application_protocols=("http/1.0",)),
            None,
            "application_protocols",
        ),
        (ALPN, connection(transport_protocol="tls", application_protocols=("h2",)), "c", ""),
        (ALPN, connection(application_protocols=("http/1.1", "h2")), "b", ""),
        (LOCAL, connection(source_ip="127.0.0.1"), None, "source_ports"),
        (LOCAL, connection(source_ip="127.0.0.1", source_port=1), "local", ""),
        (LOCAL, connection(source_ip="127.0.0.9"), "external", ""),
        (LOCAL[::2], connection(), "any", ""),
        (LOCAL[1:], connection(source_ip="127.0.0.1"), "any", ""),
        (FAMILIES, connection("10.0.0.1:80"), "v4", ""),
        (FAMILIES, connection("::1:80"), "v6", ""),
        (FAMILIES, Connection(is_ip=False), "v4", ""),
        ((), connection(), None, "filter_chains"),
        ((chain("only"),), Connection(), "only", ""),
    ],
)
def test_the_most_specific_key_at_each_level_without_going_back(
    chains: tuple[FilterChain, ...], facts: Connection, name: str | None, level: str
) -> None:
    choice = find(chains, facts)
    assert (choice.chain and choice.chain.name, choice.level) == (name, level)
    assert choice.index == next((i for i, one in enumerate(chains) if one.name == name), None)
    assert not choice.is_default
    assert not choice.ambiguous


@pytest.mark.parametrize("chains", [PORT_AND_RANGE, ()])
def test_what_no_chain_takes_goes_to_the_default_chain(chains: tuple[FilterChain, ...]) -> None:
    listener = Listener(filter_chains=chains, default_filter_chain=chain("default"))
    choice = FilterChainIndex(listener).find(connection("11.1.1.1:80"))
    assert choice.chain is listener.default_filter_chain
    assert (choice.is_default, choice.index) == (True, None)
    assert choice.level


@pytest.mark.parametrize(
    ("chains", "facts", "missing"),
    [
        (SOURCES, Connection(), "the source IP"),
        (SOURCES, Connection(source_ip="172.16.5.5"), "the source port"),
        (SOURCES, Connection(source_ip="9.9.9.9"), ""),
        (PORT_AND_RANGE, Connection(), "the destination port"),
        (PORT_AND_RANGE, Connection(destination_port=81), ""),
        (PORT_AND_RANGE, Connection(destination_port=80), "the destination IP"),
    ],
)
def test_an_unknown_fact_matters_only_where_it_has_to_decide(
    chains: tuple[FilterChain, ...], facts: Connection, missing: str
) -> None:
    choice = find(chains, facts)
    assert choice.missing == missing
    assert (choice.chain is None) is bool(missing)


EVERY_AND_EMPTY = (
    chain("empty"),
    chain("every", prefix_ranges=ranges("0.0.0.0/0"), source_ports=(1234,)),
    chain("ten", prefix_ranges=TEN),
)


@pytest.mark.parametrize(
    ("facts", "name", "ambiguous"),
    [
        (connection("11.0.0.1:80"), "every", True),
        (connection("11.0.0.1:80", source_port=1), None, True),
        (connection("10.0.0.1:80"), "ten", False),
        (connection("::1:80"), "empty", False),
    ],
)
def test_a_range_of_every_address_beside_an_empty_one_is_ambiguous(
    facts: Connection, name: str | None, ambiguous: bool
) -> None:
    choice = find(EVERY_AND_EMPTY, facts)
    assert (choice.chain and choice.chain.name) == name
    assert ("it takes either" in choice.ambiguous) is ambiguous


def test_chains_with_the_same_match_are_ambiguous_though_envoy_refuses_them() -> None:
    choice = find((chain("a"), chain("b")), connection())
    assert choice.chain is not None
    assert choice.chain.name == "a"
    assert choice.ambiguous == "several filter chains have the same filter_chain_match"


def test_an_index_gives_the_same_answer_when_it_is_asked_again() -> None:
    index = FilterChainIndex(Listener(filter_chains=SOURCES))
    facts = connection(source_ip="172.16.5.6")
    assert index.find(facts) == index.find(facts)


def matcher(type_name: str, **value: str) -> Matcher:
    body = {"@type": f"type.googleapis.com/{type_name}", **value}
    action = TypedExtensionConfig(typed_config=msgspec.Raw(json.dumps(body).encode()))
    return Matcher(on_no_match=OnMatch(action=action))


@pytest.mark.parametrize(
    ("asked", "name", "index", "missing"),
    [
        (matcher("google.protobuf.StringValue", value="b"), "b", 1, ""),
        (matcher("google.protobuf.StringValue", value="nobody"), None, None, ""),
        (Matcher(), "default", None, ""),
        (matcher("some.Other"), None, None, "what the action some.Other chooses"),
    ],
    ids=["named", "named, but not there: closed", "nothing: the default chain", "unknown"],
)
def test_a_filter_chain_matcher_alone_decides(
    asked: Matcher, name: str | None, index: int | None, missing: str
) -> None:
    listener = Listener(
        filter_chains=(chain("a"), chain("b", destination_port=1)),
        filter_chain_matcher=asked,
        default_filter_chain=chain("default"),
    )
    choice = FilterChainIndex(listener).find(connection())
    assert (choice.chain and choice.chain.name, choice.index) == (name, index)
    assert choice.missing == missing
    assert choice.verdict is not None


# What follows says the same as the index in other words: sequential filtering, level by level.

Keys = Callable[[FilterChainMatch], set[object]]


def prefixes(field: str) -> Keys:
    def keys(match: FilterChainMatch) -> set[object]:
        listed = getattr(match, field)
        if not listed:
            return {ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")}
        return {one.network() for one in listed}

    return keys


def longest(ip: str) -> Callable[[set[object]], object]:
    address = ipaddress.ip_address(ip)

    def best(keys: set[object]) -> object:
        networks = (one for one in keys if address in one)
        return max(networks, key=lambda network: network.prefixlen, default=None)

    return best


def first_of(*wanted: object) -> Callable[[set[object]], object]:
    return lambda keys: next((one for one in wanted if one in keys), None)


def suffixes(name: str) -> list[str]:
    labels = name.split(".")
    return ["*." + ".".join(labels[place:]) for place in range(1, len(labels))]


def naive(chains: tuple[FilterChain, ...], facts: Connection) -> str | None:
    same = facts.source_ip in ("127.0.0.1", facts.destination_ip)
    levels: list[tuple[Keys, Callable[[set[object]], object]]] = [
        (lambda m: {m.destination_port or "any"}, first_of(facts.destination_port, "any")),
        (prefixes("prefix_ranges"), longest(facts.destination_ip or "")),
        (
            lambda m: set(m.server_names) or {"any"},
            first_of(facts.detected_server_name, *suffixes(facts.detected_server_name), "any"),
        ),
        (lambda m: {m.transport_protocol or "any"}, first_of(facts.transport_protocol, "any")),
        (
            lambda m: set(m.application_protocols) or {"any"},
            first_of(*facts.application_protocols, "any"),
        ),
        (prefixes("direct_source_prefix_ranges"), longest(facts.direct_source_ip or "")),
        (
            lambda m: {m.source_type},
            first_of("SAME_IP_OR_LOOPBACK" if same else "EXTERNAL", "ANY"),
        ),
        (prefixes("source_prefix_ranges"), longest(facts.source_ip or "")),
        (lambda m: set(m.source_ports) or {"any"}, first_of(facts.source_port, "any")),
    ]
    left = chains
    for keys, choose in levels:
        best = choose({key for one in left for key in keys(one.filter_chain_match)})
        left = tuple(one for one in left if best in keys(one.filter_chain_match))
    return left[0].name if left else None


# /0 is left out: beside an empty list it is ambiguous, for Envoy as well.
cidrs = st.lists(
    st.sampled_from(("10.0.0.0/8", "10.0.0.0/31", "10.0.0.1/32", "fd00::/8", "fd00::1/128")),
    max_size=2,
    unique=True,
).map(lambda texts: ranges(*texts))
ips = st.sampled_from(("10.0.0.0", "10.0.0.1", "10.9.9.9", "11.0.0.1", "127.0.0.1", "fd00::1"))
ports = st.integers(1, 3)
protocols = st.lists(st.sampled_from(("h2", "http/1.1", "osm")), max_size=2, unique=True).map(tuple)
matches = st.builds(
    FilterChainMatch,
    destination_port=st.none() | ports,
    prefix_ranges=cidrs,
    server_names=st.lists(
        st.sampled_from(("a.b.org", "*.b.org", "*.org")), max_size=2, unique=True
    ).map(tuple),
    transport_protocol=st.sampled_from(("", "tls", "raw_buffer")),
    application_protocols=protocols,
    direct_source_prefix_ranges=cidrs,
    source_type=st.sampled_from(("ANY", "SAME_IP_OR_LOOPBACK", "EXTERNAL")),
    source_prefix_ranges=cidrs,
    source_ports=st.lists(ports, max_size=2, unique=True).map(tuple),
)
few_criteria = matches.flatmap(
    lambda match: st.sets(st.sampled_from(match.__struct_fields__), min_size=7).map(
        lambda left_open: msgspec.structs.replace(
            match, **{name: getattr(FilterChainMatch(), name) for name in left_open}
        )
    )
)
connections = st.builds(
    Connection,
    destination_ip=ips,
    destination_port=ports,
    source_ip=ips,
    source_port=ports,
    direct_source_ip=ips,
    detected_server_name=st.sampled_from(("", "a.b.org", "c.b.org", "org")),
    transport_protocol=st.sampled_from(("tls", "raw_buffer")),
    application_protocols=protocols,
)


@settings(deadline=None)
@given(st.lists(few_criteria, max_size=8), connections)
def test_the_index_says_what_sequential_filtering_says(
    asked: list[FilterChainMatch], facts: Connection
) -> None:
    chains = tuple(
        FilterChain(name=str(place), filter_chain_match=match) for place, match in enumerate(asked)
    )
    choice = find(chains, facts)
    assert (choice.chain and choice.chain.name) == naive(chains, facts)
