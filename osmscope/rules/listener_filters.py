"""What the listener filters find out about a connection before a filter chain is chosen.

What Envoy does: they run in order, each unless its `filter_disabled` fits the destination port of
that moment. A tls_inspector reads SNI and ALPN from a ClientHello; an http_inspector recognises
HTTP in plaintext, and is skipped where TLS was found. Without a tls_inspector a connection counts
as `raw_buffer` and has neither SNI nor ALPN, though its client speaks TLS.
What set_filter_state leaves is seen by all that comes later.
Checked against Envoy 1.40.0. Not modelled: what PROXY headers leave as dynamic metadata, which is
assumed to be nothing; objects made of addresses that are not restored yet, whose text is unknown;
filters of other types, which are assumed to let the connection through.

The facts of a connection are those after restoration: the destination that original_dst or a
PROXY header restored, and the source that the latter named.
"""

from typing import Literal

import msgspec

from osmscope.resources.address import host_port
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.filter_state import ListenerSetFilterState
from osmscope.resources.listener import (
    HttpInspector,
    Listener,
    ListenerFilter,
    OriginalDst,
    OriginalSrc,
    ProxyProtocol,
    TlsInspector,
)
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection
from osmscope.rules.listener_address import is_bound
from osmscope.rules.listener_filter_predicate import is_disabled
from osmscope.rules.network_filters.set_filter_state import keep
from osmscope.rules.result import Outcome

Protocol = Literal["http/1.1", "h2", "tcp", "no request line"]
"""What a client speaks; the last is HTTP/1 whose first line no parser reads."""

_DETECTED = {"http/1.1": "http/1.1", "h2": "h2c"}
_DEFAULT_TIMEOUT = "15s"


class ListenerFilterResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener's filters made of a connection."""

    connection: Connection
    """With `transport_protocol`, `application_protocols` and `detected_server_name`."""
    steps: tuple[str, ...] = ()
    """What each filter did, as clauses."""
    assumptions: tuple[str, ...] = ()
    closed: str | None = None
    """Why a filter closed the connection, as a clause."""


def inspect(listener: Listener, connection: Connection, protocol: Protocol) -> ListenerFilterResult:
    """Run a listener's filters.

    Args:
        listener: The listener that has the connection.
        connection: The connection; what an earlier listener's filters found stays on it.
        protocol: What the client speaks, inside TLS where it starts TLS.

    Raises:
        DumpError: A filter's configuration cannot be read.
    """
    inspection = _Inspection(listener, connection, protocol)
    for listener_filter in listener.listener_filters:
        if inspection.closed is None:
            inspection.run(listener_filter)
    return ListenerFilterResult(
        connection=inspection.connection,
        steps=tuple(inspection.steps),
        assumptions=tuple(inspection.assumptions),
        closed=inspection.closed,
    )


def restores_destination(listener: Listener) -> bool:
    """Whether a listener filter gives a connection back the destination it had at first.

    Raises:
        DumpError: A filter's configuration cannot be read.
    """
    if listener.use_original_dst or takes_proxy_header(listener):
        return True
    return any(isinstance(decode_extension(one), OriginalDst) for one in listener.listener_filters)


def takes_proxy_header(listener: Listener) -> bool:
    """Whether a PROXY header names the addresses: the TCP peer is then not the client.

    Raises:
        DumpError: A filter's configuration cannot be read.
    """
    if any(chain.use_proxy_proto for chain in listener.filter_chains[:1]):
        return True
    return any(
        isinstance(decode_extension(one), ProxyProtocol) for one in listener.listener_filters
    )


