"""From a logged request to the requests that it may have been.

What Envoy does: where iptables redirect a connection and a listener restores its original
destination, as in OSM and Istio, `%DOWNSTREAM_LOCAL_ADDRESS%` is that destination; a client's
server name is `%REQUESTED_SERVER_NAME%`.
Checked against Envoy 1.40.0.
Not modelled: an authority that a route rewrote is logged as rewritten, and taken for the client's.

Decision: what is not logged could have been anything that the dump asks for. The first way to read
a line is the likeliest; others are tried where it does not lead to what was logged. Of what is
logged, only what the dump mentions is asked about: a query, a user agent or a client's address that
nothing reads would make every request a new one.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator

import msgspec

from osmscope.replay.configured import Configured
from osmscope.replay.logged import Logged, address_and_port
from osmscope.resources.address import parse_ip, split_host_port
from osmscope.resources.proxy import Proxy
from osmscope.trace.claims import claims, unclaimed_address
from osmscope.trace.completion import NOTHING, Completion
from osmscope.trace.inference import Inference
from osmscope.trace.request import CertificateFacts, Direction, Protocol, TraceRequest

_replace = msgspec.structs.replace

_KINDS = ("listener", "route_config", "scoped_routes", "cluster", "ecds_filter")
_INBOUND_CLUSTERS = re.compile(
    r".*\|local|.*-local|inbound.*|InboundPassthrough.*|localhost:\d+|local_app", re.DOTALL
)
"""How meshes call the cluster of the application beside the sidecar: OSM, Istio, Kuma, Consul."""
_MOST_DESTINATIONS = 16
"""How many chains are tried for a line that does not say where it went."""
_NEVER_READ = frozenset({"x-forwarded-for", "x-request-id"})
"""Headers that are logged as Envoy sends them on, not as the client sent them."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One request that a line may stand for."""

    request: TraceRequest
    found: Inference = NOTHING
    guess: bool = False
    """Whether it can only explain a line: that it leads elsewhere says nothing."""


class Asking:
    """Makes requests of lines about one sidecar.

    Args:
        proxy: The sidecar.
        completion: What fills in a destination that is not logged.
        configured: What the dump's policies ask for.
        address: The sidecar's own address; "" where it is not known.
        direction: Which side all lines are of; None where each line is to tell.
    """

    def __init__(
        self,
        proxy: Proxy,
        completion: Completion,
        configured: Configured,
        *,
        address: str = "",
        direction: Direction | None = None,
    ) -> None:
        self._proxy = proxy
        self._completion = completion
        self._identities = configured.identities
        self._address = address
        self._direction = direction
        marked = {listener.traffic_direction for listener in proxy.listeners}
        self._sides: tuple[Direction | None, ...] = (None,)
        if "INBOUND" in marked:
            self._sides = ("outbound", "inbound") if marked - {"INBOUND"} else ("inbound",)
        elif marked == {"OUTBOUND"}:
            self._sides = ("outbound",)
        self._reads_query = self._mentions(r'query|":path"')
        self._reads_address = self._mentions(r"source_?(prefix|ip|type)|remote_?ip")
        self._reads_port = self._mentions("source_?port")
        self._headers_read: dict[str, bool] = {}

    def essence(self, line: Logged) -> Logged:
        """Leave out of a line what cannot matter: lines with the same essence are judged once."""
        path = line.path
        if path and not self._reads_query:
            path = path.partition("?")[0]
        address = line.remote_address
        if address and not self._reads_port:
            address = address_and_port(address)[0] if self._reads_address else ""
        return _replace(
            line,
            path=path,
            start_time=None,
            remote_address=address,
            headers=tuple(
                (name, text if self._is_read(name) else "") for name, text in line.headers
            ),
        )

    def direction(self, line: Logged) -> Direction | None:
        """Say which side a line is of; None where nothing tells."""
        if self._direction is not None or len(self._sides) == 1:
            return self._direction or self._sides[0]
        address = address_and_port(line.local_address or "")[0]
        if address and self._address:
            return "inbound" if address == self._address else "outbound"
        if line.peer_names() or (line.is_http and line.server_name):
            return "inbound"
        if line.cluster:
            return "inbound" if _INBOUND_CLUSTERS.fullmatch(line.cluster) else "outbound"
        return None

    def readings(self, line: Logged) -> Iterator[Reading]:
        """List the requests that a line may stand for, the likeliest first."""
        told = self.direction(line)
        sides = self._sides if self._direction is None else (self._direction,)
        for side in sorted(sides, key=lambda side: told is not None and side != told):
            is_guess = side != (told or sides[0])
            for reading in self._of_side(line, side):
                yield _replace(reading, guess=reading.guess or is_guess)

    def _of_side(self, line: Logged, side: Direction | None) -> Iterator[Reading]:
        for number, request in enumerate(_requests(line, side)):
            for reading in self._completed(line, request):
                yield _replace(reading, guess=reading.guess or number > 0)

    def _completed(self, line: Logged, request: TraceRequest) -> Iterator[Reading]:
        if request.direction == "inbound":
            for certificate in self._certificates(line):
                asked = _replace(request, client_certificate=certificate)
                if request.tls is False:
                    asked = _replace(asked, client_certificate=None)
                completed, found = self._completion.complete(asked)
                yield Reading(request=completed, found=found)
                if completed.client_certificate is None:
                    return
            return
        names = line.peer_names()
        if names and request.tls is not False:
            request = _replace(request, client_certificate=_certificate(names))
        completed, found = self._completion.complete(request)
        yield Reading(request=completed, found=found)
        if request.dst_ip is None:
            for ip, port in self._elsewhere(line):
                elsewhere = _replace(completed, dst_ip=ip, dst_port=port or completed.dst_port)
                yield Reading(request=elsewhere, guess=True)

    def _elsewhere(self, line: Logged) -> Iterator[tuple[str, int | None]]:
        """List where a connection may have gone whose host is not that of its destination.

        It may have been passed through as it was, or taken by any chain.
        """
        ip, port = address_and_port(line.upstream_host or "")
        if parse_ip(ip) is not None:
            yield ip, port
        yield self._unclaimed, None
        yield from self._claimed

    @functools.cached_property
    def _unclaimed(self) -> str:
        return unclaimed_address(self._proxy)

    @functools.cached_property
    def _claimed(self) -> tuple[tuple[str, int | None], ...]:
        asked = ((one.address, one.port) for one in claims(self._proxy) if one.ranges)
        return tuple(itertools.islice(dict.fromkeys(asked), _MOST_DESTINATIONS))

    def _certificates(self, line: Logged) -> Iterable[CertificateFacts]:
        """Say who the client may have been: as logged, else anybody whom a policy names."""
        names = line.peer_names()
        if names is not None:
            return (_certificate(names),)
        return (*(_certificate((name,)) for name in self._identities), _certificate(()))

    def _is_read(self, header: str) -> bool:
        """Whether the dump names a header, other than as what an access log writes."""
        if header in _NEVER_READ:
            return False
        if header not in self._headers_read:
            self._headers_read[header] = self._mentions(rf"""["']{re.escape(header)}\\?["']""")
        return self._headers_read[header]

    def _mentions(self, expression: str) -> bool:
        """Whether anything in the dump that decides holds a text."""
        search = re.compile(expression.encode(), re.IGNORECASE).search
        return any(
            search(bytes(entry.body)) is not None
            for kind in _KINDS
            for entry in self._proxy.dump.entries(kind)
        )


