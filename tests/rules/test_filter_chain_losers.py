"""Why the other filter chains did not take a connection."""

import json

import msgspec
import pytest

from osmscope.resources.address import CidrRange
from osmscope.resources.listener import FilterChain, FilterChainMatch, Listener
from osmscope.resources.matcher import Matcher, OnMatch, TypedExtensionConfig
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain import FilterChainIndex
from osmscope.rules.filter_chain_losers import losers


def ranges(text: str) -> tuple[CidrRange, ...]:
    ip, _, length = text.partition("/")
    return (CidrRange(address_prefix=ip, prefix_len=int(length)),)


def chain(name: str, **criteria: object) -> FilterChain:
    return FilterChain(name=name, filter_chain_match=FilterChainMatch(**criteria))


def connection(**facts: object) -> Connection:
    return Connection(
        **{
            "destination_ip": "10.0.0.1",
            "destination_port": 80,
            "source_ip": "10.0.0.9",
            "source_port": 1234,
            **facts,
        }
    )


def why(chains: tuple[FilterChain, ...], facts: Connection) -> dict[str, tuple[str, str]]:
    listener = Listener(filter_chains=chains)
    choice = FilterChainIndex(listener).find(facts)
    return {one.chain.name: (one.reason, one.field) for one in losers(listener, facts, choice)}


PREFERRED = "which Envoy looks up first; it does not go back"


@pytest.mark.parametrize(
    ("winner", "loser", "facts", "reason", "field"),
    [
        (
            chain("winner"),
            chain("loser", destination_port=443),
            connection(),
            "the destination port is 80, and it asks for 443",
            "filter_chain_match.destination_port",
        ),
        (
            chain("winner", prefix_ranges=ranges("10.0.0.1/32")),
            chain("loser", prefix_ranges=ranges("11.0.0.0/8")),
            connection(),
            "the destination is 10.0.0.1, and it asks for 11.0.0.0/8",
            "filter_chain_match.prefix_ranges",
        ),
        (
            chain("winner"),
            chain("loser", server_names=("a.org", "b.org")),
            connection(),
            "no server name was detected, and it asks for a.org or b.org",
            "filter_chain_match.server_names",
        ),
        (
            chain("winner", destination_port=80),
            chain("loser", transport_protocol="tls"),
            connection(),
            'the transport protocol is "raw_buffer", and it asks for tls',
            "filter_chain_match.transport_protocol",
        ),
        (
            chain("winner", destination_port=80),
            chain("loser"),
            connection(),
            "it fits, but the destination port is 80 and another filter chain names 80, "
            f"{PREFERRED}",
            "filter_chain_match.destination_port",
        ),
        (
            chain("winner", prefix_ranges=ranges("10.0.0.0/24")),
            chain("loser", prefix_ranges=ranges("10.0.0.0/8")),
            connection(),
            "it fits, but the destination is 10.0.0.1 and another filter chain names 10.0.0.0/24, "
            f"{PREFERRED}",
            "filter_chain_match.prefix_ranges",
        ),
        (
            chain("winner", prefix_ranges=ranges("fd00::/64")),
            chain("loser"),
            connection(destination_ip="fd00::1"),
            "it fits, but the destination is fd00::1 and another filter chain names fd00::/64, "
            f"{PREFERRED}",
            "filter_chain_match.prefix_ranges",
        ),
        (
            chain("winner", application_protocols=("h2",)),
            chain("loser", application_protocols=("osm",)),
            connection(application_protocols=("h2", "osm")),
            'it fits, but the application protocols are "h2", "osm" and another filter chain '
            f'names "h2", {PREFERRED}',
            "filter_chain_match.application_protocols",
        ),
        (
            chain("winner", prefix_ranges=ranges("0.0.0.0/0")),
            chain("loser"),
            connection(),
            "it fits as well, and Envoy takes either",
            "filter_chain_match.prefix_ranges",
        ),
        (
            chain("winner"),
            chain("loser"),
            connection(),
            "it fits as well, and Envoy takes either",
            "filter_chain_match",
        ),
    ],
)
def test_what_does_not_fit_is_told_from_what_lost_to_another_key(
    winner: FilterChain, loser: FilterChain, facts: Connection, reason: str, field: str
) -> None:
    assert why((winner, loser), facts) == {"loser": (reason, field)}


def test_each_level_that_decided_is_asked_in_turn() -> None:
    chains = (
        chain("winner", destination_port=80, source_ports=(1234,)),
        chain("loser", destination_port=80),
    )
    reason, field = why(chains, connection())["loser"]
    assert "names 1234" in reason
    assert field == "filter_chain_match.source_ports"


def test_what_is_not_known_is_named() -> None:
    chains = (chain("a", source_ports=(1,)), chain("b"), chain("c", destination_port=1))
    assert why(chains, connection(source_port=None, destination_port=2)) == {
        "a": ("it may fit: the source port is not known", "filter_chain_match.source_ports"),
        "b": ("it may fit: the source port is not known", "filter_chain_match.source_ports"),
        "c": (
            "the destination port is 2, and it asks for 1",
            "filter_chain_match.destination_port",
        ),
    }


def test_where_no_chain_takes_the_connection_each_has_its_reason() -> None:
    chains = (
        chain("port", destination_port=80, source_ports=(1,)),
        chain("open"),
    )
    reasons = why(chains, connection())
    assert reasons["port"][0] == "the source port is 1234, and it asks for 1"
    assert reasons["open"][0].endswith(PREFERRED)


def test_a_filter_chain_matcher_names_one_and_not_the_others() -> None:
    body = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "a"}
    action = TypedExtensionConfig(typed_config=msgspec.Raw(json.dumps(body).encode()))
    listener = Listener(
        filter_chains=(chain("a"), chain("b")),
        filter_chain_matcher=Matcher(on_no_match=OnMatch(action=action)),
    )
    choice = FilterChainIndex(listener).find(connection())
    (loser,) = losers(listener, connection(), choice)
    assert (loser.index, loser.field) == (1, "name")
    assert loser.reason == "the listener's filter_chain_matcher does not name it"


def test_losers_may_be_told_of_a_few_in_an_order_of_their_own() -> None:
    chains = tuple(chain(f"c{port}", destination_port=port) for port in (80, 81, 82, 83))
    listener = Listener(filter_chains=chains)
    choice = FilterChainIndex(listener).find(connection())
    found = losers(listener, connection(), choice, (3, 0, 1))
    assert [one.index for one in found] == [3, 1]
