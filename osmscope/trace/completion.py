"""A request, completed: what it leaves open and the dump tells.

Outbound, that is the original destination of a host. Inbound, a mesh client's TLS: the filter chain
that serves the host says which server name and ALPN a client of the mesh offers. Decision: only
what was not said is filled in, each with a note, and nothing overrides what the user typed.
"""

from __future__ import annotations

import functools

import msgspec

from osmscope.resources.address import parse_ip, split_host_port
from osmscope.trace.claims import Claim, claims
from osmscope.trace.inference import Destinations, Inference
from osmscope.trace.request import CertificateFacts, TraceRequest

NOTHING = Inference()


class Completion:
    """Completes the requests to one sidecar.

    Args:
        destinations: What is known of hosts and addresses.
        pod_ip: The sidecar's own address, for inbound requests and for what Envoy calls loopback
            clients; "" where it is not known.
        as_mesh_client: Whether an inbound request that says nothing of TLS comes from a client of
            the mesh. The batch form takes it at its word: no TLS is said, none is spoken.
    """

    def __init__(
        self, destinations: Destinations, pod_ip: str = "", *, as_mesh_client: bool = True
    ) -> None:
        self._destinations = destinations
        self._pod_ip = pod_ip
        self._node_ip = pod_ip if "." in pod_ip else None
        self._as_mesh_client = as_mesh_client

    def any_host(self) -> str:
        """Return a host that the sidecar serves; "" where nothing names one."""
        return self._destinations.any_host()

    def complete(self, request: TraceRequest) -> tuple[TraceRequest, Inference]:
        """Fill in what a request leaves open, and say how."""
        if self._node_ip is not None and request.node_ip is None:
            # Envoy calls itself by an IPv4 address, unless it is started with another option.
            request = msgspec.structs.replace(request, node_ip=self._node_ip)
        if request.direction == "inbound":
            return self._inbound(request)
        if not request.host:
            return request, NOTHING
        host, port = split_host_port(request.host)
        port = request.dst_port if request.dst_port is not None else port
        if request.dst_ip is not None:
            return msgspec.structs.replace(request, dst_port=port), NOTHING
        if parse_ip(host) is not None:
            return _with(request, Inference(dst_ip=host, dst_port=port))
        return _with(request, self._destinations.find(host, port))

    def _inbound(self, request: TraceRequest) -> tuple[TraceRequest, Inference]:
        host, port = split_host_port(request.host or "")
        port = request.dst_port if request.dst_port is not None else port
        claim = self._inbound_claim(host.lower().rstrip("."), port, request.sni)
        if claim is None:
            return _with(request, Inference(dst_ip=self._pod_ip or None, dst_port=port))
        notes = []
        if port is None and claim.port is not None:
            port = claim.port
            notes.append(f"port {port} is that of {claim.describe()}")
        found = Inference(dst_ip=self._pod_ip or None, dst_port=port)
        completed, found = _with(request, found)
        assumed = False
        if self._as_mesh_client and claim.transport_protocol == "tls" and request.tls is None:
            assumed = request.client_certificate is None
            completed, said = _as_mesh_client(completed, claim)
            notes += said
        return completed, msgspec.structs.replace(found, notes=tuple(notes), assumed=assumed)

    def _inbound_claim(self, host: str, port: int | None, sni: str | None) -> Claim | None:
        """Find the chain of a host: by server name, by domain, else the port's only one."""
        on_port = [claim for claim in self._inbound_claims if port in (claim.port, None)]
        by_name = [c for c in on_port if (sni or host) in c.server_names or c.is_named(host)]
        by_host = [claim for claim in on_port if host and claim.serves(host, port)]
        for found in (by_name, by_host, on_port):
            if found and len({(claim.port, claim.server_names) for claim in found}) == 1:
                return found[0]
        return next(iter(by_name or by_host), None)

    @functools.cached_property
    def _inbound_claims(self) -> tuple[Claim, ...]:
        return tuple(claims(self._destinations.proxy, inbound=True))


def _with(request: TraceRequest, found: Inference) -> tuple[TraceRequest, Inference]:
    """Put a destination into a request; its port is the scheme's where nobody knows it."""
    port = request.dst_port if request.dst_port is not None else found.dst_port
    if port is None:
        port = 443 if request.starts_tls else 80
        note = f"port {port} is assumed: neither the request nor the dump names one"
        found = msgspec.structs.replace(found, notes=(*found.notes, note))
    ip = request.dst_ip if request.dst_ip is not None else found.dst_ip
    return msgspec.structs.replace(request, dst_ip=ip, dst_port=port), found


def _as_mesh_client(request: TraceRequest, claim: Claim) -> tuple[TraceRequest, list[str]]:
    """Give a request the TLS of a mesh client, as the chain asks for it."""
    notes = []
    sni = request.sni
    if sni is None and claim.server_names:
        sni = claim.server_names[0]
        notes.append(f"SNI {sni} is what a client of the mesh sends to {claim.describe()}")
    alpn = request.alpn
    if alpn is None and claim.protocols:
        alpn = claim.protocols
        notes.append(f"ALPN {', '.join(alpn)} likewise")
    certificate = request.client_certificate
    if certificate is None:
        certificate = CertificateFacts()
        notes.append(
            "the client presents a trusted certificate without names;"
            " name it with --client-cert-dns or --client-cert-uri"
        )
    completed = msgspec.structs.replace(
        request, tls=True, sni=sni, alpn=alpn, client_certificate=certificate
    )
    return completed, notes