def _requests(line: Logged, side: Direction | None) -> Iterator[TraceRequest]:
    """Read a line with its destination, as logged, and with each TLS that it may have had."""
    ip, port = address_and_port(line.local_address or "")
    source, source_port = address_and_port(line.remote_address or "")
    request = TraceRequest(
        direction=side,
        dst_ip=ip if parse_ip(ip) is not None else None,
        dst_port=port,
        src_ip=source if parse_ip(source) is not None else None,
        src_port=source_port,
        protocol=_protocol(line),
        method=line.method or None,
        host=(line.authority if line.is_http else line.server_name) or None,
        path=line.path or None,
        headers={name: text for name, text in line.headers if text} or None,
    )
    if line.server_name:
        # Inbound, the rest of a mesh client's TLS is filled in where nothing is said of it.
        yield _replace(request, tls=None if side == "inbound" else True, sni=line.server_name)
        return
    if side == "inbound" and (line.peer_names() or line.server_name is None):
        yield request
        yield _replace(request, tls=False)
        return
    yield _replace(request, tls=False)
    host = split_host_port(line.authority or "")[0]
    if host and parse_ip(host) is None and line.server_name is None:
        yield _replace(request, tls=True, sni=host)
    else:
        yield _replace(request, tls=True)


def _protocol(line: Logged) -> Protocol:
    if not line.is_http:
        return "tcp"
    return "h2" if (line.protocol or "").startswith(("HTTP/2", "HTTP/3")) else "http/1.1"


def _certificate(names: tuple[str, ...]) -> CertificateFacts:
    """Make a certificate of names; several of one kind are logged with commas between them."""
    each = [name for text in names for name in _separate(text)]
    return CertificateFacts(
        uri_sans=tuple(name for name in each if "://" in name),
        dns_sans=tuple(name for name in each if "://" not in name and "=" not in name),
        subject=next((name for name in each if "://" not in name and "=" in name), ""),
        trusted=True,
    )


def _separate(text: str) -> list[str]:
    is_subject = "=" in text and "://" not in text
    return [text] if is_subject else [name for name in text.split(",") if name]
