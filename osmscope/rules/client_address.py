"""Whose request it is: the client's address, and whether the request is internal or at the edge.

What Envoy does: with `use_remote_address` the client is the peer, or the entry of
`x-forwarded-for` that as many trusted hops have written; the peer is appended to that header,
or, where the peer is a loopback address, the first IPv4 address of the machine Envoy runs on that
is none: the dump does not hold it.
Without it the client is the last entry but for the trusted hops, else the peer. Detection
extensions may name the client instead, those that read `x-forwarded-for` only where the peer is in
their `xff_trusted_cidrs`, if they have some; they append the peer unless told to skip that, which
is the default. A request is internal where `x-forwarded-for` had no entry
(with `use_remote_address`) or just one (without it) and the client is in
`internal_address_config`, which is nothing by default, and the private addresses where it has no
ranges; it is an edge request where it is not
internal and `use_remote_address` is set.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.33, whose private addresses were
internal by default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from osmscope.resources.address import CidrRange, ip_text, parse_ip
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.original_ip_detection import CustomHeaderDetection, XffDetection
from osmscope.rules.facts import Connection, Headers
from osmscope.rules.ip_range import network_of
from osmscope.rules.local_reply import LocalReply

_replace = msgspec.structs.replace

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_PRIVATE = tuple(
    CidrRange(address_prefix=prefix, prefix_len=length)
    for prefix, length in (
        ("10.0.0.0", 8),
        ("172.16.0.0", 12),
        ("192.168.0.0", 16),
        ("127.0.0.1", 32),
        ("::1", 128),
        ("fd00::", 8),
    )
)
"""What an `internal_address_config` without ranges means."""


class ClientAddress(msgspec.Struct, frozen=True, kw_only=True):
    """What the connection manager finds out about the client."""

    remote_ip: str | None = None
    """The client's address; None where nobody said."""
    by_header: bool = False
    """Whether a header told the address, which then has no port."""
    internal: bool = False
    edge: bool = False
    forwarded_for: str | None = None
    """The new `x-forwarded-for`; None where it stays."""
    reply: LocalReply | None = None
    assumptions: tuple[str, ...] = ()


def find_client(
    hcm: HttpConnectionManager, connection: Connection, headers: Headers
) -> ClientAddress:
    """Find the client of a request."""
    client = _find(hcm, connection, headers)
    if client.by_header and "%" in (client.remote_ip or ""):
        assumptions = (*client.assumptions, "the zone of the client's address stays a name")
        return _replace(client, assumptions=assumptions)
    return client


def _find(hcm: HttpConnectionManager, connection: Connection, headers: Headers) -> ClientAddress:
    if hcm.original_ip_detection_extensions:
        return _detected(hcm, connection, headers)
    peer = connection.source_ip
    forwarded_for = headers.first("x-forwarded-for")
    if not hcm.use_remote_address:
        found = forwarded_entry(forwarded_for, hcm.xff_num_trusted_hops)
        single = found is not None and "," not in (forwarded_for or "")
        internal = single and _is_internal(hcm, connection, found)
        return ClientAddress(
            remote_ip=found or peer, by_header=found is not None, internal=internal
        )
    trusted = None
    if hcm.xff_num_trusted_hops:
        trusted = forwarded_entry(forwarded_for, hcm.xff_num_trusted_hops - 1)
    client = trusted or peer
    internal = forwarded_for is None and _is_internal(hcm, connection, client)
    appended: str | None = None
    assumptions: tuple[str, ...] = ()
    if not hcm.skip_xff_append and connection.is_ip:
        appended, assumptions = _appended(forwarded_for, connection)
    return ClientAddress(
        remote_ip=client,
        by_header=trusted is not None,
        internal=internal,
        edge=not internal,
        forwarded_for=appended,
        assumptions=assumptions,
    )


def forwarded_entry(forwarded_for: str | None, index: int) -> str | None:
    """Return an entry of `x-forwarded-for`, 0 being the last; None if it is no bare address."""
    entries = (forwarded_for or "").split(",")
    if index >= len(entries):
        return None
    entry = entries[-1 - index].strip(" \t")
    address = parse_ip(entry)
    return ip_text(address) if address is not None else None


