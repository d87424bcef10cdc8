import ipaddress

import pytest

from osmscope.errors import DumpError
from osmscope.resources.address import (
    Address,
    CidrRange,
    EnvoyInternalAddress,
    Pipe,
    SocketAddress,
    host_port,
    parse_ip,
    parse_network,
    split_host_port,
)
from osmscope.resources.resource import decode


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address(socket_address=SocketAddress(address="10.0.0.1", port_value=80)), "10.0.0.1:80"),
        (Address(socket_address=SocketAddress(address="::1", port_value=80)), "[::1]:80"),
        (Address(pipe=Pipe(path="/run/x")), "/run/x"),
        (
            Address(
                envoy_internal_address=EnvoyInternalAddress(
                    server_listener_name="n", endpoint_id="i"
                )
            ),
            "envoy://n/i",
        ),
        (Address(), ""),
    ],
)
def test_an_address_is_written_as_in_the_access_log(address, text):
    assert address.text() == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.com", ("a.com", None)),
        ("a.com:80", ("a.com", 80)),
        ("10.0.0.1:80", ("10.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("[::1]", ("::1", None)),
        ("[::1]:x", ("::1", None)),
        ("[::1]x", ("[::1]x", None)),
        ("::1", ("::1", None)),
        ("80", ("80", None)),
        (":80", ("", 80)),
        ("a:", ("a:", None)),
        ("a:b", ("a:b", None)),
        ("", ("", None)),
        ("a:²", ("a:²", None)),
        ("a:" + "9" * 5000, ("a:" + "9" * 5000, None)),
    ],
)
def test_a_host_is_split_from_its_port(text, parts):
    assert split_host_port(text) == parts


@pytest.mark.parametrize(
    ("prefix", "length", "network"),
    [
        ("10.1.2.3", 8, "10.0.0.0/8"),
        ("10.1.2.3", 0, "0.0.0.0/0"),
        ("10.1.2.3", 99, "10.1.2.3/32"),
        ("2001:db8::1", 32, "2001:db8::/32"),
    ],
)
def test_a_range_is_masked_as_envoy_masks_it(prefix, length, network):
    cidr = CidrRange(address_prefix=prefix, prefix_len=length)
    assert cidr.network() == ipaddress.ip_network(network)
    assert cidr.text() == f"{prefix}/{length}"


def test_what_is_no_address():
    assert parse_ip("a.com") is None
    with pytest.raises(ValueError, match=r"a\.com"):
        parse_network("a.com", 8)


def test_host_and_port_are_joined():
    assert (host_port("a", 1), host_port("::1", 1)) == ("a:1", "[::1]:1")


@pytest.mark.parametrize("port", [b"-1", b"65536", b"1180591620717411303424"])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(DumpError, match="port_value"):
        decode(SocketAddress, b'{"port_value": %s}' % port, "a")
