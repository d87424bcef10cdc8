"""Connections close to one that was closed: what to change to meet another listener or chain."""

import difflib
from collections.abc import Iterator, Sequence

import msgspec

from osmscope.resources.listener import FilterChainMatch, Listener
from osmscope.rules.ip_range import match_any_range
from osmscope.rules.listener_address import WILDCARDS, addresses
from osmscope.trace.changed_request import Change, together
from osmscope.trace.nearness import nearest_chains
from osmscope.trace.path import ConnectionPath
from osmscope.trace.request import CertificateFacts, TraceRequest

_MOST_CHAINS = 30
"""How many filter chains are looked at."""


def other_listeners(asked: TraceRequest, listeners: Sequence[Listener]) -> Iterator[Change]:
    """Yield what would meet a listener: another name, or another address."""
    if asked.listener is not None:
        names = [listener.name for listener in listeners]
        for name in difflib.get_close_matches(asked.listener, names, cutoff=0.5):
            yield Change(f'name the listener "{name}"', {"listener": name})
        return
    for listener in listeners:
        for ip, port in addresses(listener):
            fields: dict[str, object] = {}
            if ip not in WILDCARDS.values() and ip != asked.dst_ip:
                fields["dst_ip"] = ip
            if port != asked.dst_port:
                fields["dst_port"] = port
            words = f"the address {ip}" if "dst_ip" in fields else ""
            port_words = f"port {port}" if "dst_port" in fields else ""
            if fields:
                yield Change(f"use {' and '.join(filter(None, (words, port_words)))}", fields)


def other_connections(
    asked: TraceRequest, path: ConnectionPath, listener: Listener
) -> Iterator[Change]:
    """Yield what would meet a filter chain, the nearest chains first, or end TLS well.

    Raises:
        DumpError: A filter chain's range is not one.
    """
    if path.handshake is not None and path.handshake.failed is not None:
        yield from _other_handshakes(asked)
    for index in nearest_chains(path.connection, listener.filter_chains, _MOST_CHAINS):
        match = listener.filter_chains[index].filter_chain_match
        changes = list(_to_fit(asked, match))
        yield from changes
        if len(changes) > 1:
            yield together(changes)


def _other_handshakes(asked: TraceRequest) -> Iterator[Change]:
    certificate = msgspec.structs.replace(
        asked.client_certificate or CertificateFacts(), trusted=True
    )
    trusted: dict[str, object] = {"client_certificate": certificate}
    present = "present a client certificate that the filter chain trusts"
    if asked.starts_tls:
        yield Change(present, trusted)
    else:
        yield Change("start TLS", {"tls": True})
        yield Change(f"start TLS and {present}", {"tls": True, **trusted})


def _to_fit(asked: TraceRequest, match: FilterChainMatch) -> Iterator[Change]:
    port, protocols = match.destination_port, match.application_protocols
    if port not in (None, asked.dst_port):
        yield Change(f"use port {port}", {"dst_port": port})
    if match.prefix_ranges and not match_any_range(match.prefix_ranges, asked.dst_ip, "").is_match:
        address = match.prefix_ranges[0].address_prefix
        yield Change(f"use the address {address}", {"dst_ip": address})
    if match.server_names or match.transport_protocol == "tls":
        yield from _with_tls(asked, match)
    elif match.transport_protocol == "raw_buffer" and asked.starts_tls:
        fields = {"tls": False, "sni": None, "client_certificate": None}
        yield Change("speak plaintext", dict(fields))
    if protocols and asked.starts_tls and not set(protocols) & set(asked.alpn or ()):
        yield Change(f"offer the ALPN {', '.join(protocols)}", {"alpn": protocols})


def _with_tls(asked: TraceRequest, match: FilterChainMatch) -> Iterator[Change]:
    names, protocols = match.server_names, match.application_protocols
    literal = [name for name in names if "*" not in name]
    wanted = bool(literal) and (asked.sni or "").lower() not in literal
    name = literal[0] if wanted else ""
    if asked.starts_tls:
        if name:
            yield Change(f'use the SNI "{name}"', {"sni": name})
        return
    fields: dict[str, object] = {"tls": True}
    words = "start TLS"
    if name:
        fields["sni"] = name
        words += f' with the SNI "{name}"'
    if protocols:
        fields["alpn"] = protocols
        words += f" and the ALPN {', '.join(protocols)}"
    yield Change(words, fields)
