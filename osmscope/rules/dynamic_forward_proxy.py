"""Dynamic forward proxy clusters: the request's authority is the endpoint.

What Envoy does: the host is the authority as forwarded, after rewrites; without a port it is 443
where the cluster speaks TLS, else 80. An IPv4 address needs no DNS. Names are resolved when they
are first asked for. Checked against Envoy 1.40.0. Not modelled: what DNS answers, IPv6 addresses
(whose resolution depends on the DNS resolver), hosts that filter state names.
"""

import ipaddress

import msgspec

from osmscope.rules.facts import Request

_LARGEST_PORT = 65535


class DynamicHost(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint of a request, or what is missing to tell it."""

    address: str = ""
    """`ip:port`; "" where DNS decides."""
    missing: str = ""


def dynamic_host(request: Request, *, tls: bool) -> DynamicHost:
    """Tell the endpoint of a request to a dynamic forward proxy cluster.

    Args:
        request: The request, as it is forwarded.
        tls: Whether the cluster speaks TLS.
    """
    authority = request.host or ""
    name, colon, port = authority.partition(":")
    default = "443" if tls else "80"
    number = port if colon else default
    if _is_ipv4(name) and number.isdecimal() and int(number) <= _LARGEST_PORT:
        return DynamicHost(address=f"{name}:{int(number)}")
    return DynamicHost(missing=f'the address of "{authority}", for which Envoy asks DNS')


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
