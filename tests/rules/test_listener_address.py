"""The addresses that a listener accepts connections on."""

import msgspec
import pytest

from osmscope.resources.address import Address, EnvoyInternalAddress, Pipe, SocketAddress
from osmscope.resources.listener import AdditionalAddress, DeprecatedV1, Listener
from osmscope.resources.resource import Opaque
from osmscope.rules.listener_address import (
    addresses,
    compatible_addresses,
    is_bound,
    why_not_eligible,
)

UDP = "it is a UDP listener, and UDP (HTTP/3 too) is not modelled"


def socket(ip: str, port: int, *, compat: bool = False, protocol: str = "TCP") -> Address:
    return Address(
        socket_address=SocketAddress(
            address=ip, port_value=port, ipv4_compat=compat, protocol=protocol
        )
    )


TCP = socket("0.0.0.0", 80)


@pytest.mark.parametrize(
    ("listener", "bound"),
    [
        (Listener(), True),
        (Listener(bind_to_port=True), True),
        (Listener(bind_to_port=False), False),
        (Listener(deprecated_v1=DeprecatedV1()), True),
        (Listener(deprecated_v1=DeprecatedV1(bind_to_port=False)), False),
        (Listener(bind_to_port=True, deprecated_v1=DeprecatedV1(bind_to_port=False)), True),
    ],
)
def test_a_listener_is_bound_unless_it_says_otherwise(listener: Listener, bound: bool) -> None:
    assert is_bound(listener) is bound


@pytest.mark.parametrize(
    ("listener", "reason"),
    [
        (Listener(address=TCP), ""),
        (
            Listener(address=TCP, api_listener=msgspec.Raw(b"{}")),
            "it is an api_listener, which has no socket",
        ),
        (Listener(address=TCP, udp_listener_config=Opaque()), UDP),
        (Listener(address=socket("0.0.0.0", 80, protocol="UDP")), UDP),
        (
            Listener(internal_listener=Opaque()),
            "it is an internal listener, which only Envoy itself connects to",
        ),
        (
            Listener(address=Address(envoy_internal_address=EnvoyInternalAddress())),
            "it is an internal listener, which only Envoy itself connects to",
        ),
        (Listener(address=Address(pipe=Pipe(path="/s"))), "its address is not an IP"),
    ],
)
def test_listeners_that_no_tcp_connection_reaches(listener: Listener, reason: str) -> None:
    assert why_not_eligible(listener) == reason


def test_additional_addresses_count_as_much_as_the_first() -> None:
    listener = Listener(
        address=socket("10.0.0.1", 80),
        additional_addresses=(
            AdditionalAddress(address=socket("FD00:0::1", 81)),
            AdditionalAddress(address=Address(pipe=Pipe(path="/s"))),
            AdditionalAddress(address=socket("name", 82)),
        ),
    )
    assert list(addresses(listener)) == [("10.0.0.1", 80), ("fd00::1", 81)]


@pytest.mark.parametrize(
    ("address", "compatible"),
    [
        (socket("::", 80, compat=True), [("0.0.0.0", 80)]),
        (socket("::", 80), []),
        (socket("::1", 80, compat=True), []),
    ],
)
def test_only_a_compatible_wildcard_accepts_ipv4(
    address: Address, compatible: list[tuple[str, int]]
) -> None:
    assert list(compatible_addresses(Listener(address=address))) == compatible
