"""A request as the `osmscope trace` command line that asks it: the way back of `typed_request`.

Decision: what is written is read again, and only a command that means the same request is given;
of several the shortest. What no command line can say is an error, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.errors import UsageError
from osmscope.report.shell_words import quoted
from osmscope.resources.address import host_port, parse_ip
from osmscope.session.sources import SourceOptions
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import CertificateFacts, TraceRequest
from osmscope.trace.target import parse_target

_replace = msgspec.structs.replace

_VALUES = {
    "method": "-X", "path": "--path", "curl": "--curl", "dst_ip": "--dst-ip",
    "dst_port": "--dst-port", "src_ip": "--src-ip", "src_port": "--src-port",
    "direct_src_ip": "--direct-src-ip", "node_ip": "--node-ip", "sni": "--sni",
    "direction": "--direction",
    "listener": "--listener", "client_cert_subject": "--client-cert-subject",
    "random_value": "--random-value", "now": "--now",
}  # fmt: skip
_LISTS = {
    "headers": "-H", "alpn": "--alpn", "client_cert_dns": "--client-cert-dns",
    "client_cert_uri": "--client-cert-uri", "runtime": "--runtime",
}  # fmt: skip
_FLAGS = {
    "tls": ("--tls", "--no-tls"),
    "tcp": ("--tcp", ""), "udp": ("--udp", ""),
    "http1": ("--http1.1", ""), "http2": ("--http2", ""),
    "client_cert_trusted": ("--client-cert-trusted", "--client-cert-untrusted"),
}  # fmt: skip
_SOURCE_OPTIONS = {
    "--from": "from_", "--dump": "dump", "--clusters": "clusters", "--kubeconfig": "kubeconfig",
    "--context": "context", "-n": "namespace", "--admin-port": "admin_port", "--via": "via",
    "--request-timeout": "request_timeout",
}  # fmt: skip
_ORDER = RequestOptions.__struct_fields__


class Spelled(msgspec.Struct, frozen=True, kw_only=True):
    """A request as TARGET and options."""

    target: str
    options: RequestOptions


def trace_command(
    source: str | None, source_options: SourceOptions, target: str | None, options: RequestOptions
) -> str:
    """Write the command line of a trace, quoted for a shell.

    Args:
        source: SOURCE; None where the options name it alone.
        source_options: `--dump`, `--from` and their like; only what is given is written.
        target: TARGET; None where `--curl` stands for it.
        options: What is asked; only what differs from the default is written.
    """
    default = SourceOptions()
    from_words = [
        word
        for name, field in _SOURCE_OPTIONS.items()
        if getattr(source_options, field) not in (None, getattr(default, field))
        for word in _option(name, f"{getattr(source_options, field)}")
    ]
    if source_options.full:
        from_words.append("--full")
    option_words = list(option_words_of(options))
    positional = [word for word in (source, target) if word is not None]
    if any(word.startswith("-") and word != "-" for word in positional):
        words = [*from_words, *option_words, "--", *positional]
    else:
        words = [*positional[:-1], *from_words, *positional[-1:], *option_words]
    return " ".join(["osmscope trace", *map(quoted, words)])


def option_words_of(options: RequestOptions) -> Iterator[str]:
    """List the words of all options that are not left at their default."""
    for field in _ORDER:
        value = getattr(options, field)
        if value is None or (value is False and field not in ("tls", "client_cert_trusted")):
            continue
        if field in _FLAGS:
            yield _FLAGS[field][not value]
        elif field in _LISTS:
            for one in value:
                yield from _option(_LISTS[field], one)
        else:
            yield from _option(_VALUES[field], str(value))


def _option(name: str, value: str) -> tuple[str, ...]:
    """Join what begins with a dash to its option, so that it is not taken for another."""
    if not value.startswith("-"):
        return name, value
    return (f"{name}={value}",) if name.startswith("--") else (f"{name}{value}",)


def spelled(request: TraceRequest) -> Spelled:
    """Say a request as TARGET and options.

    Args:
        request: The request; its destination is written where it is given.

    Raises:
        UsageError: No TARGET and options mean it.
    """
    start = Spelled(target=_target(request), options=_plain_options(request))
    for with_path in _with_path(start, request.path):
        for with_tls in _with_tls(with_path, request):
            candidate = _with_host(with_tls, request)
            if candidate is not None:
                return candidate
    hint = "give it as a line of --requests"
    raise UsageError("the request cannot be said as TARGET and options", hint=hint)


def _target(request: TraceRequest) -> str:
    if request.host and _is_target(request.host):
        return request.host
    if request.dst_ip is None or request.dst_port is None:
        if request.host or request.dst_port is None:
            hint = "give it as a line of --requests"
            raise UsageError(f"{request.host!r} cannot be written as TARGET", hint=hint)
        return f"localhost:{request.dst_port}"
    return host_port(request.dst_ip, request.dst_port)


def _is_target(host: str) -> bool:
    """Whether a host stands for itself as TARGET."""
    try:
        found = parse_target(host)
    except UsageError:
        return False
    return not found.scheme and found.path is None and not found.authorization and "#" not in host


def _plain_options(request: TraceRequest) -> RequestOptions:
    """Write what stands for itself; host, path and TLS depend on the target."""
    certificate = request.client_certificate
    target = parse_target(_target(request))
    headers = request.headers or {}
    return RequestOptions(
        method=None if request.method in (None, "GET") else request.method,
        headers=tuple(_header_texts(headers)),
        dst_ip=None if request.dst_ip == target.ip else request.dst_ip,
        dst_port=None if request.dst_port == target.port else request.dst_port,
        src_ip=request.src_ip,
        src_port=request.src_port,
        direct_src_ip=request.direct_src_ip,
        node_ip=request.node_ip,
        alpn=(",".join(request.alpn),) if request.alpn else (),
        tcp=request.protocol == "tcp",
        udp=request.protocol == "udp",
        http1=request.protocol == "http/1.1",
        http2=request.protocol == "h2",
        direction=request.direction,
        listener=request.listener,
        client_cert_dns=certificate.dns_sans if certificate else (),
        client_cert_uri=certificate.uri_sans if certificate else (),
        client_cert_subject=_subject(certificate),
        client_cert_trusted=certificate.trusted if certificate else None,
        random_value=request.random_value,
        runtime=tuple(_runtime_text(key, value) for key, value in (request.runtime or {}).items()),
        now=None if request.now is None else str(request.now),
    )


def _subject(certificate: CertificateFacts | None) -> str | None:
    """Write the subject; an empty one stands for a certificate of which nothing else is said."""
    if certificate is None:
        return None
    is_said = certificate.dns_sans or certificate.uri_sans or certificate.trusted is not None
    return certificate.subject or (None if is_said else "")


def _header_texts(headers: dict[str, str | tuple[str, ...]]) -> Iterator[str]:
    for name, values in headers.items():
        for value in (values,) if isinstance(values, str) else values:
            yield f"{name}: {value}" if value else f"{name};"


def _runtime_text(key: str, value: object) -> str:
    if isinstance(value, str):
        try:
            msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError):
            return f"{key}={value}"
    return f"{key}={msgspec.json.encode(value).decode()}"


def _with_path(start: Spelled, path: str | None) -> Iterable[Spelled]:
    """Write the path behind the target where that reads back, else as an option."""
    if path in (None, "/"):
        return (start,)
    as_option = _replace(start, options=_replace(start.options, path=path))
    joined = f"{start.target}{path}"
    try:
        reads_back = parse_target(joined).path == path and parse_target(start.target).ip is None
    except UsageError:
        reads_back = False
    return (_replace(start, target=joined), as_option) if reads_back else (as_option,)


def _with_tls(start: Spelled, request: TraceRequest) -> Iterator[Spelled]:
    """Yield the ways to say TLS and SNI that mean what the request means, the shortest first."""
    sni = request.sni or None
    ways: tuple[tuple[bool | None, str | None], ...] = (
        (None, None), (True, None), (None, sni), (True, sni), (True, ""), (False, None),
        (False, sni),
    )  # fmt: skip
    for tls, name in ways:
        candidate = _replace(start, options=_replace(start.options, tls=tls, sni=name))
        try:
            said = typed_request(candidate.target, candidate.options).request
        except UsageError:
            continue
        if said.starts_tls != request.starts_tls or (said.sni or None) != sni:
            continue
        # Inbound, what is left open is taken for the TLS of a mesh client.
        is_open = request.tls is None and sni is None
        if request.direction == "inbound" and is_open != (said.tls is None):
            continue
        yield candidate


def _with_host(start: Spelled, request: TraceRequest) -> Spelled | None:
    """Add the `host` header where the target alone means another; None where nothing helps."""
    headers = start.options.headers
    with_host = (f"host: {request.host}", *headers) if request.host else headers
    for tried in (headers, with_host):
        candidate = _replace(start, options=_replace(start.options, headers=tried))
        try:
            typed = typed_request(candidate.target, candidate.options)
        except UsageError:
            return None
        if same_request(typed.finished(typed.request), request):
            return candidate
    return None


def same_request(one: TraceRequest, other: TraceRequest) -> bool:
    """Whether two requests are the same to every rule."""
    return _facts(one) == _facts(other)


def _facts(request: TraceRequest) -> tuple[object, ...]:
    certificate = request.client_certificate
    port = request.dst_port
    if (
        port is None
        and request.host
        and parse_ip(request.host) is None
        and _is_target(request.host)
    ):
        port = parse_target(request.host).port
    speaks_http = request.protocol not in ("tcp", "udp") and request.host is not None
    return (
        _replace(request, dst_port=port).connection(),
        certificate,
        request.all_headers() if speaks_http else None,
        request.protocol,
        request.direction,
        request.listener,
        request.alpn or None,
        request.random_value,
        request.runtime or None,
        request.time,
    )
