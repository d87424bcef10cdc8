"""Whether a connection of a pod is led to its Envoy at all.

What the kernel does, on rules that a mesh sets when a pod starts: TCP connections are redirected to
Envoy's outbound or inbound port, but for those to ports and ranges that are left out, and but for
those of a pod to itself. UDP is where a rule says so, which those of no mesh do but for DNS. Where
a pod tells the rules themselves they decide (`iptables`), else the lists that they are made of, in
the order of the rules of all meshes: loopback and own address, ports left out, ranges left out,
ports taken, ranges taken. Where both are known, and the lists were changed since the rules were
made, the reason says so.
Checked against Linux with real packets, in network namespaces, with the rules of Open Service Mesh.
Not modelled: interfaces that are left out.
"""

from typing import Literal

import msgspec

from osmscope.resources.address import IpAddress, parse_ip, parse_network
from osmscope.rules.iptables import NatTable, Packet
from osmscope.rules.result import Match, Outcome, matched, missed, unknown

Transport = Literal["tcp", "udp"]

_DNS = 53


class Listed(msgspec.Struct, frozen=True):
    """A port, a range of ports, or a range of addresses, and who lists it."""

    text: str
    by: str


class Redirection(msgspec.Struct, frozen=True, kw_only=True):
    """What of a pod's connections a mesh leads to its Envoy."""

    own_addresses: tuple[str, ...] = ()
    """The pod's own."""
    users: frozenset[int | None] = frozenset()
    """Whom the pod's applications run as; None for one that is not said."""
    envoy_user: int | None = None
    """Whom Envoy runs as: what this user sends is never redirected."""
    table: NatTable | None = None
    """The rules themselves, where the pod tells them: they decide."""
    lists_are_newer: bool = False
    """Whether the lists, beside the rules, are those of a pod that is made now."""
    never: str = ""
    """Why nothing is redirected, as a clause; "" where something is."""
    is_of_mesh: bool = False
    """Whether the lists are those of the whole mesh, and nothing is known of the pod: one that was
    made before they were written has others."""
    missing: str = ""
    """What of the lists is not known, as a noun; "" where they are whole."""
    excluded_ports: tuple[Listed, ...] = ()
    excluded_ranges: tuple[Listed, ...] = ()
    included_ports: tuple[Listed, ...] = ()
    """Ports that are redirected wherever they are."""
    included_ranges: tuple[Listed, ...] | None = None
    """None for everything."""
    excluded_inbound_ports: tuple[Listed, ...] = ()
    included_inbound_ports: tuple[Listed, ...] | None = None
    """None for all."""
    redirects_ipv6: bool | None = None
    """Whether IPv6 is redirected; None where it is not known."""
    redirects_dns: bool | None = False
    """Whether DNS over UDP is led to Envoy; None where it is not known."""


def outbound(
    redirection: Redirection, ip: str | None, port: int | None, transport: Transport = "tcp"
) -> Match:
    """Say whether what an application of the pod sends goes through its Envoy.

    Args:
        redirection: What the mesh redirects.
        ip: Where it goes; None for an address that is not known, elsewhere.
        port: Its port; None where it is not known.
        transport: What it is sent over.
    """
    if redirection.never:
        return missed(redirection.never)
    by_user = _by_user(redirection)
    if by_user is not None:
        return by_user
    address = None if ip is None else parse_ip(ip)
    is_local = address is not None and (
        address.is_loopback or str(address) in redirection.own_addresses
    )
    if redirection.table is not None:
        packet = Packet(
            protocol=transport,
            destination_ip=None if address is None else str(address),
            destination_port=port,
            is_local=is_local,
        )
        if address is not None and address.version != 4:
            return missed("the rules of iptables are for IPv4")
        found = redirection.table.redirected("OUTPUT", packet)
        is_checked = redirection.lists_are_newer and transport == "tcp" and not is_local
        return _with_news(found, _by_lists(redirection, address, port)) if is_checked else found
    if transport == "udp":
        return _udp(redirection, port)
    if is_local:
        return missed(f"{address} is the pod itself, and what stays in a pod is not redirected")
    by_family = _by_family(redirection, address)
    if by_family is not None:
        return by_family
    return _of_pod(redirection, _by_lists(redirection, address, port))


def inbound(redirection: Redirection, port: int | None, transport: Transport = "tcp") -> Match:
    """Say whether what is sent to the pod from outside goes through its Envoy."""
    if redirection.never:
        return missed(redirection.never)
    if redirection.table is not None:
        packet = Packet(protocol=transport, destination_port=port)
        found = redirection.table.redirected("PREROUTING", packet)
        # Ports of the sidecar itself are left out by rules alone, and in no list.
        is_checked = redirection.lists_are_newer and transport == "tcp" and found.is_match
        return _with_news(found, _inbound_by_lists(redirection, port)) if is_checked else found
    if transport == "udp":
        return _udp(redirection, None)
    return _of_pod(redirection, _inbound_by_lists(redirection, port))