def _appended(
    forwarded_for: str | None, connection: Connection
) -> tuple[str | None, tuple[str, ...]]:
    peer = connection.source_ip
    if peer is None:
        return None, ("x-forwarded-for gets the source IP, which is not known",)
    if peer in _LOOPBACK:
        peer = connection.node_ip
    if peer is None:
        words = "x-forwarded-for gets the node's own address in place of the loopback's"
        return None, (f"{words}, which is not known (node_ip)",)
    return (f"{forwarded_for},{peer}" if forwarded_for else peer), ()


def _is_internal(hcm: HttpConnectionManager, connection: Connection, client: str | None) -> bool:
    config = hcm.internal_address_config
    if config is None:
        return False
    if client is None:
        return config.unix_sockets and not connection.is_ip
    return _within(client, config.cidr_ranges or _PRIVATE)


def _within(client: str, ranges: Sequence[CidrRange]) -> bool:
    address = parse_ip(client)
    return address is not None and any(address in network_of(cidr) for cidr in ranges)


def _detected(
    hcm: HttpConnectionManager, connection: Connection, headers: Headers
) -> ClientAddress:
    """Ask one extension after the other; each may append the peer, and the next one reads that."""
    peer = connection.source_ip
    client = ClientAddress(remote_ip=peer)
    for extension in hcm.original_ip_detection_extensions:
        config = decode_extension(extension)
        if isinstance(config, XffDetection):
            found = _by_forwarded_for(config, peer, headers)
        elif isinstance(config, CustomHeaderDetection):
            found = _by_header(config, headers)
        else:
            words = f'the IP detection "{extension.name}" finds no address'
            return _replace(client, assumptions=(*client.assumptions, words))
        if found.reply is not None:
            return _replace(client, reply=found.reply)
        if found.appends and connection.is_ip:
            appended, assumptions = _appended(headers.first("x-forwarded-for"), connection)
            client = _replace(
                client,
                forwarded_for=appended,
                assumptions=(*client.assumptions, *assumptions),
            )
            headers = headers if appended is None else headers.set("x-forwarded-for", appended)
        if found.address is not None:
            internal = found.trusted and _is_internal(hcm, connection, found.address)
            return _replace(client, remote_ip=found.address, by_header=True, internal=internal)
    return client


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one detection extension says."""

    address: str | None = None
    trusted: bool = False
    """Whether the address may make the request internal."""
    appends: bool = True
    """Whether the peer is appended to `x-forwarded-for`."""
    reply: LocalReply | None = None


def _by_forwarded_for(config: XffDetection, peer: str | None, headers: Headers) -> _Found:
    forwarded_for = headers.first("x-forwarded-for")
    appends = config.skip_xff_append is False
    if config.xff_trusted_cidrs is None or not config.xff_trusted_cidrs.cidrs:
        address = forwarded_entry(forwarded_for, config.xff_num_trusted_hops)
        single = "," not in (forwarded_for or "")
        return _Found(address=address, trusted=single, appends=appends)
    ranges = config.xff_trusted_cidrs.cidrs
    if peer is None or not _within(peer, ranges):
        return _Found()
    address = None
    for address in _entries_from_the_right(forwarded_for or ""):
        if address is None or not _within(address, ranges):
            return _Found(address=address, appends=appends)
    single = "," not in (forwarded_for or "")
    return _Found(address=address, trusted=single, appends=appends)


def _entries_from_the_right(forwarded_for: str) -> Iterator[str | None]:
    for index in range(forwarded_for.count(",") + 1):
        yield forwarded_entry(forwarded_for, index)


def _by_header(config: CustomHeaderDetection, headers: Headers) -> _Found:
    values = headers.all(config.header_name)
    # HTTP/2 leaves the blanks around a value, and Envoy takes no address with blanks.
    blank = bool(values) and values[0] != values[0].strip()
    address = parse_ip(values[0]) if values and not blank else None
    if address is not None:
        trusted = config.allow_extension_to_set_address_as_trusted
        return _Found(address=ip_text(address), trusted=trusted, appends=False)
    if config.reject_with_status is None:
        return _Found(appends=False)
    reply = LocalReply(
        code=config.reject_with_status.status_code(),
        details="rejecting_because_detection_failed",
        reason=f'header "{config.header_name}" holds no address',
    )
    return _Found(reply=reply)
