"""The nine criteria of a filter chain, in the order in which Envoy asks for them.

What Envoy does: destination port, destination address, server name, transport protocol,
application protocol, address of the TCP peer, source type, source address, source port. At each
one it looks up keys from the most specific to the least; an empty criterion is the last resort.
An address that is not an IP has no port, and is 255.255.255.255 where ranges are looked up.
Checked against Envoy 1.40.0. Not modelled: `address_suffix` and `suffix_len`, which Envoy refuses.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator

import msgspec

from osmscope.resources.address import CidrRange, parse_ip, read_ip
from osmscope.resources.listener import FilterChainMatch
from osmscope.rules.facts import Connection
from osmscope.rules.server_name import server_name_key, server_name_keys

Range = tuple[int, int, int]
"""IP version, prefix length, and the address without its host bits."""
Key = int | str | Range
"""What chains are filed under at one level."""

SAME_IP_OR_LOOPBACK = "SAME_IP_OR_LOOPBACK"
EXTERNAL = "EXTERNAL"
_LOOPBACK = ("127.0.0.1", "::1")
_NOT_AN_IP = "255.255.255.255"


class Level(msgspec.Struct, frozen=True):
    """One criterion."""

    field: str
    """The field of `filter_chain_match`."""
    keys: Callable[[FilterChainMatch], Iterable[Key]]
    """The keys that a chain asks for; empty where it leaves the criterion open."""
    lookups: Callable[[Connection], Iterable[Key]]
    """The keys that fit a connection, the most specific first."""
    missing: Callable[[Connection], str]
    """The fact of the connection that is not known, as a noun; "" where it is known."""
    words: Callable[[Connection], str]
    """What the connection has, as a clause: 'the destination port is 80'."""


def is_local(connection: Connection) -> bool:
    """Whether the connection counts as `SAME_IP_OR_LOOPBACK`.

    Only 127.0.0.1 and ::1 are loopback for Envoy, not all of 127.0.0.0/8.
    """
    if not connection.is_ip:
        return True
    source = connection.source_ip
    if source is None or connection.destination_ip is None:
        return source in _LOOPBACK
    return source in _LOOPBACK or parse_ip(source) == parse_ip(connection.destination_ip)


def is_every_address(key: Key | None) -> bool:
    """Whether a key is a range of all addresses, as an empty list of ranges is for Envoy."""
    return isinstance(key, tuple) and key[1] == 0


def _range_keys(ranges: Iterable[CidrRange]) -> Iterator[Range]:
    for cidr in ranges:
        address = read_ip(cidr.address_prefix)
        if address is not None:
            length = min(cidr.prefix_len, address.max_prefixlen)
            yield address.version, length, int(address) >> (address.max_prefixlen - length)


def _range_lookups(text: str | None, is_ip: bool) -> Iterator[Range]:
    address = parse_ip((text or "") if is_ip else _NOT_AN_IP)
    if address is None:
        return
    version, bits, value = address.version, address.max_prefixlen, int(address)
    for host_bits in range(bits + 1):
        yield version, bits - host_bits, value >> host_bits


def _port_lookups(port: int | None, is_ip: bool) -> tuple[int, ...]:
    return (port,) if is_ip and port is not None else ()


def _source_type_keys(match: FilterChainMatch) -> tuple[str, ...]:
    if match.source_type == "ANY":
        return ()
    return (SAME_IP_OR_LOOPBACK if match.source_type == "LOCAL" else match.source_type,)


def _unless(known: object, connection: Connection, noun: str) -> str:
    return noun if connection.is_ip and known is None else ""


def _missing_for_source_type(connection: Connection) -> str:
    if connection.source_ip in _LOOPBACK:
        return ""
    return _unless(connection.source_ip, connection, "the source IP") or _unless(
        connection.destination_ip, connection, "the destination IP"
    )


def _source_type_words(connection: Connection) -> str:
    source = _source(connection)
    if not connection.is_ip or is_local(connection):
        return f"{source}, which is SAME_IP_OR_LOOPBACK"
    return f"{source}, which is EXTERNAL"


def _source(connection: Connection) -> str:
    return f"the source is {connection.source_ip}" if connection.is_ip else "the source has no IP"


def _server_name_words(connection: Connection) -> str:
    if connection.detected_server_name:
        return f'the server name is "{connection.detected_server_name}"'
    return "no server name was detected"


def _application_protocol_words(connection: Connection) -> str:
    if connection.application_protocols:
        listed = ", ".join(f'"{name}"' for name in connection.application_protocols)
        return f"the application protocols are {listed}"
    return "no application protocol was detected"


LEVELS: tuple[Level, ...] = (
    Level(
        field="destination_port",
        keys=lambda match: () if match.destination_port is None else (match.destination_port,),
        lookups=lambda facts: _port_lookups(facts.destination_port, facts.is_ip),
        missing=lambda facts: _unless(facts.destination_port, facts, "the destination port"),
        words=lambda facts: (
            f"the destination port is {facts.destination_port}"
            if facts.is_ip
            else "the destination has no port"
        ),
    ),
    Level(
        field="prefix_ranges",
        keys=lambda match: _range_keys(match.prefix_ranges),
        lookups=lambda facts: _range_lookups(facts.destination_ip, facts.is_ip),
        missing=lambda facts: _unless(facts.destination_ip, facts, "the destination IP"),
        words=lambda facts: (
            f"the destination is {facts.destination_ip}"
            if facts.is_ip
            else "the destination has no IP"
        ),
    ),
    Level(
        field="server_names",
        keys=lambda match: map(server_name_key, match.server_names),
        lookups=lambda facts: server_name_keys(facts.detected_server_name),
        missing=lambda _: "",
        words=_server_name_words,
    ),
    Level(
        field="transport_protocol",
        keys=lambda match: (match.transport_protocol,) if match.transport_protocol else (),
        lookups=lambda facts: (facts.transport_protocol,),
        missing=lambda _: "",
        words=lambda facts: f'the transport protocol is "{facts.transport_protocol}"',
    ),
    Level(
        field="application_protocols",
        keys=lambda match: match.application_protocols,
        lookups=lambda facts: facts.application_protocols,
        missing=lambda _: "",
        words=_application_protocol_words,
    ),
    Level(
        field="direct_source_prefix_ranges",
        keys=lambda match: _range_keys(match.direct_source_prefix_ranges),
        lookups=lambda facts: _range_lookups(facts.direct_source_ip, facts.is_ip),
        missing=lambda facts: _unless(
            facts.direct_source_ip, facts, "the address of the TCP peer itself"
        ),
        words=lambda facts: (
            f"the TCP peer is {facts.direct_source_ip}" if facts.is_ip else "the TCP peer has no IP"
        ),
    ),
    Level(
        field="source_type",
        keys=_source_type_keys,
        lookups=lambda facts: (SAME_IP_OR_LOOPBACK if is_local(facts) else EXTERNAL,),
        missing=_missing_for_source_type,
        words=_source_type_words,
    ),
    Level(
        field="source_prefix_ranges",
        keys=lambda match: _range_keys(match.source_prefix_ranges),
        lookups=lambda facts: _range_lookups(facts.source_ip, facts.is_ip),
        missing=lambda facts: _unless(facts.source_ip, facts, "the source IP"),
        words=_source,
    ),
    Level(
        field="source_ports",
        keys=lambda match: match.source_ports,
        lookups=lambda facts: _port_lookups(facts.source_port, facts.is_ip),
        missing=lambda facts: _unless(facts.source_port, facts, "the source port"),
        words=lambda facts: (
            f"the source port is {facts.source_port}" if facts.is_ip else "the source has no port"
        ),
    ),
)
"""All criteria, in Envoy's order."""


def key_words(level: int, key: Key | None) -> str:
    """Write a key of a criterion: `14001`, `10.96.0.11/32`, `"*.example.com"`.

    Args:
        level: The criterion's index in `LEVELS`.
        key: The key; None for the chains that leave the criterion open.
    """
    if isinstance(key, tuple):
        version, length, value = key
        family = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        return f"{family(value << (family(0).max_prefixlen - length))}/{length}"
    if isinstance(key, str):
        wildcard = LEVELS[level].field == "server_names" and key.startswith(".")
        return f'"*{key}"' if wildcard else f'"{key}"'
    return "none" if key is None else str(key)


def criterion_words(level: int, key: Key | None) -> str:
    """Write a criterion with its key: `destination port 14001`, `prefix range 10.96.0.11/32`."""
    noun = LEVELS[level].field.replace("_", " ").removesuffix("s")
    return f"{noun} {key_words(level, key)}"
