"""The facts of one connection and one request that rules read.

`None` in an address means that nobody said: a rule that consults it answers unknown.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping

import msgspec

Metadata = Mapping[str, Mapping[str, object]]
"""Dynamic metadata: namespace → Struct."""


class Headers:
    """Request or response headers: lower-case names, values in order; never changed in place.

    Pseudo headers are there under their names (`:method`, `:path`, `:authority`, `:scheme`);
    `host` is the same header as `:authority`.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._values: dict[str, tuple[str, ...]] = dict(values or {})

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Headers":
        """Make headers of (name, value) pairs; repeated names keep all their values."""
        headers = cls()
        for name, value in pairs:
            key = _key(name)
            headers._values[key] = (*headers._values.get(key, ()), value)
        return headers

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a header, () where it is absent."""
        return self._values.get(_key(name), ())

    def first(self, name: str) -> str | None:
        """Return the first value of a header, None where it is absent."""
        values = self._values.get(_key(name))
        return values[0] if values else None

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._values == other._values

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._values.items())))

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"

    def items(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Return names and all their values."""
        return self._values.items()

    def set(self, name: str, value: str) -> "Headers":
        """Return headers where `name` has this one value."""
        return Headers({**self._values, _key(name): (value,)})

    def add(self, name: str, value: str) -> "Headers":
        """Return headers with one more value of `name`."""
        key = _key(name)
        return Headers({**self._values, key: (*self._values.get(key, ()), value)})

    def remove(self, *names: str) -> "Headers":
        """Return headers without these."""
        gone = {_key(name) for name in names}
        if gone.isdisjoint(self._values):
            return self
        return Headers({k: v for k, v in self._values.items() if k not in gone})


@functools.lru_cache(maxsize=4096)
def _key(name: str) -> str:
    lowered = name.lower()
    return ":authority" if lowered == "host" else lowered


class StateObject(msgspec.Struct, frozen=True):
    """An object of the filter state."""

    text: str | None
    """Its text; None where that is not known."""
    factory: str = "envoy.string"
    """Of what kind it is: the name of what made it."""


FilterState = Mapping[str, StateObject]
"""Filter state: key → object."""


class ClientCertificate(msgspec.Struct, frozen=True):
    """What the client's certificate says."""

    uri_sans: tuple[str, ...] = ()
    dns_sans: tuple[str, ...] = ()
    subject: str = ""
    trusted: bool = True


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One downstream connection, as it is after the listener filters ran."""

    destination_ip: str | None = None
    """The original destination; None where it is not known."""
    destination_port: int | None = None
    source_ip: str | None = None
    """The downstream remote address (after PROXY protocol, before x-forwarded-for)."""
    source_port: int | None = None
    direct_source_ip: str | None = None
    """The peer of the TCP connection itself."""
    is_ip: bool = True
    """False for unix domain sockets and internal listeners."""
    tls: bool = False
    """Whether the client starts TLS."""
    server_name: str = ""
    """The SNI of the ClientHello, lower case; "" where there is none."""
    alpn: tuple[str, ...] = ()
    """The protocols that the ClientHello offers, in its order."""
    certificate: ClientCertificate | None = None
    """The certificate that the client presents when asked."""
    transport_protocol: str = "raw_buffer"
    """What the listener filters found: `tls` or `raw_buffer`."""
    application_protocols: tuple[str, ...] = ()
    """What the listener filters found: ALPN, or `http/1.1` and the like from plaintext."""
    detected_server_name: str = ""
    """The SNI as far as a listener filter read it: "" without a tls_inspector."""
    terminated_tls: bool = False
    """Whether Envoy itself ended TLS on this connection (the chain has a TLS transport socket)."""
    negotiated_protocol: str = ""
    """What ALPN agreed on, where Envoy ended TLS; "" where nothing was."""
    peer_certificate: ClientCertificate | None = None
    """The certificate that Envoy asked for and got, only where it ended TLS."""
    metadata: Metadata = {}
    """Dynamic metadata that listener filters left."""
    filter_state: FilterState = {}
    """The objects that listener filters and network filters left."""
    filter_chain_name: str | None = None
    """The name of the filter chain that takes it; None where none was chosen yet."""
    traffic_direction: str | None = None
    """What its listener says of its direction; None where none was chosen yet."""
    node_ip: str | None = None
    """The address of the machine or pod that Envoy runs in; not in any dump."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, at the point of the filter chain where a rule looks at it."""

    connection: Connection
    headers: Headers
    protocol: str = "http/1.1"
    remote_ip: str | None = None
    """The client's address as the connection manager trusts it (x-forwarded-for applied)."""
    remote_port: int | None = None
    """That address' port; 0 where it came out of a header."""
    internal: bool = False
    """Whether the connection manager takes the request for an internal one."""
    metadata: Metadata = {}
    """Dynamic metadata that filters left so far."""
    opaque_filters: tuple[str, ...] = ()
    """Filters that ran before and cannot be evaluated: they may have left metadata."""
    filter_state: FilterState = {}
    """The objects that filters left so far, those of the connection too."""
    runtime: Mapping[str, object] = {}
    """Runtime keys that are set."""
    random_value: int | None = None
    """Fixes every weighted choice; None where all choices are listed."""
    connect_port: int | None = None
    """The port that was stripped off the authority of a CONNECT; the router puts it back."""
    session_host: str = ""
    """The address of the endpoint that a session names; "" where none does."""
    session_is_strict: bool = False
    """Whether the request fails where that endpoint cannot be taken."""
    service_cluster: str | None = None
    """What Envoy says of itself: its cluster; None where it is not known."""
    service_node: str | None = None
    """What Envoy says of itself: its id; None where it is not known."""
    now: float | None = None
    """The time of the request, in seconds since 1970; None where nobody said."""

    @property
    def path(self) -> str:
        """`:path`, with its query; "" for CONNECT."""
        return self.headers.first(":path") or ""

    @property
    def path_without_query(self) -> str:
        """`:path` up to the first `?` or `#`."""
        path = self.headers.first(":path") or ""
        return path.partition("?")[0].partition("#")[0]

    @property
    def host(self) -> str | None:
        """`:authority`; None where the request has none."""
        return self.headers.first(":authority")

    @property
    def method(self) -> str:
        """`:method`."""
        return self.headers.first(":method") or ""

    def with_headers(self, headers: Headers) -> "Request":
        """Return the request with other headers."""
        return msgspec.structs.replace(self, headers=headers)
