"""Sends one request to a listener of the copy, as the client of the request would.

Decision: one connection a request. A PROXY header says where it comes from and goes to; then TLS,
if the client starts it, with the certificate that the request describes; then HTTP, or some bytes.
What comes back is read to its end and not looked at.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from osmscope.oracle import http2
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from osmscope.resources.address import parse_ip
from osmscope.trace.request import CertificateFacts, TraceRequest

_TCP_BYTES = b"osmscope verify\r\n"
_MOST_BODY = 1 << 20


class Client:
    """Sends requests.

    Args:
        keys: Sign the client's certificates.
        folder: Where such a certificate may lie for a moment.
        seconds: How long to wait for each part of an answer.
    """

    def __init__(self, keys: ThrowAwayKeys, folder: Path, seconds: float) -> None:
        self._keys = keys
        self._folder = folder
        self._seconds = seconds

    def ask(self, request: TraceRequest, at: tuple[str, int]) -> str:
        """Send a request and wait for its end.

        Args:
            request: What is asked, with all four addresses of the connection.
            at: Where the listener's copy listens.

        Returns:
            `ip:port` from which the connection was made, as Envoy's log names it.

        Raises:
            NotComparableError: No client can send such a request, or nothing listens there.
        """
        header = proxy_header(request)
        try:
            context = self._tls_context(request) if request.starts_tls else None
            with socket.create_connection(at, timeout=self._seconds) as plain:
                peer = "{}:{}".format(*plain.getsockname()[:2])
                plain.sendall(header)
                # What Envoy does to the connection, it logs; to the client it is just an end.
                with contextlib.suppress(ssl.SSLError, ConnectionError, TimeoutError):
                    _converse(plain, context, request)
                return peer
        except OSError as error:
            raise NotComparableError(f"the copy's listener cannot be reached: {error}") from error
        except ValueError as error:
            raise NotComparableError(f"no client can send this: {error}") from error

    def _tls_context(self, request: TraceRequest) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if request.alpn:
            context.set_alpn_protocols(list(request.alpn))
        if request.client_certificate is not None:
            self._present(context, request.client_certificate)
        return context

    def _present(self, context: ssl.SSLContext, facts: CertificateFacts) -> None:
        authority = self._keys.untrusted if facts.trusted is False else self._keys.trusted
        pair = authority.issue(facts.subject, dns=facts.dns_sans, uris=facts.uri_sans)
        path = self._folder / "client.pem"
        path.write_text(pair.certificate + pair.private_key)
        context.load_cert_chain(path)


def proxy_header(request: TraceRequest) -> bytes:
    """Write the PROXY header (version 1) of a request.

    Raises:
        NotComparableError: The two addresses are not of one IP version, or one is missing.
    """
    source, destination = parse_ip(request.src_ip or ""), parse_ip(request.dst_ip or "")
    if source is None or destination is None:
        raise NotComparableError(
            "the original destination is not known", hint="give it with --dst-ip"
        )
    if source.version != destination.version:
        raise NotComparableError(
            f"the source {source} and the destination {destination} are of two IP versions",
            hint="give another --src-ip",
        )
    version = "TCP4" if source.version == 4 else "TCP6"
    ports = f"{request.src_port} {request.dst_port}"
    return f"PROXY {version} {source} {destination} {ports}\r\n".encode()


def _converse(plain: socket.socket, context: ssl.SSLContext | None, request: TraceRequest) -> None:
    if context is None:
        _send(plain, request, is_http2=request.spoken == "h2")
        return
    with context.wrap_socket(plain, server_hostname=request.sni or None) as secure:
        agreed = secure.selected_alpn_protocol()
        is_http2 = request.protocol == "h2" or (request.protocol is None and agreed == "h2")
        _send(secure, request, is_http2=is_http2)


def _send(connection: socket.socket, request: TraceRequest, *, is_http2: bool) -> None:
    if request.spoken == "tcp":
        connection.sendall(_TCP_BYTES)
        connection.recv(1 << 16)
    elif is_http2:
        body = _body(dict(_headers(request)))
        connection.sendall(http2.request_bytes(http2_fields(request), body))
        http2.wait_for_end(lambda: connection.recv(1 << 16), connection.sendall)
    else:
        connection.sendall(http1_bytes(request))
        _read_to_end(connection)


def http1_bytes(request: TraceRequest) -> bytes:
    """Write a request as HTTP/1.1; the connection ends with it unless its headers say otherwise.

    Raises:
        ValueError: A line break stands where it would end a line.
    """
    headers = list(_headers(request))
    names = {name.lower() for name, _ in headers}
    target = request.path or "/"
    if request.method == "CONNECT" and target == "/":
        target = request.host or target
    lines = [f"{request.method or 'GET'} {target} HTTP/1.1"]
    if request.host is not None:
        lines.append(f"host: {request.host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if "connection" not in names:
        lines.append("connection: close")
    if any(not set(line).isdisjoint("\r\n") for line in lines):
        raise ValueError("a line break within a line of HTTP/1.1")
    return "\r\n".join([*lines, "", ""]).encode() + _body(dict(headers))


def http2_fields(request: TraceRequest) -> Iterator[tuple[str, str]]:
    """Yield a request's fields as HTTP/2 sends them, pseudo headers first."""
    headers = list(_headers(request))
    pseudo = [(name, value) for name, value in headers if name.startswith(":")]
    yield ":method", request.method or "GET"
    if request.host is not None:
        yield ":authority", request.host
    if pseudo or request.method != "CONNECT":
        yield ":scheme", "https" if request.starts_tls else "http"
        yield ":path", request.path or "/"
    yield from pseudo
    yield from (header for header in headers if header not in pseudo)


def _headers(request: TraceRequest) -> Iterator[tuple[str, str]]:
    for name, values in (request.headers or {}).items():
        if name.lower() != "host" or request.host is None:
            for value in (values,) if isinstance(values, str) else values:
                yield name, value


def _body(headers: dict[str, str]) -> bytes:
    """Make the body that the headers announce."""
    said = {name.lower(): value for name, value in headers.items()}
    if "chunked" in said.get("transfer-encoding", ""):
        return b"0\r\n\r\n"
    length = said.get("content-length", "")
    return b"x" * min(int(length), _MOST_BODY) if length.isdecimal() else b""


def _read_to_end(connection: socket.socket) -> None:
    while connection.recv(1 << 16):
        pass
