"""Where a connection to a host goes, if the request does not say: the client's DNS, inferred.

A sidecar chooses by address and port, a user thinks of names, and the DNS between them is not in a
dump. Decision, in this order: the services of the snapshot know; else the dump tells it itself (a
host → the virtual host that serves it → the filter chains whose route table holds it → the
addresses that those chains ask for); else the host stands for any address that no filter chain
names. Every inference says so in a note; what is assumed rather than looked up is marked.
Several chains that lead to the same virtual host are one answer; others are listed as candidates.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

import msgspec

from osmscope.resources.address import host_port
from osmscope.resources.proxy import Proxy
from osmscope.source.kubernetes_lists import Service
from osmscope.source.service_directory import ServiceDirectory
from osmscope.trace.claims import Claim, claims, unclaimed_address

_MOST_REMEMBERED = 4096
"""For how many hosts it is remembered: those of a log are what anybody sends."""


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for a host."""

    dst_ip: str | None = None
    """None where candidates differ, or where no rule asks for the address."""
    dst_port: int | None = None
    notes: tuple[str, ...] = ()
    """How it was found, each a clause."""
    assumed: bool = False
    """Whether it stands for something that nobody said."""
    is_stand_in: bool = False
    """Whether `dst_ip` stands for an address that nobody knows, and any would do for the chain."""
    host: str = ""
    """The name that a short one stands for, where the client's own namespace has no such service;
    "" where the host is meant as it was given."""
    candidates: tuple[str, ...] = ()
    """Chains that lead to different places, where nothing tells which."""


class Destinations:
    """The destinations that one sidecar knows; its index is built once, when first needed."""

    def __init__(
        self,
        proxy: Proxy,
        services: ServiceDirectory | Iterable[Service] = (),
        namespace: str = "",
    ) -> None:
        self.proxy = proxy
        self.namespace = namespace
        if not isinstance(services, ServiceDirectory):
            services = ServiceDirectory(services)
        self._services = services
        self._found: dict[tuple[str, int | None], Inference] = {}

    def find(self, host: str, port: int | None) -> Inference:
        """Find the original destination of an outbound connection.

        Args:
            host: A name, without port.
            port: The port; None where it is to be found too.
        """
        key = (host, port)
        if key not in self._found:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[key] = self._find(host.lower().rstrip("."), port)
        return self._found[key]

    def any_host(self) -> str:
        """Return a host that a filter chain serves; "" where the dump names none."""
        hosts = (one.service or next(iter(one.domains.exact), "") for one in self._claims)
        return next(filter(None, hosts), "")

    def _find(self, host: str, port: int | None) -> Inference:
        service = self._services.find(*_service_of_host(host, self.namespace))
        if service is not None and service.cluster_ip:
            return _of_service(service, port)
        elsewhere = self._named_elsewhere(host)
        if elsewhere is not None:
            return self._qualified(_of_service(elsewhere, port), host, elsewhere)
        by_host = list(self._serving(host, port))
        found = by_host or [claim for claim in self._claims if claim.is_named(host)]
        if port is None:
            ports = {claim.port for claim in found if claim.port is not None}
            port = ports.pop() if len(ports) == 1 else None
        on_port = [claim for claim in found if claim.port in (port, None)]
        return self._of_claims(host, port, on_port or found)

    def _serving(self, host: str, port: int | None) -> Iterator[Claim]:
        """Yield the chains that serve a host; many share a route table, which is asked once."""
        known: dict[tuple[int, int | None], bool] = {}
        for claim in self._claims:
            key = id(claim.domains), claim.port
            serves = known.get(key)
            if serves is None:
                serves = known[key] = claim.serves(host, port)
            if serves:
                yield claim

    def _named_elsewhere(self, host: str) -> Service | None:
        """Return the one service of another namespace that a short name can mean."""
        named = [one for one in self._services.named(host) if one.cluster_ip]
        return named[0] if len(named) == 1 else None

    def _qualified(self, found: Inference, host: str, service: Service) -> Inference:
        full = f"{service.name}.{service.namespace}"
        note = f"namespace {self.namespace} has no service {host}: {full} is meant"
        return msgspec.structs.replace(found, host=full, notes=(note, *found.notes))

    @functools.cached_property
    def _claims(self) -> tuple[Claim, ...]:
        return tuple(claims(self.proxy))

    @functools.cached_property
    def _unclaimed_address(self) -> str:
        return unclaimed_address(self.proxy)

    def _of_claims(self, host: str, port: int | None, found: list[Claim]) -> Inference:
        if not found:
            return self._unclaimed(host, port)
        own = [claim for claim in found if claim.is_named(host)]
        chosen = (own or found)[0]
        rivals = own or found
        if len({claim.leads_to for claim in rivals}) > 1:
            names = tuple(f"{claim.describe()} → {claim.leads_to}" for claim in rivals)
            return Inference(
                dst_port=port,
                notes=(f"{len(rivals)} filter chains that lead to different places know {host}",),
                candidates=names,
            )
        if not chosen.ranges:
            return self._unclaimed(host, port, chosen)
        if port is not None and chosen.port not in (port, None):
            note = f"no filter chain serves {host} at port {port}; at {chosen.port} it is known as"
            note += f" {chosen.address}"
            return Inference(dst_ip=chosen.address, dst_port=port, notes=(note,))
        by_name_only = not chosen.serves(host, chosen.port) and "." not in host
        return Inference(
            dst_ip=chosen.address,
            dst_port=port,
            host=chosen.service if by_name_only else "",
            notes=tuple(_claim_notes(host, chosen, found)),
        )

    def _unclaimed(self, host: str, port: int | None, chosen: Claim | None = None) -> Inference:
        address = self._unclaimed_address
        if chosen is not None:
            why = f"{chosen.describe()} serves {host} at any address: {address} stands for it"
            return Inference(dst_ip=address, dst_port=port, is_stand_in=True, notes=(why,))
        why = f"{host} resolves to an address that no filter chain names; {address} stands for it"
        return Inference(
            dst_ip=address, dst_port=port, notes=(why,), assumed=True, is_stand_in=True
        )


