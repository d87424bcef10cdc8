"""Which addresses a listener accepts connections on.

What Envoy does: a listener has its address and its additional addresses; `::` with `ipv4_compat`
is 0.0.0.0 as well. Only with `bind_to_port`, which is the default, is there a socket to connect
to; else the listener is reached by hand-over alone.
Checked against Envoy 1.40.0. Not modelled: unix domain sockets, which have no IP and no port.
"""

from collections.abc import Iterator

from osmscope.resources.address import SocketAddress, parse_ip
from osmscope.resources.listener import Listener

WILDCARDS = {4: "0.0.0.0", 6: "::"}
"""The address that stands for all of an IP version."""


def is_bound(listener: Listener) -> bool:
    """Whether the listener has a socket of its own."""
    if listener.bind_to_port is not None:
        return listener.bind_to_port
    old = listener.deprecated_v1
    return old is None or old.bind_to_port is not False


def is_internal(listener: Listener) -> bool:
    """Whether only Envoy itself connects to the listener."""
    return listener.internal_listener is not None or bool(listener.address.envoy_internal_address)


def is_udp(listener: Listener) -> bool:
    """Whether the listener takes datagrams, and no TCP connections."""
    of_udp = any(socket.protocol == "UDP" for socket in _sockets(listener))
    return of_udp or listener.udp_listener_config is not None


def why_not_eligible(listener: Listener) -> str:
    """Say why no TCP connection can reach a listener; "" where it can."""
    if listener.api_listener is not None:
        return "it is an api_listener, which has no socket"
    if is_udp(listener):
        return "it is a UDP listener, and UDP (HTTP/3 too) is not modelled"
    if is_internal(listener):
        return "it is an internal listener, which only Envoy itself connects to"
    if not any(addresses(listener)):
        return "its address is not an IP"
    return ""


def addresses(listener: Listener) -> Iterator[tuple[str, int]]:
    """List the addresses and ports of a listener, in canonical form."""
    for socket in _sockets(listener):
        ip = parse_ip(socket.address)
        if ip is not None:
            yield str(ip), socket.port_value


def compatible_addresses(listener: Listener) -> Iterator[tuple[str, int]]:
    """List the IPv4 wildcards that stand beside a listener's IPv6 wildcards."""
    for socket in _sockets(listener):
        if socket.ipv4_compat and parse_ip(socket.address) == parse_ip(WILDCARDS[6]):
            yield WILDCARDS[4], socket.port_value


def _sockets(listener: Listener) -> Iterator[SocketAddress]:
    for address in (listener.address, *(extra.address for extra in listener.additional_addresses)):
        if address.socket_address is not None:
            yield address.socket_address
