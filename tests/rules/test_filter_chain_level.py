"""The nine criteria of a filter chain, one by one."""

import pytest

from osmscope.resources.address import CidrRange
from osmscope.resources.listener import FilterChainMatch
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain_level import (
    LEVELS,
    Key,
    Level,
    criterion_words,
    is_every_address,
    is_local,
    key_words,
)

KNOWN = Connection(
    destination_ip="10.0.0.1",
    destination_port=80,
    source_ip="10.0.0.2",
    source_port=1234,
    direct_source_ip="10.0.0.3",
)
UNKNOWN = Connection()
PIPE = Connection(is_ip=False)


def level(field: str) -> Level:
    return next(one for one in LEVELS if one.field == field)


def ranges(*texts: str) -> tuple[CidrRange, ...]:
    pairs = (text.split("/") for text in texts)
    return tuple(CidrRange(address_prefix=ip, prefix_len=int(length)) for ip, length in pairs)


def test_the_order_of_the_criteria() -> None:
    assert [one.field for one in LEVELS] == [
        "destination_port",
        "prefix_ranges",
        "server_names",
        "transport_protocol",
        "application_protocols",
        "direct_source_prefix_ranges",
        "source_type",
        "source_prefix_ranges",
        "source_ports",
    ]


@pytest.mark.parametrize("one", LEVELS, ids=lambda one: one.field)
def test_a_criterion_that_is_left_open_asks_for_no_key(one: Level) -> None:
    assert not list(one.keys(FilterChainMatch()))


TEN = 10 << 24


@pytest.mark.parametrize(
    ("field", "match", "keys"),
    [
        ("destination_port", FilterChainMatch(destination_port=80), [80]),
        ("prefix_ranges", FilterChainMatch(prefix_ranges=ranges("10.1.2.3/8")), [(4, 8, 10)]),
        ("prefix_ranges", FilterChainMatch(prefix_ranges=ranges("10.0.0.0/99")), [(4, 32, TEN)]),
        ("prefix_ranges", FilterChainMatch(prefix_ranges=ranges("::1/128")), [(6, 128, 1)]),
        ("prefix_ranges", FilterChainMatch(prefix_ranges=ranges("no address/8")), []),
        ("server_names", FilterChainMatch(server_names=("*.A.org", "b")), [".a.org", "b"]),
        ("transport_protocol", FilterChainMatch(transport_protocol="tls"), ["tls"]),
        ("application_protocols", FilterChainMatch(application_protocols=("h2",)), ["h2"]),
        (
            "direct_source_prefix_ranges",
            FilterChainMatch(direct_source_prefix_ranges=ranges("0.0.0.0/0")),
            [(4, 0, 0)],
        ),
        ("source_type", FilterChainMatch(source_type="EXTERNAL"), ["EXTERNAL"]),
        ("source_type", FilterChainMatch(source_type="LOCAL"), ["SAME_IP_OR_LOOPBACK"]),
        (
            "source_prefix_ranges",
            FilterChainMatch(source_prefix_ranges=ranges("::/0", "10.0.0.0/8")),
            [(6, 0, 0), (4, 8, 10)],
        ),
        ("source_ports", FilterChainMatch(source_ports=(1, 2)), [1, 2]),
    ],
)
def test_keys_that_a_chain_asks_for(field: str, match: FilterChainMatch, keys: list[Key]) -> None:
    assert list(level(field).keys(match)) == keys


@pytest.mark.parametrize(
    ("field", "connection", "first"),
    [
        ("destination_port", KNOWN, [80]),
        ("destination_port", PIPE, []),
        ("prefix_ranges", KNOWN, [(4, 32, TEN + 1), (4, 31, (TEN + 1) >> 1)]),
        ("prefix_ranges", PIPE, [(4, 32, 0xFFFFFFFF), (4, 31, 0x7FFFFFFF)]),
        ("server_names", Connection(detected_server_name="a.org"), ["a.org", ".org"]),
        ("transport_protocol", KNOWN, ["raw_buffer"]),
        ("application_protocols", Connection(application_protocols=("b", "a")), ["b", "a"]),
        ("direct_source_prefix_ranges", KNOWN, [(4, 32, TEN + 3), (4, 31, (TEN + 3) >> 1)]),
        ("source_type", KNOWN, ["EXTERNAL"]),
        ("source_type", PIPE, ["SAME_IP_OR_LOOPBACK"]),
        ("source_prefix_ranges", KNOWN, [(4, 32, TEN + 2), (4, 31, (TEN + 2) >> 1)]),
        ("source_ports", KNOWN, [1234]),
        ("source_ports", PIPE, []),
    ],
)
def test_keys_that_fit_a_connection_from_the_most_specific(
    field: str, connection: Connection, first: list[Key]
) -> None:
    assert list(level(field).lookups(connection))[:2] == first


