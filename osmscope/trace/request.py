"""A request as a user asks it: the lines of the batch form, and the facts they stand for."""

import datetime
import math
from typing import Literal

import msgspec

from osmscope.errors import UsageError
from osmscope.resources.address import ip_text, parse_ip
from osmscope.rules.facts import ClientCertificate, Connection, Headers

Direction = Literal["outbound", "inbound"]
Protocol = Literal["http/1.1", "h2", "tcp", "udp"]


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the client's certificate."""

    uri_sans: tuple[str, ...] = ()
    dns_sans: tuple[str, ...] = ()
    subject: str = ""
    trusted: bool | None = None
    """Whether a CA that the listener trusts signed it; not said: it is assumed."""

    def facts(self) -> ClientCertificate:
        """Return the certificate as rules read it."""
        return ClientCertificate(
            uri_sans=self.uri_sans,
            dns_sans=self.dns_sans,
            subject=self.subject,
            trusted=self.trusted is not False,
        )


class TraceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request line of the batch contract; every field but `id` has a default."""

    id: str | int | None = None
    listener: str | None = None
    direction: Direction | None = None
    dst_ip: str | None = None
    dst_port: int | None = None
    src_ip: str | None = None
    src_port: int | None = None
    direct_src_ip: str | None = None
    node_ip: str | None = None
    """The address of the machine or pod that Envoy runs in: what it calls a loopback client."""
    tls: bool | None = None
    sni: str | None = None
    alpn: tuple[str, ...] | None = None
    client_certificate: CertificateFacts | None = None
    protocol: Protocol | None = None
    method: str | None = None
    host: str | None = None
    path: str | None = None
    headers: dict[str, str | tuple[str, ...]] | None = None
    random_value: int | None = None
    runtime: dict[str, object] | None = None
    now: float | str | None = None
    """When it is sent: seconds since 1970 or RFC 3339; not said: times in tokens are assumed."""

    @property
    def starts_tls(self) -> bool:
        """Whether the client starts TLS: as said, else where SNI or a certificate is given."""
        if self.tls is not None:
            return self.tls
        return bool(self.sni) or self.client_certificate is not None

    @property
    def time(self) -> float | None:
        """The time of the request in seconds since 1970; None where it is not said.

        Raises:
            ValueError: It is neither a number nor a time in RFC 3339's form.
        """
        if self.now is None or not isinstance(self.now, str):
            return self.now
        try:
            return float(self.now)
        except ValueError:
            said = datetime.datetime.fromisoformat(self.now)
        zoned = said if said.tzinfo is not None else said.replace(tzinfo=datetime.UTC)
        return zoned.timestamp()

    @property
    def spoken(self) -> Literal["http/1.1", "h2", "tcp"]:
        """What is spoken inside: as said, else HTTP/1.1 (unless ALPN negotiates another)."""
        return "tcp" if self.protocol == "udp" else self.protocol or "http/1.1"

    def connection(self) -> Connection:
        """Return the facts of the connection, as the client makes it."""
        tls = self.starts_tls
        certificate = self.client_certificate if tls else None
        return Connection(
            destination_ip=_canonical(self.dst_ip),
            destination_port=self.dst_port,
            source_ip=_canonical(self.src_ip),
            source_port=self.src_port,
            direct_source_ip=_canonical(self.direct_src_ip or self.src_ip),
            node_ip=_canonical(self.node_ip),
            tls=tls,
            server_name=(self.sni or "").lower() if tls else "",
            alpn=(self.alpn or ()) if tls else (),
            certificate=None if certificate is None else certificate.facts(),
        )

    def all_headers(self) -> Headers:
        """Return the request's headers with its pseudo headers, as sent."""
        pairs: list[tuple[str, str]] = [(":method", self.method or "GET")]
        if self.host is not None:
            pairs.append((":authority", self.host))
        pairs.append((":path", "/" if self.path is None else self.path))
        for name, values in (self.headers or {}).items():
            if name.lower() == "host" and self.host is not None:
                continue
            listed = (values,) if isinstance(values, str) else values
            pairs.extend((name, value) for value in listed)
        return Headers.of(pairs)


def _canonical(text: str | None) -> str | None:
    """Write an address as Envoy does; text that is none is left as it is."""
    address = parse_ip(text) if text is not None else None
    return text if address is None else ip_text(address)


_NUMBERS = {
    "dst_port": (2**16 - 1, "port"),
    "src_port": (2**16 - 1, "port"),
    "random_value": (2**64 - 1, "64-bit number"),
}
_DECODER = msgspec.json.Decoder(TraceRequest)


def read_request(line: bytes | str, *, where: str) -> TraceRequest:
    """Read one request line.

    Args:
        line: A JSON object with the fields of the batch contract; further fields are ignored.
        where: The line's place, for the error.

    Raises:
        UsageError: It is not JSON, or a field has the wrong type or value.
    """
    try:
        request = _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the request cannot be read: {error}",
            where=where,
            hint="see the fields of a request line in `osmscope trace --help`",
        ) from error
    check_request(request, where=where)
    return request


def check_request(request: TraceRequest, *, where: str) -> None:
    """Refuse values that no request can have.

    Raises:
        UsageError: An address is not an IP, a number is out of range, or a header has no name
            that a client can send.
    """
    for name in ("dst_ip", "src_ip", "direct_src_ip", "node_ip"):
        value = getattr(request, name)
        if value is not None and parse_ip(value) is None:
            raise UsageError(
                f"{name} {value!r} is not an IP address",
                where=where,
                hint="give an IPv4 or IPv6 address without a port",
            )
    for name, (most, noun) in _NUMBERS.items():
        number = getattr(request, name)
        if number is not None and not 0 <= number <= most:
            raise UsageError(
                f"{name} {number} is not a {noun}",
                where=where,
                hint=f"give a number from 0 to {most}",
            )
    _check_time(request, where)
    for name in request.headers or ():
        of_http2 = name == ":protocol" and request.protocol == "h2"
        if not name or (name.startswith(":") and not of_http2):
            raise UsageError(
                f"{name!r} is not a header's name",
                where=where,
                hint="give method, path and host in their own fields",
            )


def _check_time(request: TraceRequest, where: str) -> None:
    try:
        time = request.time
    except ValueError:
        time = math.nan
    if time is not None and not math.isfinite(time):
        raise UsageError(
            f"now {request.now!r} is not a time",
            where=where,
            hint="give seconds since 1970, or a time like 2026-01-31T12:00:00Z",
        )
