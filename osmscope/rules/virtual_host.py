"""Which virtual host of a route table a request belongs to.

What Envoy does: the host, in lower case and with its port, is looked up among the domains without
wildcard; then among `*tail` domains, the longest tail first; then among `head*` domains, the
longest head first; then `*` is taken. A wildcard stands for one character at least. A table that
has no domain but `*` never looks at a header, so there even a request without a host gets it.
Checked against Envoy 1.40.0. Not modelled: virtual hosts that VHDS would fetch on demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.rules.facts import Headers

DomainKind = Literal["exact", "suffix wildcard", "prefix wildcard", "any", ""]

_RANK: dict[str, int] = {"exact": 0, "suffix wildcard": 1, "prefix wildcard": 2, "any": 3}


class VirtualHostChoice(msgspec.Struct, frozen=True):
    """The virtual host of a request, and the domain that led to it."""

    virtual_host: VirtualHost | None
    domain: str = ""
    """The domain as the table writes it."""
    kind: DomainKind = ""
    host: str = ""
    """What was looked up, "" where no header was read."""


class _Entry(msgspec.Struct, frozen=True):
    virtual_host: VirtualHost
    domain: str


class _Wildcards:
    """Wildcard domains of one kind, found by the longest key that a host ends or starts with."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[str, _Entry]] = {}
        self._lengths: tuple[int, ...] = ()

    def add(self, key: str, entry: _Entry) -> None:
        self._by_length.setdefault(len(key), {}).setdefault(key, entry)
        self._lengths = tuple(sorted(self._by_length, reverse=True))

    def find(self, host: str, *, suffix: bool) -> _Entry | None:
        for length in self._lengths:
            if length < len(host):
                key = host[-length:] if suffix else host[:length]
                if entry := self._by_length[length].get(key):
                    return entry
        return None

    def __bool__(self) -> bool:
        return bool(self._by_length)


class VirtualHostIndex:
    """The domains of one route table, arranged for look-ups.

    Args:
        route_configuration: The route table.
    """

    def __init__(self, route_configuration: RouteConfiguration) -> None:
        self._header = route_configuration.vhost_header
        self._ignore_port = route_configuration.ignore_port_in_host_matching
        self._virtual_hosts = route_configuration.virtual_hosts
        self._exact: dict[str, VirtualHost] = {}
        self._suffixes = _Wildcards()
        self._prefixes = _Wildcards()
        self._any: _Entry | None = None
        for virtual_host in self._virtual_hosts:
            for domain in virtual_host.domains:
                self._add(virtual_host, domain)

    def _add(self, virtual_host: VirtualHost, domain: str) -> None:
        lowered = domain.lower()
        kind = domain_kind(lowered)
        if kind == "exact":
            # Tables have ten thousands of these: the text as configured is kept where it serves.
            self._exact.setdefault(domain if domain == lowered else lowered, virtual_host)
            return
        entry = _Entry(virtual_host, domain)
        if kind == "any":
            self._any = self._any or entry
        elif kind == "suffix wildcard":
            self._suffixes.add(lowered[1:], entry)
        else:
            self._prefixes.add(lowered[:-1], entry)

    def find(self, headers: Headers) -> VirtualHostChoice:
        """Find the virtual host of a request by its headers."""
        if not (self._exact or self._suffixes or self._prefixes):
            return _choice(self._any, "any", "")
        host = self._host(headers)
        if host is None:
            return VirtualHostChoice(None)
        if virtual_host := self._exact.get(host):
            domain = next(one for one in virtual_host.domains if one.lower() == host)
            return VirtualHostChoice(virtual_host, domain, "exact", host)
        if entry := self._suffixes.find(host, suffix=True):
            return _choice(entry, "suffix wildcard", host)
        if entry := self._prefixes.find(host, suffix=False):
            return _choice(entry, "prefix wildcard", host)
        return _choice(self._any, "any", host)

    def _host(self, headers: Headers) -> str | None:
        value = headers.first(self._header or ":authority")
        if value is None:
            return None
        host = value.lower()
        return _without_port(host) if self._ignore_port else host

    def losers(
        self,
        headers: Headers,
        choice: VirtualHostChoice,
        among: Iterable[VirtualHost] | None = None,
    ) -> Iterator[tuple[VirtualHost, str]]:
        """Tell of each other virtual host why it was not chosen.

        Args:
            headers: The request's headers.
            choice: What `find` said of them.
            among: The virtual hosts to tell of, in that order; None for all, in the table's.
        """
        host = self._host(headers)
        for virtual_host in self._virtual_hosts if among is None else among:
            if virtual_host is not choice.virtual_host:
                yield virtual_host, _why_not(virtual_host, host, choice)


def domain_kind(domain: str) -> DomainKind:
    """Tell what kind of domain a text is; a `*` inside it is a letter like any other."""
    if domain == "*":
        return "any"
    if domain.startswith("*"):
        return "suffix wildcard"
    return "prefix wildcard" if domain.endswith("*") else "exact"


def domain_fits(domain: str, host: str) -> bool:
    """Tell whether a domain covers a host that is in lower case."""
    lowered = domain.lower()
    match domain_kind(lowered):
        case "any":
            return True
        case "suffix wildcard":
            return len(lowered) <= len(host) and host.endswith(lowered[1:])
        case "prefix wildcard":
            return len(lowered) <= len(host) and host.startswith(lowered[:-1])
        case _:
            return host == lowered


def _choice(entry: _Entry | None, kind: DomainKind, host: str) -> VirtualHostChoice:
    if entry is None:
        return VirtualHostChoice(None, host=host)
    return VirtualHostChoice(entry.virtual_host, entry.domain, kind, host)


def _without_port(host: str) -> str:
    # The last colon begins a port, whatever follows, unless it is inside of an IPv6 address.
    colon = host.rfind(":")
    return host if colon < 0 or "]" in host[colon:] else host[:colon]


def _why_not(virtual_host: VirtualHost, host: str | None, choice: VirtualHostChoice) -> str:
    if host is None:
        return "the request has no host to look up"
    fitting = [domain for domain in virtual_host.domains if domain_fits(domain, host)]
    if not fitting:
        return f'no domain covers "{host}"'
    best = min(fitting, key=lambda domain: (_RANK[domain_kind(domain)], -len(domain)))
    kind = domain_kind(best)
    if kind == choice.kind:
        return f'"{best}" covers "{host}", but "{choice.domain}" is the longer {kind}'
    return f'"{best}" covers "{host}", but the {choice.kind} "{choice.domain}" comes first'
