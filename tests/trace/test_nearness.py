import pytest

from osmscope.resources.address import CidrRange
from osmscope.resources.listener import FilterChain, FilterChainMatch
from osmscope.resources.route import VirtualHost
from osmscope.rules.facts import Connection
from osmscope.trace.nearness import nearest_chains, nearest_virtual_hosts

HOSTS = [
    VirtualHost(name="none"),
    VirtualHost(name="far", domains=("qqqq",)),
    VirtualHost(name="typo", domains=("bookstor:80",)),
    VirtualHost(name="port", domains=("x", "bookstore:80")),
    VirtualHost(name="any", domains=("*",)),
]


@pytest.mark.parametrize(
    ("most", "names"),
    [(5, ["any", "port", "typo", "none", "far"]), (2, ["any", "port"])],
)
def test_hosts_that_cover_come_first_then_those_that_are_alike(most, names):
    assert [one.name for one in nearest_virtual_hosts("bookstore:8080", HOSTS, most)] == names


def chain(port=None, prefix=None, name=None):
    ranges = (CidrRange(address_prefix=prefix, prefix_len=32),) if prefix else ()
    names = (name,) if name else ()
    match = FilterChainMatch(destination_port=port, prefix_ranges=ranges, server_names=names)
    return FilterChain(filter_chain_match=match)


def test_chains_of_the_same_port_address_and_name_come_first():
    facts = Connection(destination_ip="10.0.0.1", destination_port=80, server_name="a.com")
    chains = [
        chain(),
        chain(81, "10.0.0.1"),
        chain(80, "10.0.0.1"),
        chain(80, "10.0.0.1", "*.com"),
        chain(81, "10.0.0.2", "b.org"),
    ]
    assert nearest_chains(facts, chains, 5) == [3, 2, 1, 4, 0]
    assert nearest_chains(facts, chains, 1) == [3]


def test_what_is_not_known_is_near_nothing():
    assert nearest_chains(Connection(), [chain(80), chain(None, "10.0.0.1")], 2) == [0, 1]
