"""The hash of a request or a connection, which RING_HASH and MAGLEV pick by.

What Envoy does: policies are taken in order; each yields a hash or nothing. A new hash is joined to
the former by rotating that left by one bit and xor. `terminal` stops as soon as there is any hash.
Several values of a header are sorted and hashed one after the other, each seeded with the former.
A cookie that is absent is made if it has a `ttl`, of both addresses of the connection, but not
where the hash chooses a weighted cluster. Of filter state only what was made to be hashed counts.
Without any hash the pick is random. Checked against Envoy 1.40.0. Not modelled: the hash of other
objects of the filter state than text.
"""

import functools
from collections.abc import Sequence

import msgspec
import xxhash

from osmscope.resources.address import host_port, parse_ip
from osmscope.resources.network_filters import TcpHashPolicy
from osmscope.resources.route import HashPolicy, HashPolicyCookie, HashPolicyHeader
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Connection, FilterState, Request
from osmscope.rules.filter_state import filter_state_object
from osmscope.rules.filter_state_value import CLUSTER, STRING
from osmscope.rules.query_parameter import query_parameter
from osmscope.rules.regular_expression import replace_all

_MASK = (1 << 64) - 1
_NOT_HASHED = frozenset({STRING, CLUSTER})
_SOURCE_IP = "the source IP"


class HashResult(msgspec.Struct, frozen=True, kw_only=True):
    """A hash, if there is one, and what it is made of."""

    value: int | None = None
    """None where no policy yields a hash, or where one cannot be computed."""
    missing: str = ""
    """The fact without which the hash is not known, as a noun; "" where nothing is missing."""
    sources: tuple[str, ...] = ()
    """What was hashed, in words."""
    cookies: tuple[tuple[str, str], ...] = ()
    """The cookies (name, value) that Envoy makes and sets in the response."""


class _Part(msgspec.Struct, frozen=True):
    """What one policy yields."""

    value: int | None = None
    source: str = ""
    missing: str = ""
    cookie: tuple[tuple[str, str], ...] = ()


_NOTHING = _Part()


def request_hash(
    policies: Sequence[HashPolicy], request: Request, *, makes_cookies: bool = True
) -> HashResult:
    """Hash a request, as it is when it is forwarded.

    Args:
        policies: Those of the load balancing policy, else of the cluster, else of the route.
        request: The request, after the route's header changes.
        makes_cookies: Whether a cookie that is absent may be made: not where a weighted cluster is
            chosen.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    result = HashResult()
    for policy in policies:
        part = _part(policy, request, makes_cookies)
        if part.missing:
            return HashResult(missing=part.missing, sources=result.sources)
        result = _joined(result, part)
        if policy.terminal and result.value is not None:
            break
    return result


def connection_hash(
    policies: Sequence[TcpHashPolicy],
    connection: Connection,
    opaque_filters: tuple[str, ...] = (),
) -> HashResult:
    """Hash a connection that a `tcp_proxy` forwards.

    Args:
        policies: The `tcp_proxy`'s.
        connection: The connection.
        opaque_filters: Filters that ran before and may have left objects.
    """
    result = HashResult()
    for policy in policies:
        if policy.source_ip is not None:
            part = _source_ip(connection.source_ip)
        else:
            key = _key_of(policy.filter_state)
            part = _filter_state(key, connection.filter_state, opaque_filters)
        if part.missing:
            return HashResult(missing=part.missing, sources=result.sources)
        result = _joined(result, part)
    return result


def _joined(result: HashResult, part: _Part) -> HashResult:
    if part.value is None:
        return result
    value = part.value
    if result.value is not None:
        value ^= (result.value << 1 & _MASK) | result.value >> 63
    return HashResult(
        value=value,
        sources=(*result.sources, part.source),
        cookies=(*result.cookies, *part.cookie),
    )


def _part(policy: HashPolicy, request: Request, makes_cookies: bool) -> _Part:
    if policy.header is not None:
        return _header(policy.header, request)
    if policy.cookie is not None:
        return _cookie(policy.cookie, request, makes_cookies)
    if policy.query_parameter is not None:
        name = policy.query_parameter.name
        value = query_parameter(request.path, name)
        return _NOTHING if value is None else _Part(_hash(value), f"query parameter {name!r}")
    if policy.connection_properties is not None:
        wanted = policy.connection_properties.source_ip
        return _source_ip(request.remote_ip) if wanted else _NOTHING
    if policy.filter_state is not None:
        return _filter_state(policy.filter_state.key, request.filter_state, request.opaque_filters)
    return _NOTHING


def _header(policy: HashPolicyHeader, request: Request) -> _Part:
    values = request.headers.all(policy.header_name)
    if not values:
        return _NOTHING
    rewrite = policy.regex_rewrite
    if rewrite is not None:
        pattern, substitution = rewrite.pattern.regex, rewrite.substitution
        values = tuple(replace_all(pattern, substitution, value) for value in values)
    ordered = sorted(value.encode() for value in values)
    value = functools.reduce(lambda seed, text: xxhash.xxh64_intdigest(text, seed), ordered, 0)
    return _Part(value, f"header {policy.header_name!r}")


def _cookie(policy: HashPolicyCookie, request: Request, makes_cookies: bool) -> _Part:
    source = f"cookie {policy.name!r}"
    value = cookie(request.headers, policy.name)
    if value:
        return _Part(_hash(value), source)
    if policy.ttl is None or not makes_cookies:
        return _NOTHING
    connection = request.connection
    remote, local = request.remote_ip, connection.destination_ip
    if remote is None or connection.source_port is None:
        return _Part(missing="the source IP and port, of which a cookie is made")
    if local is None or connection.destination_port is None:
        return _Part(missing="the destination, of which a cookie is made")
    # An address that is not the connection's own came in a header, without a port.
    port = connection.source_port if remote == connection.source_ip else 0
    addresses = host_port(remote, port) + host_port(local, connection.destination_port)
    made = f"{_hash(addresses):016x}"
    return _Part(_hash(made), f"{source}, made by Envoy", cookie=((policy.name, made),))


def _source_ip(address: str | None) -> _Part:
    if address is None:
        return _Part(missing=_SOURCE_IP)
    return _Part(_hash(str(parse_ip(address) or address)), _SOURCE_IP)


def _filter_state(key: str, state: FilterState, opaque_filters: tuple[str, ...]) -> _Part:
    found = state.get(key)
    if found is None:
        return _Part(missing=filter_state_object(key, opaque_filters).missing)
    if found.factory in _NOT_HASHED:
        return _NOTHING
    if found.text is None or found.factory != "envoy.hashable_string":
        return _Part(missing=f'the hash of the filter state "{key}"')
    return _Part(_hash(found.text), f'filter state "{key}"')


def _key_of(filter_state: object) -> str:
    key = filter_state.get("key") if isinstance(filter_state, dict) else None
    return key if isinstance(key, str) else ""


def _hash(text: str) -> int:
    return xxhash.xxh64_intdigest(text.encode())
