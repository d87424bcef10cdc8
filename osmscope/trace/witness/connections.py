"""Connections that a filter chain may take, proposed from what it asks for.

Decision: where a chain leaves a criterion open, it is given a value that no other chain of its
listener asks for: Envoy never goes back, so a value that another chain knows may lead away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import decode_extension
from osmscope.resources.listener import FilterChain, FilterChainMatch, Listener
from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import CommonTlsContext, DownstreamTlsContext, Secret
from osmscope.rules.filter_chain_matcher import named_chain
from osmscope.rules.ip_range import contains, network_of
from osmscope.rules.listener_address import WILDCARDS, addresses
from osmscope.rules.listener_filters import restores_destination, takes_proxy_header
from osmscope.rules.validation_context import asks_for_certificate, validation_context
from osmscope.trace.connection import evaluate_connection, wanted_connection
from osmscope.trace.request import CertificateFacts
from osmscope.trace.witness.clients import certificate_named
from osmscope.trace.witness.fields import Fields, nearest_first, request_of
from osmscope.trace.witness.input_values import Choice
from osmscope.trace.witness.matcher_ways import ways_to
from osmscope.trace.witness.places import Entrance, Places
from osmscope.trace.witness.samples import string_samples

_MOST = 24
"""How many connections are proposed for one chain."""
_MOST_OF_A_WAY = 400
"""How many are put to a listener's matcher for each way through it."""
_KEPT_OF_A_WAY = 4
_MOST_WAYS = 24
_OTHER_PORTS = 6
_LOOKED_AT = 2000
"""How many chains are asked which values they know."""
_NO_NAME = "witness.example"
_PORTS = (80, 443, 8080, 9090, 65001)
_EXTERNAL = "198.51.100.99"
_LOCAL = "127.0.0.1"

SecretLookup = Callable[[str], Secret | None]


def connections_into(entrance: Entrance, places: Places) -> Iterator[Fields]:
    """Yield connections that a chain may take, the plainest first."""
    listener, match = entrance.listener, entrance.chain.filter_chain_match
    chains = listener.filter_chains[:_LOOKED_AT]
    tls = _tls_context(entrance.chain)
    choices = (
        list(_tls(match, tls, places.sidecar.proxy.secret)),
        list(_destinations(entrance, chains, places.unclaimed_address)),
        list(_sources(match)),
    )
    start: Fields = {"direction": "inbound"} if listener.traffic_direction == "INBOUND" else {}
    if entrance.tcp is not None and not set(match.application_protocols) & {"http/1.1", "h2c"}:
        start["protocol"] = "tcp"
    matcher = listener.filter_chain_matcher
    if matcher is None:
        for draft in nearest_first(*choices, most=_MOST):
            yield _with_listener({**start, **draft}, listener, places)
        return
    for way in _ways_into(entrance, matcher):
        drafts = nearest_first([start], *choices, *way, most=_MOST_OF_A_WAY)
        connections = (_with_listener(draft, listener, places) for draft in drafts)
        yield from islice(_led_to(entrance, connections, places), _KEPT_OF_A_WAY)


def _with_listener(connection: Fields, listener: Listener, places: Places) -> Fields:
    """Name the listener where its address does not lead to it."""
    wanted = wanted_connection(request_of(connection))
    if listener.name and places.sidecar.listener_index.choose(wanted).listener is not listener:
        return {**connection, "listener": listener.name}
    return connection


def _ways_into(entrance: Entrance, matcher: Matcher) -> Iterator[list[Choice]]:
    """Yield the ways of a listener's matcher to a chain; what names none leads to the default."""
    names = {chain.name for chain in entrance.listener.filter_chains}

    def leads_there(action: TypedExtensionConfig | None) -> bool:
        name = None if action is None else named_chain(action).name
        return name not in names if entrance.index is None else name == entrance.chain.name

    return islice(ways_to(matcher, leads_there), _MOST_WAYS)


def _led_to(entrance: Entrance, connections: Iterable[Fields], places: Places) -> Iterator[Fields]:
    """Yield the connections that the listener's matcher does lead to a chain."""
    for connection in connections:
        path = evaluate_connection(places.sidecar, request_of(connection))
        if path.chain is entrance.chain:
            yield connection


