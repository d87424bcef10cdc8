"""GET over HTTP/1.1 from one address, each time within one deadline for all of it.

Decision: httpcore does HTTP, and what it gets is a network with a clock that every step looks at:
the name's lookup, connecting, each part written and read. A time-out for each step would let an
answer that drips take for ever. The connection is kept for the next question, because
it may be a forwarded one that was costly to make. Nothing is unpacked, nothing is redirected, and
no proxy of the environment is used: an admin address is a neighbour.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from ssl import SSLContext

import httpcore
import msgspec

from osmscope.source.name_lookup import begin_lookup

_KEPT = 5.0
"""Seconds that an idle connection is kept; Envoy's admin keeps it longer."""
_HEADERS: Mapping[bytes | str, bytes | str] = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": "osmscope",
}
_OPTIONS = Iterable[httpcore.SOCKET_OPTION]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, as far as it was read."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


class Address:
    """One address and the connection to it; for one thread at a time.

    Args:
        base: "http://host:port" or "https://host:port".
        socket_path: The path of a Unix socket that takes the place of the host.
    """

    def __init__(self, base: str, socket_path: str | None) -> None:
        self.base = base
        self._clock = _Clock()
        self._used = False
        self._pool = httpcore.ConnectionPool(
            max_connections=1,
            keepalive_expiry=_KEPT,
            uds=socket_path,
            network_backend=_Network(self._clock),
        )
        self.close: Callable[[], object] = weakref.finalize(self, self._pool.close)
        """Close the connection; what is forgotten is closed too."""

    @contextlib.contextmanager
    def get(self, path: str, *, deadline: float) -> Iterator[Answer]:
        """Ask, and give the answer while it comes in.

        Args:
            path: Path and query, encoded.
            deadline: Seconds for the whole answer.

        Raises:
            httpcore.TimeoutException: The answer was not whole in time.
            httpcore.NetworkError, httpcore.ProtocolError: There is none, or no whole one.
        """
        self._clock.end = time.monotonic() + deadline
        with self._sent(path) as response:
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            yield Answer(status=response.status, headers=names, chunks=response.iter_stream())

    @contextlib.contextmanager
    def _sent(self, path: str) -> Iterator[httpcore.Response]:
        """Send a request; once more where the connection that was kept turns out to be gone."""
        with contextlib.ExitStack() as stack:
            try:
                response = stack.enter_context(self._stream(path))
            except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError):
                if not self._used:
                    raise
                response = stack.enter_context(self._stream(path))
            finally:
                self._used = True
            yield response

    def _stream(self, path: str) -> contextlib.AbstractContextManager[httpcore.Response]:
        return self._pool.stream("GET", self.base + path, headers=_HEADERS)


class _Clock:
    """When the request that is under way has to be answered."""

    end = 0.0

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            httpcore.ReadTimeout: None are.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left


class _Network(httpcore.NetworkBackend):
    """The network, with a clock that counts for every step."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _OPTIONS | None = None,
    ) -> httpcore.NetworkStream:
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
            connected = self._connected(host, port)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(connected, self._clock)

    def _connected(self, host: str, port: int) -> socket.socket:
        """Connect to the first address of a name that answers."""
        lookup = begin_lookup(host, port, 0, socket.SOCK_STREAM)
        failure = OSError("no such name")
        for family, kind, protocol, _, address in lookup.result(self._clock.left()):
            connected = socket.socket(family, kind, protocol)
            try:
                connected.settimeout(self._clock.left())
                connected.connect(address)
                return connected
            except BaseException as error:
                connected.close()
                if not isinstance(error, OSError):
                    raise
                failure = error
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: _OPTIONS | None = None
    ) -> httpcore.NetworkStream:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
                connected.settimeout(self._clock.left())
                connected.connect(path)
        except BaseException:
            connected.close()
            raise
        return _Stream(connected, self._clock)


class _Stream(httpcore.NetworkStream):
    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket = connected
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _told_as(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(self._clock.left())
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _told_as(httpcore.WriteTimeout, httpcore.WriteError):
            self._socket.settimeout(self._clock.left())
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._socket.settimeout(self._clock.left())
                secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(secured, self._clock)

    def get_extra_info(self, info: str) -> object:
        if info != "is_readable":
            return None
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


@contextlib.contextmanager
def _told_as(
    timeout: type[httpcore.TimeoutException], failure: type[httpcore.NetworkError]
) -> Iterator[None]:
    """Tell what goes wrong with a socket in httpcore's words."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise failure(str(error)) from error
