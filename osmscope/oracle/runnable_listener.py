"""A listener's copy: on loopback, told by a PROXY header where a connection is from and goes to.

Decision: `proxy_protocol` stands in for the kernel's redirection, so the filters that ask the
kernel go. A listener without a socket keeps its address and is reached by hand-over, as before; one
with a socket moves to loopback, and where hand-over is possible leaves a twin without one behind.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from osmscope.oracle.access_log import access_log
from osmscope.oracle.json_tree import (
    Json,
    message,
    messages,
    only,
    text,
    type_of,
    typed,
    without,
)
from osmscope.oracle.runnable_http import HttpCopies
from osmscope.oracle.runnable_tls import TlsCopies
from osmscope.resources.extension import type_named
from osmscope.resources.listener import Listener
from osmscope.rules.listener_address import is_bound, why_not_eligible

_LISTENER = frozenset({
    "name", "address", "additional_addresses", "filter_chains", "default_filter_chain",
    "filter_chain_matcher", "use_original_dst", "listener_filters", "listener_filters_timeout",
    "continue_on_listener_filters_timeout", "traffic_direction", "metadata",
})  # fmt: skip
_CHAIN = frozenset({"name", "filter_chain_match", "filters", "transport_socket", "metadata"})
_LISTENER_FILTERS = "envoy.extensions.filters.listener."
_KEPT_LISTENER_FILTERS = ("tls_inspector", "http_inspector", "set_filter_state")
_REPLACED_LISTENER_FILTERS = ("original_dst", "proxy_protocol")
_NETWORK = "envoy.extensions.filters.network."
_MANAGER = _NETWORK + "http_connection_manager.v3.HttpConnectionManager"
_TCP_PROXY = _NETWORK + "tcp_proxy.v3.TcpProxy"
_KEPT_NETWORK_FILTERS = (
    "rbac", "direct_response", "echo", "connection_limit", "sni_cluster", "set_filter_state",
)  # fmt: skip
_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


class ListenerCopies:
    """Copies the listeners of one sidecar.

    Args:
        http: Copies connection managers.
        tls: Copies TLS contexts.
        log: Where the copy writes its access log.
        note: Is told of what was taken out.
    """

    def __init__(
        self, http: HttpCopies, tls: TlsCopies, log: str, note: Callable[[str], None]
    ) -> None:
        self._http = http
        self._tls = tls
        self._log = log
        self._note = note

    def copies(
        self, listeners: tuple[Listener, ...], bodies: list[Json]
    ) -> tuple[list[Json], dict[str, str]]:
        """Copy listeners.

        Args:
            listeners: Those that accept connections.
            bodies: The JSON of each.

        Returns:
            The copies, and for each name the loopback address it listens at.
        """
        hands_over = any(listener.use_original_dst for listener in listeners)
        copies: list[Json] = []
        entries: dict[str, str] = {}
        for index, (listener, body) in enumerate(zip(listeners, bodies, strict=True)):
            if reason := why_not_eligible(listener):
                self._note(f'listener "{listener.name}": {reason}')
                continue
            copy = self._copy(body)
            if hands_over and not (is_bound(listener) and listener.use_original_dst):
                twin = f"{listener.name} (by hand-over)"
                copies.append({**copy, "name": twin, "bind_to_port": False})
            if is_bound(listener):
                entry = f"127.76.{index // 250}.{index % 250 + 1}"
                entries[listener.name] = entry
                moved = without(copy, ("additional_addresses",))
                copies.append({**moved, "name": entry, "address": _socket(entry)})
        return copies, entries

    def _copy(self, body: Json) -> Json:
        copy = only(body, _LISTENER)
        if more := messages(body, "additional_addresses"):
            # A pipe would be made as a file even where nothing is to be bound.
            copy["additional_addresses"] = [
                one for one in more if message(one, "address", "socket_address")
            ]
        copy["access_log"] = access_log("listener", self._log)
        copy["listener_filters"] = self._listener_filters(messages(body, "listener_filters"))
        copy["filter_chains"] = [self._chain(chain) for chain in messages(body, "filter_chains")]
        if default := message(body, "default_filter_chain"):
            copy["default_filter_chain"] = self._chain(default)
        return copy

    def _listener_filters(self, filters: list[Json]) -> list[Json]:
        proxy = _LISTENER_FILTERS + "proxy_protocol.v3.ProxyProtocol"
        kept: list[Json] = [{"name": "osmscope", "typed_config": typed(proxy)}]
        for one in filters:
            kind = _kind(one)
            if kind in _KEPT_LISTENER_FILTERS:
                kept.append(_typed(one))
            elif kind not in _REPLACED_LISTENER_FILTERS:
                self._note(f"listener filter {text(one, 'name')}")
        return kept

    def _chain(self, body: Json) -> Json:
        copy = only(body, _CHAIN)
        found = (self._network_filter(one) for one in messages(body, "filters"))
        copy["filters"] = [one for one in found if one is not None]
        if socket := message(body, "transport_socket"):
            copy["transport_socket"] = self._transport_socket(socket)
        elif "tls_context" in body:
            context = self._tls.context(message(body, "tls_context"))
            config = typed(_TLS, **context)
            copy["transport_socket"] = {"name": "tls", "typed_config": config}
        return copy

    def _network_filter(self, body: Json) -> Json | None:
        one = _typed(body)
        config = message(one, "typed_config")
        type_name = type_of(config)
        if type_name == _MANAGER:
            return {**one, "typed_config": self._http.manager(config)}
        if type_name == _TCP_PROXY:
            log = access_log("tcp", self._log)
            kept = without(config, ("access_log", "access_log_options", "tunneling_config"))
            if "tunneling_config" in config:
                self._note("the tunnel of a tcp_proxy")
            return {**one, "typed_config": {**kept, "access_log": log}}
        if _kind(body) in _KEPT_NETWORK_FILTERS:
            return one
        self._note(f"network filter {text(body, 'name')}")
        return None

    def _transport_socket(self, body: Json) -> Json:
        config = message(body, "typed_config")
        if type_of(config) != _TLS:
            return body
        return {**body, "typed_config": self._tls.context(config)}


def _kind(body: Json) -> str:
    """`tls_inspector` of a filter's type, or else of its name."""
    type_name = type_of(message(body, "typed_config"))
    parts = type_name.split(".")
    if len(parts) > 2:
        return parts[-3]
    return text(body, "name").rpartition(".")[2]


def _typed(body: Json) -> Json:
    """Copy a filter; one without a type gets that of its name, as Envoy once gave it."""
    config = message(body, "typed_config")
    if "@type" not in config:
        config = typed(type_named(text(body, "name")), **config)
    kept = only(body, ("name", "filter_disabled"))
    return {**message(msgspec.json.decode(msgspec.json.encode(kept))), "typed_config": config}


def _socket(address: str) -> Json:
    return {"socket_address": {"address": address, "port_value": 0}}