def _destinations(
    entrance: Entrance, chains: Sequence[FilterChain], unclaimed: str
) -> Iterator[Fields]:
    listener, match = entrance.listener, entrance.chain.filter_chain_match
    redirected = (
        bool(listener.use_original_dst)
        or restores_destination(listener)
        or takes_proxy_header(listener)
    )
    own = list(addresses(listener))
    ips = list(dict.fromkeys(_addresses(match, chains, unclaimed)))
    known = {one.filter_chain_match.destination_port for one in chains}
    own_ports = [] if redirected else [port for _, port in own]
    free = [port for port in (*own_ports, *_PORTS) if port not in known]
    ports = [match.destination_port] if match.destination_port else [*(free or _PORTS)[:2]]
    if entrance.index is None:
        # Where another chain's port leads nowhere, the default chain takes the connection too.
        ports += [port for port in known if port is not None][:_OTHER_PORTS]
    if not redirected:
        bound = [ip for ip, _ in own if ip not in WILDCARDS.values()]
        ips = [*bound, *ips]
    for ip in ips[:4]:
        for port in ports:
            yield {"dst_ip": ip, "dst_port": port}


def _addresses(
    match: FilterChainMatch, chains: Sequence[FilterChain], unclaimed: str
) -> Iterator[str]:
    if not match.prefix_ranges:
        yield unclaimed
        return
    others = [
        other
        for chain in chains
        if chain.filter_chain_match is not match
        for other in chain.filter_chain_match.prefix_ranges
    ]
    taken: list[str] = []
    for wanted in match.prefix_ranges:
        for address in _within(wanted, unclaimed):
            inner = any(one.prefix_len > wanted.prefix_len and _holds(one, address)
                        for one in others)  # fmt: skip
            if inner:
                taken.append(address)
            else:
                yield address
    yield from taken


def _within(wanted: CidrRange, unclaimed: str) -> Iterator[str]:
    """Yield addresses of a range: one that stands for any, the first, the last, some between."""
    network = network_of(wanted)
    if contains(network, unclaimed):
        yield unclaimed
    size = network.num_addresses
    for offset in dict.fromkeys((0, size - 1, size // 2, size // 3, size // 7, min(1, size - 1))):
        yield str(network[offset])


def _holds(cidr_range: CidrRange, address: str) -> bool:
    return contains(network_of(cidr_range), address)


def _tls_context(chain: FilterChain) -> Resource | None:
    socket = chain.transport_socket
    if socket is None:
        return chain.tls_context
    return decode_extension(
        TypedExtensionConfig(name=socket.name, typed_config=socket.typed_config)
    )


def _tls(match: FilterChainMatch, tls: Resource | None, secret: SecretLookup) -> Iterator[Fields]:
    wants_tls = match.transport_protocol == "tls" or bool(match.server_names)
    terminates = isinstance(tls, DownstreamTlsContext)
    if not wants_tls and not terminates:
        yield from _plaintext(match.application_protocols)
        if match.transport_protocol == "raw_buffer":
            return
    client = (
        _client(tls.common_tls_context, secret) if isinstance(tls, DownstreamTlsContext) else {}
    )
    names: Iterable[str | None] = [_literal(name) for name in match.server_names] or [
        None, _NO_NAME,
    ]  # fmt: skip
    for name in names:
        yield {"tls": True, "sni": name, "alpn": match.application_protocols or None, **client}


def _plaintext(protocols: Sequence[str]) -> Iterator[Fields]:
    if not protocols or "http/1.1" in protocols:
        yield {"tls": False}
    if not protocols or "h2c" in protocols:
        yield {"tls": False, "protocol": "h2"}


def _literal(name: str) -> str:
    return f"w{name[1:]}" if name.startswith("*.") else name


def _client(common: CommonTlsContext, secret: SecretLookup) -> Fields:
    """Return the certificate that a chain's TLS asks the client for."""
    context = validation_context(common, secret)
    if not asks_for_certificate(context):
        return {}
    for one in context.match_typed_subject_alt_names:
        for name in string_samples(one.matcher)[:1]:
            return {"client_certificate": certificate_named(name)}
    for matcher in context.match_subject_alt_names:
        for name in string_samples(matcher)[:1]:
            return {"client_certificate": certificate_named(name)}
    return {"client_certificate": CertificateFacts(trusted=True)}


def _sources(match: FilterChainMatch) -> Iterator[Fields]:
    fields: Fields = {}
    if match.source_type in ("SAME_IP_OR_LOOPBACK", "LOCAL"):
        fields["src_ip"] = _LOCAL
    elif match.source_type == "EXTERNAL":
        fields["src_ip"] = _EXTERNAL
    if match.source_ports:
        fields["src_port"] = match.source_ports[0]
    direct = match.direct_source_prefix_ranges
    if direct:
        fields["direct_src_ip"] = next(_within(direct[0], _EXTERNAL))
    for wanted in match.source_prefix_ranges:
        for address in _within(wanted, _EXTERNAL):
            yield {**fields, "src_ip": address}
            yield {"direct_src_ip": _EXTERNAL, **fields, "src_ip": address}
    if not match.source_prefix_ranges:
        yield fields
        unknown = {"src_ip": _EXTERNAL, "src_port": 40000, "direct_src_ip": _EXTERNAL}
        yield {**unknown, **fields}
