"""A request as a curl command, with what curl cannot say of it in words.

Decision: the command goes to the address that the trace took (`--connect-to`), because the DNS
where it runs may say another; it is the client's own request, so it belongs into a client's pod.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.errors import UsageError
from osmscope.report.shell_words import quoted
from osmscope.resources.address import host_port, split_host_port
from osmscope.trace.request import TraceRequest
from osmscope.trace.target import SCHEME_PORTS, parse_target

_OWN_HEADERS = ("user-agent", "accept")
_LITERAL = set("{}[]")


class CurlCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, and what it does not do as the request asks it."""

    text: str
    notes: tuple[str, ...] = ()


def curl_command(request: TraceRequest, *, stand_in: str = "") -> CurlCommand:
    """Write a request as a curl command, quoted for a shell.

    Args:
        request: The request, completed.
        stand_in: An address that only stands for the real one: it is not written.

    Raises:
        UsageError: It is no HTTP, names no host, or is an extended CONNECT.
    """
    is_extended = ":protocol" in (request.headers or ())
    if request.protocol in ("tcp", "udp") or not request.host or is_extended:
        hint = "copy it as `osmscope trace …` instead"
        raise UsageError("curl speaks HTTP to a host: this request cannot be said", hint=hint)
    words = ["curl", *_method(request), *_headers(request), *_protocol(request)]
    url_host = _url_host(request)
    if (
        request.dst_ip
        and request.dst_ip != stand_in
        and split_host_port(url_host)[0] != (request.dst_ip)
    ):
        words += ["--connect-to", _connect_to(request, url_host)]
    path = "/" if request.path is None else request.path
    scheme = "https" if request.starts_tls else "http"
    if _LITERAL & set(path):
        words.append("--globoff")
    if "#" in path or not path.startswith("/") or "/." in path:
        words += ["--path-as-is", "--request-target", path]
        path = "/"
    words.append(f"{scheme}://{url_host}{path}")
    return CurlCommand(text=" ".join(map(quoted, words)), notes=tuple(_notes(request, stand_in)))


def _url_host(request: TraceRequest) -> str:
    """Return the URL's host and port: of the SNI where TLS says another name than the header."""
    assert request.host is not None
    name, port = split_host_port(request.host)
    if request.dst_port is not None:
        port = request.dst_port
    if request.starts_tls and request.sni:
        name = request.sni
    elif not _is_host(name):
        name = request.dst_ip or "localhost"
    default = SCHEME_PORTS["https" if request.starts_tls else "http"]
    bracketed = f"[{name}]" if ":" in name else name
    return bracketed if port in (None, default) else host_port(name, port or default)


def _is_host(name: str) -> bool:
    try:
        return parse_target(f"http://{host_port(name, 80)}").path is None
    except UsageError:
        return False


def _connect_to(request: TraceRequest, url_host: str) -> str:
    name, port = split_host_port(url_host)
    port = port or SCHEME_PORTS["https" if request.starts_tls else "http"]
    address = host_port(request.dst_ip or "", request.dst_port or port)
    return f"{host_port(name, port)}:{address}"


def _method(request: TraceRequest) -> Iterator[str]:
    if request.method == "HEAD":
        yield "--head"
    elif request.method not in (None, "GET"):
        yield from ("-X", request.method or "")


def _headers(request: TraceRequest) -> Iterator[str]:
    if request.host != _url_host(request):
        yield from ("-H", f"host: {request.host}")
    for name, values in (request.headers or {}).items():
        for value in (values,) if isinstance(values, str) else values:
            yield from ("-H", f"{name}: {value}" if value else f"{name};")


def _protocol(request: TraceRequest) -> Iterator[str]:
    if request.starts_tls and "h2" not in (request.alpn or ("h2",)):
        yield "--http1.1"
    elif request.protocol == "h2":
        yield "--http2" if request.starts_tls else "--http2-prior-knowledge"


def _notes(request: TraceRequest, stand_in: str) -> Iterator[str]:
    given = {name.lower() for name in request.headers or ()}
    own = [name for name in _OWN_HEADERS if name not in given]
    if own:
        yield f"curl adds {' and '.join(own)} of its own"
    if stand_in and request.dst_ip == stand_in:
        yield "the host's address is that of the DNS where curl runs"
    if request.direction == "inbound":
        yield "it asks the sidecar of a server: run it where a client's sidecar is not in between"
    if request.client_certificate is not None:
        yield "the client's certificate has to be given with --cert and --key"
    if request.starts_tls and not request.sni:
        yield "curl sends the URL's host as SNI"
    known = {("h2", "http/1.1"), ("http/1.1",)}
    if request.starts_tls and request.alpn and tuple(request.alpn) not in known:
        yield f"curl cannot offer the ALPN {', '.join(request.alpn)}"
    if request.src_ip or request.src_port or request.direct_src_ip:
        yield "the client's address is that of the host where curl runs"
    if request.random_value is not None or request.runtime:
        yield "Envoy's random number and runtime cannot be set by a client"
    if request.listener is not None:
        yield "the listener is chosen by the address alone"
