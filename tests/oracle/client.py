"""Sends one request as a sidecar gets it: a PROXY header first, then TLS, then HTTP."""

import contextlib
import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from tests.oracle import http2
from tests.oracle.certificates import Certificates

Json = dict[str, Any]

TIMEOUT = 5.0


class Client:
    """Sends requests, each over a connection of its own whose local port no other had."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._ports: set[int] = set()

    def send(self, port: int, request: Json) -> tuple[int, Json | None, str | None]:
        """Send a request to a listener.

        Returns:
            The local port, by which Envoy's access log knows the connection; the response; or why
            there is none.
        """
        connection = self._connect(port)
        local = connection.getsockname()[1]
        try:
            with _secured(connection, request, self._certificates) as stream:
                if _spoken(stream, request) == "h2":
                    return local, _of_http2(http2.exchange(stream, request)), None
                stream.sendall(_http(request))
                return local, _response(stream, request["method"]), None
        except OSError as error:
            return local, None, type(error).__name__

    def _connect(self, port: int) -> socket.socket:
        while True:
            connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
            local = connection.getsockname()[1]
            if local not in self._ports:
                self._ports.add(local)
                return connection
            connection.close()


@contextlib.contextmanager
def _secured(
    connection: socket.socket, request: Json, certificates: Certificates
) -> Iterator[socket.socket]:
    with connection:
        version = "TCP6" if ":" in request["dst_ip"] else "TCP4"
        fields = [request[name] for name in ("src_ip", "dst_ip", "src_port", "dst_port")]
        connection.sendall(f"PROXY {version} {' '.join(map(str, fields))}\r\n".encode())
        if not request.get("tls", "sni" in request or "certificate" in request):
            yield connection
            return
        context = certificates.client_context(request.get("certificate"), request.get("alpn"))
        with context.wrap_socket(connection, server_hostname=request.get("sni")) as stream:
            yield stream


def _spoken(stream: socket.socket, request: Json) -> str:
    agreed = stream.selected_alpn_protocol() if isinstance(stream, ssl.SSLSocket) else None
    return request.get("protocol") or agreed or "http/1.1"


def _http(request: Json) -> bytes:
    target = request.get("host") if request["method"] == "CONNECT" else request["path"]
    lines = [f"{request['method']} {target} HTTP/1.1"]
    if "host" in request:
        lines.append(f"host: {request['host']}")
    if "connection" not in request.get("headers", {}):
        lines.append("connection: close")
    for name, values in request.get("headers", {}).items():
        listed = [values] if isinstance(values, str) else values
        lines += [f"{name}: {value}" for value in listed]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _response(stream: socket.socket, method: str) -> Json | None:
    """Read one response; not until the end, because Envoy delays closing."""
    received = b""
    missing = 1
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while missing > 0 and (chunk := stream.recv(65536)):
            received = (received + chunk).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
            missing = _missing(received, method)
    head = received.partition(b"\r\n\r\n")[0].decode(errors="replace")
    if not head.startswith("HTTP/"):
        return None
    first, *lines = head.split("\r\n")
    headers = [line.split(": ", 1) for line in lines if ": " in line]
    return _answered(int(first.split(" ")[1]), headers)


def _of_http2(fields: list[tuple[str, str]] | None) -> Json | None:
    if fields is None:
        return None
    headers = [[name, value] for name, value in fields if not name.startswith(":")]
    return _answered(int(dict(fields)[":status"]), headers)


def _answered(code: int, headers: list[list[str]]) -> Json:
    echo = next((value for name, value in headers if name == "x-stand-in"), None)
    upstream = None if echo is None else json.loads(echo)
    return {"code": code, "headers": headers, "upstream": upstream}


def _missing(received: bytes, method: str) -> int:
    """Return how many bytes of a response are still to come; 1 where that is not known yet."""
    if not b"HTTP/".startswith(received[:5]):
        return 0  # what answers is no HTTP
    head, end, body = received.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"HTTP/"):
        return 1
    code = head.split(b" ", 2)[1]
    if method == "HEAD" or code in (b"204", b"304"):
        return 0
    length = re.search(rb"\r\ncontent-length: ([0-9]+)", head)
    return 0 if length is None else int(length[1]) - len(body)
