from __future__ import annotations

import pytest

from osmscope.errors import DumpError
from osmscope.resources.address import CidrRange
from osmscope.trace.claims import Claim, Domains


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("bookstore", True),
        ("bookstore.books", True),
        ("bookstore.books.svc", True),
        ("bookstore.books.svc.cluster.local", True),
        ("bookstore.books.org", False),
        ("bookstore.other", False),
        ("books", False),
    ],
)
def test_a_chain_is_named_after_the_service_of_a_host(host, named):
    claim = Claim(listener="l", chain="c", service="bookstore.books")
    assert claim.is_named(host) is named
    assert not Claim(listener="l", chain="c").is_named(host)


@pytest.mark.parametrize(
    ("host", "port", "serves"),
    [
        ("a", 80, True),
        ("b", 80, True),
        ("b", 81, False),
        ("b", None, True),
        ("x.wild", 80, True),
        ("wild", 80, False),
        ("pre.x", 80, True),
        ("c", 80, False),
    ],
)
def test_a_chain_serves_the_domains_of_its_table(host, port, serves):
    domains = Domains.of(("A", "b:80", "*.wild", "pre.*", "*"))
    assert Claim(listener="l", chain="c", port=80, domains=domains).serves(host, port) is serves


def test_a_chain_is_described_by_its_name_or_its_listener():
    assert Claim(listener="l", chain="c").describe() == "filter chain c"
    assert Claim(listener="l", chain="").describe() == "an unnamed filter chain of listener l"


def test_the_first_range_gives_the_address():
    claim = Claim(
        listener="l", chain="c", ranges=(CidrRange(address_prefix="10.1.2.3", prefix_len=16),)
    )
    assert (claim.address, claim.is_single_address) == ("10.1.0.0", False)


def test_a_range_that_is_no_address_is_an_error_of_ours():
    claim = Claim(listener="l", chain="c", ranges=(CidrRange(address_prefix="books"),))
    with pytest.raises(DumpError, match="'books/0' is not an address range"):
        _ = claim.address
