"""Which candidates come closest to what a request asks for.

Decision: losers are shown nearest first, and only the nearest of many are looked at closely, so
that a table of ten thousand costs no more than one of two hundred.
"""

import difflib
import heapq
from collections.abc import Sequence

from osmscope.resources.address import CidrRange, parse_ip, split_host_port
from osmscope.resources.listener import FilterChain
from osmscope.resources.route import VirtualHost
from osmscope.rules.facts import Connection
from osmscope.rules.ip_range import contains, network_of
from osmscope.rules.server_name import server_name_key, server_name_keys
from osmscope.rules.virtual_host import domain_fits

_LOOKED_AT = 200
"""How many are compared letter by letter."""

_SINGLE = 32


def nearest_virtual_hosts(
    host: str, virtual_hosts: Sequence[VirtualHost], most: int
) -> list[VirtualHost]:
    """List the virtual hosts whose domains are most like a host, the nearest first.

    Args:
        host: What was looked up, in lower case.
        virtual_hosts: All candidates.
        most: How many are listed at most.
    """
    likeness = difflib.SequenceMatcher(autojunk=False)
    likeness.set_seq2(host)
    name = split_host_port(host)[0]

    def roughly(virtual_host: VirtualHost) -> float:
        if any(one.startswith(name) or _covers(one, host) for one in virtual_host.domains):
            return 1.0
        if not virtual_host.domains:
            return 0.0
        likeness.set_seq1(min(virtual_host.domains, key=lambda one: abs(len(one) - len(host))))
        return likeness.quick_ratio()

    def exactly(virtual_host: VirtualHost) -> float:
        return max((_ratio(likeness, host, one) for one in virtual_host.domains), default=0.0)

    close = heapq.nlargest(max(most, _LOOKED_AT), virtual_hosts, key=roughly)
    return sorted(close, key=exactly, reverse=True)[:most]


def _covers(domain: str, host: str) -> bool:
    return "*" in domain and domain_fits(domain, host)


def _holds(cidr_range: CidrRange, ip: str) -> bool:
    # Meshes have ten thousand ranges of a single address: their text is compared.
    if cidr_range.prefix_len >= _SINGLE:
        return cidr_range.address_prefix == ip
    return contains(network_of(cidr_range), ip)


def _ratio(likeness: "difflib.SequenceMatcher[str]", host: str, domain: str) -> float:
    if _covers(domain, host):
        return 1.0
    likeness.set_seq1(domain)
    return likeness.ratio()


def nearest_chains(connection: Connection, chains: Sequence[FilterChain], most: int) -> list[int]:
    """List the places of the filter chains that ask for most of what a connection has.

    Among equals, those whose addresses begin alike come first.

    Args:
        connection: The connection, as the listener filters left it.
        chains: All filter chains of the listener.
        most: How many are listed at most.

    Raises:
        DumpError: A chain's range is not one.
    """
    ip = connection.destination_ip or ""
    server_names = set(server_name_keys(connection.server_name))

    def agreements(index: int) -> tuple[int, int]:
        match = chains[index].filter_chain_match
        port = match.destination_port
        agreed = (
            (port is not None and port == connection.destination_port)
            + any(_holds(one, ip) for one in match.prefix_ranges)
            + (not server_names.isdisjoint(map(server_name_key, match.server_names)))
        )
        return agreed, max((_shared_bits(one, ip) for one in match.prefix_ranges), default=-1)

    return heapq.nlargest(most, range(len(chains)), key=agreements)


def _shared_bits(cidr_range: CidrRange, ip: str) -> int:
    """Count the bits with which a range and an address begin alike; -1 for different families."""
    start, address = parse_ip(cidr_range.address_prefix), parse_ip(ip)
    if start is None or address is None or start.version != address.version:
        return -1
    return address.max_prefixlen - (int(start) ^ int(address)).bit_length()
