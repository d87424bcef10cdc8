"""Dynamic forward proxy clusters, as a table of what Envoy 1.40.0 was observed to do."""

import pytest

from osmscope.rules.dynamic_forward_proxy import DynamicHost, dynamic_host
from osmscope.rules.facts import Connection, Headers, Request


def asked(authority: str | None) -> Request:
    pairs = [(":authority", authority)] if authority is not None else []
    return Request(connection=Connection(), headers=Headers.of(pairs))


@pytest.mark.parametrize(
    ("authority", "tls", "address"),
    [
        ("127.8.3.3:18399", False, "127.8.3.3:18399"),
        ("127.8.3.3", False, "127.8.3.3:80"),
        ("127.8.3.3", True, "127.8.3.3:443"),
        ("127.8.3.3:8443", True, "127.8.3.3:8443"),
    ],
)
def test_an_address_is_the_endpoint(authority: str, tls: bool, address: str) -> None:
    assert dynamic_host(asked(authority), tls=tls) == DynamicHost(address=address)


@pytest.mark.parametrize(
    "authority",
    ["a.com", "a.com:80", "[::1]:80", "127.0.0.1:99999", "127.0.0.1:x", "127.0.0.1:", None],
)
def test_a_name_is_for_dns_to_tell(authority: str | None) -> None:
    found = dynamic_host(asked(authority), tls=False)
    assert found.address == ""
    assert found.missing == f'the address of "{authority or ""}", for which Envoy asks DNS'
