"""Addresses and address ranges, as Envoy writes them."""

import functools
import ipaddress
from typing import Annotated

import msgspec

from osmscope.resources.resource import Resource

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
"""A port; Envoy accepts no other number."""

_PORT_DIGITS = 5


class SocketAddress(Resource, frozen=True):
    """An IP address or a DNS name, with a port."""

    inert = frozenset({"resolver_name"})

    protocol: str = "TCP"
    address: str = ""
    port_value: Port = 0
    named_port: str = ""
    ipv4_compat: bool = False


class Pipe(Resource, frozen=True):
    """A unix domain socket."""

    inert = frozenset({"mode"})

    path: str = ""


class EnvoyInternalAddress(Resource, frozen=True):
    """The name of an internal listener."""

    server_listener_name: str = ""
    endpoint_id: str = ""


class Address(Resource, frozen=True):
    """One of the three kinds of address."""

    socket_address: SocketAddress | None = None
    pipe: Pipe | None = None
    envoy_internal_address: EnvoyInternalAddress | None = None

    def text(self) -> str:
        """Write it as Envoy's access log does: `10.0.0.1:80`, `[::1]:80`, `/path`, `envoy://n/i`."""
        if self.socket_address is not None:
            return host_port(self.socket_address.address, self.socket_address.port_value)
        if self.pipe is not None:
            return self.pipe.path
        if self.envoy_internal_address is not None:
            internal = self.envoy_internal_address
            return f"envoy://{internal.server_listener_name}/{internal.endpoint_id}"
        return ""


class CidrRange(Resource, frozen=True):
    """A range of addresses; an absent `prefix_len` is 0, which is every address of the family."""

    address_prefix: str = ""
    prefix_len: int = 0

    def text(self) -> str:
        """Write it as `10.0.0.0/8`, as configured."""
        return f"{self.address_prefix}/{self.prefix_len}"

    def network(self) -> IpNetwork:
        """Return the range, its host bits masked as Envoy does.

        Raises:
            ValueError: The prefix is not an IP address.
        """
        return parse_network(self.address_prefix, self.prefix_len)


def read_ip(text: str) -> IpAddress | None:
    """Parse an IPv4 or IPv6 address without port; None for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def ip_text(address: IpAddress) -> str:
    """Write an address as the C library does: IPv4 within IPv6 keeps its dots."""
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is not None:
            return f"::ffff:{mapped}"
        if 1 << 16 <= int(address) < 1 << 32:
            return f"::{ipaddress.IPv4Address(int(address))}"
    return str(address)


parse_ip = functools.lru_cache(maxsize=4096)(read_ip)
"""`read_ip` for the addresses of requests and policies, which come again and again."""


@functools.lru_cache(maxsize=4096)
def parse_network(address: str, length: int) -> IpNetwork:
    """Parse a range; a longer prefix than the family has is cut to a single address.

    Raises:
        ValueError: The address is not an IP.
    """
    ip = ipaddress.ip_address(address)
    return ipaddress.ip_network((ip, min(length, ip.max_prefixlen)), strict=False)


def host_port(host: str, port: int) -> str:
    """Join a host and a port; IPv6 addresses are put in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_port(text: str) -> tuple[str, int | None]:
    """Split `host:port`, `[v6]:port` or `host`; the port is None where there is none."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if bracket and (not rest or rest.startswith(":")):
            return host, _port(rest[1:])
    host, colon, port = text.rpartition(":")
    number = _port(port)
    return (host, number) if colon and number is not None and ":" not in host else (text, None)


def _port(text: str) -> int | None:
    # Hosts are what anybody sends: digits of other scripts and endless numbers are no ports.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _PORT_DIGITS else None