def infer_destination(
    proxy: Proxy, services: Iterable[Service], host: str, port: int | None, namespace: str = ""
) -> Inference:
    """Find one original destination; see `Destinations` for many."""
    return Destinations(proxy, services, namespace).find(host, port)


def _service_of_host(host: str, namespace: str) -> tuple[str, str]:
    """Read a host as a service's DNS name, as a pod's resolver does: (namespace, name)."""
    labels = host.split(".")
    if len(labels) == 1:
        return namespace, labels[0]
    if len(labels) == 2 or labels[2] == "svc":
        return labels[1], labels[0]
    return "", ""


def _of_service(service: Service, port: int | None) -> Inference:
    notes = [f"service {service.namespace}/{service.name} has the ClusterIP {service.cluster_ip}"]
    ports = [entry.port for entry in service.ports]
    if port is None and len(ports) == 1:
        port = ports[0]
        notes.append(f"its only port is {port}")
    elif port is not None and ports and port not in ports:
        notes.append(f"it has no port {port}, only {', '.join(map(str, ports))}")
    return Inference(dst_ip=service.cluster_ip, dst_port=port, notes=tuple(notes))


def _claim_notes(host: str, chosen: Claim, found: list[Claim]) -> Iterator[str]:
    where = host_port(chosen.address, chosen.port) if chosen.port else chosen.address
    yield f"{host} is {where}, from {chosen.describe()}"
    if not chosen.is_single_address:
        yield f"that chain takes all of {chosen.ranges[0].text()}: its first address stands for it"
    if not chosen.serves(host, chosen.port):
        yield f"no virtual host has it: it is told from the name of service {chosen.service}"
    elif len(found) > 1 and chosen.is_named(host):
        yield f"{len(found)} chains lead to its route table; this one is named after it"
    elif len(found) > 1:
        yield f"{len(found)} chains lead to the same virtual host; the first stands for them"
