"""The application of a pod: a small server, and a client that does what it is told.

It is started as a script inside the pod's network namespace, gives up its privileges (the sidecar's
user id is 1500, so it may have any other), answers on its port, and reads one JSON command per line
from standard input: a request to send. For each it writes one JSON line: what came back. It ends
with its standard input, and so never outlives whoever started it. Standard library only.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  (needed by connect(); can't be loaded once privileges are gone)
import http.client
import json
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import ClassVar

USER_ID = 1000
TIMEOUT = 12.0


class HttpHandler(BaseHTTPRequestHandler):
    """Answers every request with what it received, as JSON."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment, or each answer waits 40 ms for an ACK
    pod: ClassVar[str] = ""

    def answer(self) -> None:
        """Send back the pod's name and the request as it arrived."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        received = {
            "pod": self.pod,
            "method": self.command,
            "host": headers.pop("host", [""])[0],
            "path": self.path,
            "headers": headers,
        }
        body = json.dumps(received).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  (http.server's names)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing: the sidecars' logs tell what happened."""


class TcpHandler(StreamRequestHandler):
    """Greets at once, as databases do, and answers one line."""

    pod: ClassVar[str] = ""

    def handle(self) -> None:
        """Greet, read a line, echo it under the pod's name."""
        self.wfile.write(f"welcome to {self.pod}\n".encode())
        line = self.rfile.readline()
        if line:
            self.wfile.write(f"{self.pod} heard {line.decode()}".encode())


class TcpServer(ThreadingTCPServer):
    """A TCP server that can be started again at once."""

    allow_reuse_address = True
    daemon_threads = True


def send(command: dict[str, object]) -> dict[str, object]:
    """Send one request and say what came back, or what went wrong."""
    result: dict[str, object] = {}
    try:
        address = (str(command["dst_ip"]), int(str(command["dst_port"])))
        with socket.create_connection(address, timeout=TIMEOUT) as connection:
            result["src_port"] = connection.getsockname()[1]
            exchange = send_tcp if command.get("protocol") == "tcp" else send_http
            exchange(connection, command, result)
    except (OSError, http.client.HTTPException) as error:
        result["error"] = f"{type(error).__name__}: {error}"
    return result


def send_http(
    connection: socket.socket, command: dict[str, object], result: dict[str, object]
) -> None:
    """Write the request byte for byte as given, and read one response."""
    method = str(command.get("method", "GET"))
    headers = command.get("headers", {})
    assert isinstance(headers, dict)
    lines = [f"{method} {command.get('path', '/')} HTTP/1.1", f"host: {command.get('host', '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    result["code"] = response.status
    result["headers"] = {name.lower(): value for name, value in response.getheaders()}
    body = response.read().decode()
    if command.get("wants_text"):
        result["body"] = body
    else:
        result["body"] = json.loads(body) if body.startswith("{") else body


def send_tcp(
    connection: socket.socket, command: dict[str, object], result: dict[str, object]
) -> None:
    """Optionally wait for the greeting, send a line, and read until the other side closes."""
    received = result["received"] = []
    with connection.makefile("rb") as lines:
        if command.get("waits_for_greeting"):
            received.append(lines.readline().decode())
        connection.sendall(f"{command.get('payload', 'hello')}\n".encode())
        received += [line.decode() for line in lines]


def serve(pod: str, port: int, protocol: str) -> None:
    """Start the server in a thread of its own."""
    HttpHandler.pod = TcpHandler.pod = pod
    server: ThreadingHTTPServer | TcpServer
    if protocol == "http":
        server = ThreadingHTTPServer(("0.0.0.0", port), HttpHandler)
    else:
        server = TcpServer(("0.0.0.0", port), TcpHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Serve, give up privileges, then obey standard input until it ends."""
    pod, port, protocol = sys.argv[1:]
    serve(pod, int(port), protocol)
    os.setgroups([])
    os.setgid(USER_ID)
    os.setuid(USER_ID)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(send(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