@pytest.mark.parametrize(("ip", "lengths"), [("10.0.0.1", 33), ("::1", 129), ("", 0)])
def test_every_prefix_of_an_address_is_looked_up(ip: str, lengths: int) -> None:
    keys = list(level("prefix_ranges").lookups(Connection(destination_ip=ip)))
    assert len(keys) == lengths
    assert [is_every_address(key) for key in keys[-2:]] == [False, True][-lengths:] * bool(keys)


@pytest.mark.parametrize(
    ("source", "destination", "local"),
    [
        ("127.0.0.1", "10.0.0.1", True),
        ("::1", "fd00::1", True),
        ("127.0.0.9", "10.0.0.1", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("fd00:0::1", "fd00::1", True),
        ("10.0.0.2", "10.0.0.1", False),
        ("127.0.0.1", None, True),
        ("10.0.0.1", None, False),
    ],
)
def test_local_is_the_same_ip_or_exactly_the_loopback_address(
    source: str, destination: str | None, local: bool
) -> None:
    assert is_local(Connection(source_ip=source, destination_ip=destination)) is local


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("destination_port", "the destination port"),
        ("prefix_ranges", "the destination IP"),
        ("server_names", ""),
        ("transport_protocol", ""),
        ("application_protocols", ""),
        ("direct_source_prefix_ranges", "the address of the TCP peer itself"),
        ("source_type", "the source IP"),
        ("source_prefix_ranges", "the source IP"),
        ("source_ports", "the source port"),
    ],
)
def test_facts_that_nobody_gave_are_named(field: str, missing: str) -> None:
    assert level(field).missing(UNKNOWN) == missing
    assert level(field).missing(KNOWN) == ""
    assert level(field).missing(PIPE) == ""


@pytest.mark.parametrize(
    ("source", "missing"), [("127.0.0.1", ""), ("10.0.0.1", "the destination IP")]
)
def test_loopback_is_local_whatever_the_destination(source: str, missing: str) -> None:
    assert level("source_type").missing(Connection(source_ip=source)) == missing


@pytest.mark.parametrize(
    ("field", "connection", "words"),
    [
        ("destination_port", KNOWN, "the destination port is 80"),
        ("destination_port", PIPE, "the destination has no port"),
        ("prefix_ranges", KNOWN, "the destination is 10.0.0.1"),
        ("prefix_ranges", PIPE, "the destination has no IP"),
        ("server_names", Connection(detected_server_name="a"), 'the server name is "a"'),
        ("server_names", KNOWN, "no server name was detected"),
        ("transport_protocol", KNOWN, 'the transport protocol is "raw_buffer"'),
        (
            "application_protocols",
            Connection(application_protocols=("h2", "osm")),
            'the application protocols are "h2", "osm"',
        ),
        ("application_protocols", KNOWN, "no application protocol was detected"),
        ("direct_source_prefix_ranges", KNOWN, "the TCP peer is 10.0.0.3"),
        ("direct_source_prefix_ranges", PIPE, "the TCP peer has no IP"),
        ("source_type", KNOWN, "the source is 10.0.0.2, which is EXTERNAL"),
        ("source_type", PIPE, "the source has no IP, which is SAME_IP_OR_LOOPBACK"),
        ("source_prefix_ranges", KNOWN, "the source is 10.0.0.2"),
        ("source_ports", KNOWN, "the source port is 1234"),
        ("source_ports", PIPE, "the source has no port"),
    ],
)
def test_words_say_what_the_connection_has(field: str, connection: Connection, words: str) -> None:
    assert level(field).words(connection) == words


@pytest.mark.parametrize(
    ("field", "key", "words"),
    [
        ("destination_port", 14001, "destination port 14001"),
        ("prefix_ranges", (4, 32, 10 << 24 | 11), "prefix range 10.0.0.11/32"),
        ("prefix_ranges", (4, 0, 0), "prefix range 0.0.0.0/0"),
        ("source_prefix_ranges", (6, 32, 0x20010DB8), "source prefix range 2001:db8::/32"),
        ("server_names", "a.com", 'server name "a.com"'),
        ("server_names", ".a.com", 'server name "*.a.com"'),
        ("transport_protocol", "tls", 'transport protocol "tls"'),
        ("application_protocols", "h2", 'application protocol "h2"'),
        ("source_type", "EXTERNAL", 'source type "EXTERNAL"'),
        ("source_ports", 5, "source port 5"),
    ],
)
def test_a_criterion_in_words(field: str, key: Key, words: str) -> None:
    level = [one.field for one in LEVELS].index(field)
    assert criterion_words(level, key) == words
    assert key_words(level, None) == "none"