def _inbound_by_lists(redirection: Redirection, port: int | None) -> Match:
    if port is None:
        return unknown("the destination's port")
    left_out = _port_in(redirection.excluded_inbound_ports, port)
    if left_out is not None:
        return missed(f"{left_out.by} leaves port {left_out.text} out")
    included = redirection.included_inbound_ports
    if included is not None and _port_in(included, port) is None:
        return missed(f"port {port} is none of those that are redirected")
    return unknown(redirection.missing) if redirection.missing else matched("no port is left out")


def _by_user(redirection: Redirection) -> Match | None:
    user = redirection.envoy_user
    if user is None or user not in redirection.users:
        return None
    if len(redirection.users) > 1:
        return unknown(f"whether a container that runs as user {user} sends it, as Envoy does,")
    return missed(f"the application runs as user {user}, as Envoy does, whose connections pass")


def _udp(redirection: Redirection, port: int | None) -> Match:
    if redirection.redirects_dns is None and port in (None, _DNS):
        return unknown("whether the mesh leads DNS to the sidecar")
    if redirection.redirects_dns and port == _DNS:
        return matched("the mesh leads DNS to the sidecar")
    return missed("UDP is not led to the sidecar")


def _of_pod(redirection: Redirection, found: Match) -> Match:
    """Say of a pod of which nothing is known what follows from the lists of its mesh."""
    if redirection.is_of_mesh and found.outcome is Outcome.NO_MATCH:
        return unknown(f"whether the pod was made since {found.reason}")
    return found


def _with_news(found: Match, by_now: Match) -> Match:
    """Say that a pod that is made now would get other rules, where that is so."""
    if found.is_unknown or by_now.is_unknown or found.outcome is by_now.outcome:
        return found
    news = f"{found.reason}; that was changed since: for a pod that is made now, {by_now.reason}"
    return msgspec.structs.replace(found, reason=news)


def _by_family(redirection: Redirection, address: IpAddress | None) -> Match | None:
    if address is None or address.version == 4 or redirection.redirects_ipv6:
        return None
    if redirection.redirects_ipv6 is None:
        return unknown("whether the mesh redirects IPv6")
    return missed("the mesh redirects IPv4 alone")


def _by_lists(redirection: Redirection, address: IpAddress | None, port: int | None) -> Match:
    lists = (redirection.excluded_ports, redirection.included_ports)
    if port is None and any(lists):
        return unknown("the destination's port")
    number = port or 0
    left_out = _port_in(redirection.excluded_ports, number)
    if left_out is not None:
        return missed(f"{left_out.by} leaves port {left_out.text} out")
    if redirection.missing:
        left_out = _range_of(redirection.excluded_ranges, address)
        if left_out is None:
            return unknown(redirection.missing)
        return missed(f"{left_out.by} leaves {left_out.text} out")
    return _by_ranges(redirection, address, number)


def _by_ranges(redirection: Redirection, address: IpAddress | None, port: int) -> Match:
    if address is None and (redirection.excluded_ranges or redirection.included_ranges):
        return unknown("the destination's address")
    left_out = _range_of(redirection.excluded_ranges, address)
    if left_out is not None:
        return missed(f"{left_out.by} leaves {left_out.text} out")
    taken = _port_in(redirection.included_ports, port)
    if taken is not None:
        return matched(f"{taken.by} takes port {taken.text}")
    if redirection.included_ranges is None:
        return matched("no port and no range of it is left out")
    taken = _range_of(redirection.included_ranges, address)
    if taken is None:
        return missed("it is in none of the ranges that are redirected")
    return matched(f"{taken.by} takes {taken.text}")


def _port_in(listed: tuple[Listed, ...], port: int) -> Listed | None:
    return next((one for one in listed if _is_port(one.text, port)), None)


def _is_port(text: str, port: int) -> bool:
    first, _, last = text.replace(":", "-").partition("-")
    return (
        first.isdigit() and (last or first).isdigit() and int(first) <= port <= int(last or first)
    )


def _range_of(listed: tuple[Listed, ...], address: IpAddress | None) -> Listed | None:
    if address is None:
        return None
    return next((one for one in listed if _is_in(one.text, address)), None)


def _is_in(text: str, address: IpAddress) -> bool:
    prefix, _, length = text.partition("/")
    network = parse_ip(prefix)
    if network is None or (length and not length.isdigit()):
        return False
    return address in parse_network(prefix, int(length) if length else network.max_prefixlen)
