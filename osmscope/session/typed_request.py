"""What a user typed, as options or in a form, and the request it makes.

Decision: what was typed is kept apart from what is inferred of it, so that the answer can tell one
from the other; nothing inferred overrides what was typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from osmscope.errors import UsageError
from osmscope.trace.request import CertificateFacts, Protocol, TraceRequest, check_request
from osmscope.trace.target import SCHEME_PORTS, Target, parse_target


class RequestOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say."""

    method: str | None = None
    headers: tuple[str, ...] = ()
    path: str | None = None
    curl: str | None = None
    dst_ip: str | None = None
    dst_port: int | None = None
    src_ip: str | None = None
    src_port: int | None = None
    direct_src_ip: str | None = None
    node_ip: str | None = None
    tls: bool | None = None
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    tcp: bool = False
    udp: bool = False
    http1: bool = False
    http2: bool = False
    direction: Literal["outbound", "inbound"] | None = None
    listener: str | None = None
    client_cert_dns: tuple[str, ...] = ()
    client_cert_uri: tuple[str, ...] = ()
    client_cert_subject: str | None = None
    client_cert_trusted: bool | None = None
    random_value: int | None = None
    runtime: tuple[str, ...] = ()
    now: str | None = None


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A request as typed: `request.host` is that of the target until it is completed."""

    target: Target
    request: TraceRequest
    host_header: str | None = None
    """The `host` header, where one was typed."""
    notes: tuple[str, ...] = ()

    def finished(self, completed: TraceRequest, full_name: str = "") -> TraceRequest:
        """Return the completed request with the `host` header that the client sends.

        Args:
            completed: The request with its destination.
            full_name: What a short host stands for; "" where it is meant as it was typed.
        """
        target = msgspec.structs.replace(self.target, host=full_name or self.target.host)
        port = self.target.port if self.target.port is not None else completed.dst_port
        return msgspec.structs.replace(completed, host=self.host_header or target.authority(port))


def typed_request(target: str | None, options: RequestOptions) -> Typed:
    """Make a request of a target and options.

    Args:
        target: TARGET; None where `--curl` stands for it.
        options: The options; they win over what the target or the curl command says.

    Raises:
        UsageError: One of them cannot be read, or they contradict each other.
    """
    if options.curl is not None:
        return _of_curl(options.curl, options)
    if target is None:
        raise UsageError("TARGET is missing", hint="give host, host:port, a URL, or --curl")
    found = parse_target(target)
    headers = [("authorization", found.authorization)] if found.authorization else []
    return _typed(found, options, headers, TraceRequest())


def _of_curl(command: str, options: RequestOptions) -> Typed:
    from osmscope.trace.curl import parse_curl

    curl = parse_curl(command)
    alpn = ("h2", "http/1.1") if curl.target.tls else None
    base = TraceRequest(
        method=curl.method,
        dst_ip=curl.dst_ip,
        dst_port=curl.dst_port,
        protocol="h2" if curl.protocol == "h2" else None,
        alpn=alpn,
    )
    notes = list(curl.notes)
    if alpn:
        notes.append("curl offers ALPN h2 and http/1.1, and speaks what is agreed on")
    typed = _typed(curl.target, options, list(curl.headers), base)
    return msgspec.structs.replace(typed, notes=tuple(notes))


def _typed(
    target: Target, options: RequestOptions, headers: list[tuple[str, str]], base: TraceRequest
) -> Typed:
    pairs = headers + [_header(text) for text in options.headers]
    hosts = [value for name, value in pairs if name.lower() == "host"]
    port = target.port if target.port is not None else SCHEME_PORTS.get(target.scheme)
    tls = options.tls if options.tls is not None else (target.tls or options.sni is not None)
    sni = options.sni
    if sni is None and tls and target.ip is None and options.direction != "inbound":
        sni = target.host
    request = TraceRequest(
        id="trace",
        listener=options.listener,
        direction=options.direction,
        dst_ip=options.dst_ip or base.dst_ip or target.ip,
        dst_port=options.dst_port if options.dst_port is not None else base.dst_port or port,
        src_ip=options.src_ip,
        src_port=options.src_port,
        direct_src_ip=options.direct_src_ip,
        node_ip=options.node_ip,
        tls=tls if tls or options.tls is not None else None,
        sni=sni,
        alpn=_alpn(options.alpn) or base.alpn,
        client_certificate=_certificate(options),
        protocol=_protocol(target, options) or base.protocol,
        method=options.method or base.method,
        host=target.authority(port),
        path=options.path if options.path is not None else target.path,
        headers=_joined(pair for pair in pairs if pair[0].lower() != "host") or None,
        random_value=options.random_value,
        runtime=dict(map(_runtime, options.runtime)) or None,
        now=options.now,
    )
    check_request(request, where="the command line")
    return Typed(target=target, request=request, host_header=hosts[-1] if hosts else None)


def _protocol(target: Target, options: RequestOptions) -> Protocol | None:
    asked = {
        "--tcp": options.tcp,
        "--udp": options.udp,
        "--http1.1": options.http1,
        "--http2": options.http2,
    }
    given = [name for name, wanted in asked.items() if wanted]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", hint="give one of them")
    if options.udp or target.udp:
        return "udp"
    if options.tcp or target.tcp:
        return "tcp"
    if options.http1:
        return "http/1.1"
    return "h2" if options.http2 else None


def _certificate(options: RequestOptions) -> CertificateFacts | None:
    is_named = options.client_cert_dns or options.client_cert_uri
    if not is_named and options.client_cert_subject is None and options.client_cert_trusted is None:
        return None
    return CertificateFacts(
        dns_sans=options.client_cert_dns,
        uri_sans=options.client_cert_uri,
        subject=options.client_cert_subject or "",
        trusted=options.client_cert_trusted,
    )


def _alpn(values: tuple[str, ...]) -> tuple[str, ...] | None:
    names = tuple(name for value in values for name in value.split(",") if name)
    return names or None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon and text.endswith(";"):
        name, colon = text[:-1], ":"
    if not colon or not name.strip():
        raise UsageError(
            f"the header {text!r} cannot be read", hint="give -H 'name: value', as curl takes it"
        )
    return name.strip(), value.strip()


def _runtime(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        hint = "give --runtime KEY=VALUE, the value as JSON or as text"
        raise UsageError(f"the runtime value {text!r} cannot be read", hint=hint)
    try:
        return key, msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError):
        return key, value


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str | tuple[str, ...]]:
    joined: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        key = name.lower()
        joined[key] = (*joined.get(key, ()), value)
    return {name: values[0] if len(values) == 1 else values for name, values in joined.items()}