class _Inspection:
    """One connection on its way through a listener's filters."""

    def __init__(self, listener: Listener, connection: Connection, protocol: Protocol) -> None:
        self.listener = listener
        self.connection = connection
        self.protocol = protocol
        self.steps: list[str] = []
        self.assumptions: dict[str, None] = {}  # its keys: in order, and each once
        self.closed: str | None = None
        self.restored = not _restores_later(listener)

    def run(self, listener_filter: ListenerFilter) -> None:
        config = decode_extension(listener_filter)
        label = listener_filter.name or "a listener filter without a name"
        own = self.listener.address.socket_address
        port = self.connection.destination_port
        if not self.restored and own is not None:
            port = own.port_value
        disabled = is_disabled(listener_filter.filter_disabled, self.connection, port)
        if disabled.outcome is Outcome.MATCH:
            reason = disabled.reason and f": {disabled.reason}"
            self.steps.append(f"{label} is disabled{reason}")
            return
        if disabled.outcome is Outcome.UNKNOWN:
            self._assume(f"{label} is not disabled for the destination port")
        self._apply(config, label)

    def _apply(self, config: Resource, label: str) -> None:
        match config:
            case TlsInspector():
                self._inspect_tls(config, label)
            case HttpInspector():
                self._inspect_http(label)
            case OriginalDst() | ProxyProtocol():
                self.restored = True
                if isinstance(config, ProxyProtocol) and config.rules:
                    self._assume(f"the PROXY header has no value that the rules of {label} keep")
                self.steps.append(f"{label} restores {self._addresses(config)}")
            case ListenerSetFilterState():
                self._keep(config, label)
            case OriginalSrc():
                self.steps.append(f"{label} decides nothing")
            case _:
                kind = config.type_name if isinstance(config, Unsupported) else ""
                words = f"{label} ({kind})" if kind and kind != label else label
                self._assume(f"the listener filter {words} lets the connection through unchanged")

    def _keep(self, config: ListenerSetFilterState, label: str) -> None:
        bare = msgspec.structs.replace(
            self.connection,
            destination_ip=None,
            destination_port=None,
            source_ip=None,
            source_port=None,
        )
        kept = keep(config.on_accept, self.connection if self.restored else bare)
        self._found(filter_state=kept.connection.filter_state)
        for assumption in kept.assumptions:
            self._assume(assumption)
        keys = ", ".join(f'"{key}"' for key in kept.connection.filter_state)
        self.steps.append(f"{label} lets the filter state hold {keys or 'nothing'}")

    def _addresses(self, config: Resource) -> str:
        facts = self.connection
        if not facts.is_ip or facts.destination_ip is None:
            return "the original destination"
        port = 0 if facts.destination_port is None else facts.destination_port
        destination = f"the destination {host_port(facts.destination_ip, port)}"
        if isinstance(config, ProxyProtocol) and facts.source_ip is not None:
            return f"the source {facts.source_ip} and {destination}"
        return destination

    def _inspect_tls(self, config: TlsInspector, label: str) -> None:
        if self.connection.tls:
            self._found(
                transport_protocol="tls",
                detected_server_name=self.connection.server_name.lower(),
                application_protocols=self.connection.alpn,
            )
            self.steps.append(f"{label} finds TLS, {_hello(self.connection)}")
            return
        self._wait(label)
        if config.close_connection_on_client_hello_parsing_errors:
            self.closed = f"{label} closes connections that do not start with a ClientHello"
            self.steps.append(self.closed)
        else:
            self.steps.append(f"{label} finds no TLS")

    def _inspect_http(self, label: str) -> None:
        if self.connection.transport_protocol == "tls":
            self.steps.append(f"{label} leaves TLS alone")
            return
        detected = None if self.connection.tls else _DETECTED.get(self.protocol)
        if detected is not None:
            self._found(application_protocols=(detected,))
            self.steps.append(f"{label} finds {detected}")
            return
        self.steps.append(f"{label} finds no HTTP")
        if not self.connection.tls and self.protocol == "tcp":
            self._assume("the client's first bytes are not an HTTP request")
            self._wait(label)

    def _wait(self, label: str) -> None:
        if self.protocol != "tcp":
            return
        timeout = self.listener.listener_filters_timeout or _DEFAULT_TIMEOUT
        for_ever = timeout == "0s"
        if for_ever or not self.listener.continue_on_listener_filters_timeout:
            end = "it would wait for ever" if for_ever else f"Envoy would close after {timeout}"
            self._assume(f"the client speaks first: {label} waits for its bytes, else {end}")

    def _found(self, **facts: object) -> None:
        self.connection = msgspec.structs.replace(self.connection, **facts)

    def _assume(self, assumption: str) -> None:
        self.assumptions[assumption] = None


def _restores_later(listener: Listener) -> bool:
    """Whether the destination is the listener's own until one of its filters restores it.

    A listener without a socket gets its connections handed over, restored already.
    """
    if not is_bound(listener):
        return False
    return bool(listener.use_original_dst) or any(
        isinstance(decode_extension(one), OriginalDst | ProxyProtocol)
        for one in listener.listener_filters
    )


def _hello(connection: Connection) -> str:
    found = connection.detected_server_name
    name = f'server name "{found}"' if found else "no server name"
    if not connection.alpn:
        return f"{name}, no ALPN"
    return f"{name}, ALPN {', '.join(connection.alpn)}"
