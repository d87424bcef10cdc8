"""A connection's way: listener, listener filters, filter chain, TLS, network filters."""

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener, ListenerFilter
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import TcpProxy
from osmscope.rules import listener_filters, network_filter_chain
from osmscope.rules.codec import is_request_line
from osmscope.rules.downstream_tls import handshake
from osmscope.rules.facts import Headers
from osmscope.rules.listener_selection import ListenerChoice, WantedConnection
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.upstream_connect_mode import Connecting, connecting
from osmscope.trace.discovery import discovered
from osmscope.trace.path import ConnectionPath
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar

_replace = msgspec.structs.replace
AMBIGUOUS_CHAIN = "Envoy takes this filter chain, though "
"""Begins the assumption about chains that Envoy holds in no fixed order."""
_NOT_DELIVERED = msgspec.Raw(b'{"@type":"its configuration was not delivered (ECDS)"}')


def evaluate_connection(sidecar: Sidecar, request: TraceRequest) -> ConnectionPath:
    """Follow a connection to the end of its network filters.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    if request.protocol == "udp":
        none = ListenerChoice(reason="UDP listeners are not modelled")
        path = ConnectionPath(connection=request.connection(), listener_choice=none)
        return _replace(path, missing="what Envoy does with UDP")
    choice = sidecar.listener_index.choose(wanted_connection(request))
    path = ConnectionPath(connection=request.connection(), listener_choice=choice)
    if choice.listener is None or choice.missing:
        return _without_listener(sidecar, path, choice)
    path = _inspect(sidecar, path, choice, request)
    if path.closed is None:
        path = _choose_chain(sidecar, path, choice.listener)
    if path.chain is not None and not path.missing:
        path = _enter_chain(sidecar, path, path.chain)
    return path


def wanted_connection(request: TraceRequest) -> WantedConnection:
    """Return what is known of a request's connection before a listener accepts it."""
    return WantedConnection(
        destination_ip=request.dst_ip,
        destination_port=request.dst_port,
        direction=request.direction,
        listener=request.listener,
    )


def _without_listener(
    sidecar: Sidecar, path: ConnectionPath, choice: ListenerChoice
) -> ConnectionPath:
    if choice.candidates:
        names = ", ".join(f'"{listener.name}"' for listener in choice.candidates)
        return _replace(path, missing=f"which of the listeners {names} accepts the connection")
    if choice.missing:
        return _replace(path, missing=choice.missing)
    if not sidecar.proxy.dump.has("listener"):
        return _replace(path, missing="the dump's listeners section")
    return _replace(path, closed=Closed(reason=choice.reason or "no listener accepts it"))


def _delivered(sidecar: Sidecar, listener: Listener) -> Listener:
    """Return the listener with the filters that came by ECDS in their places."""
    if all(one.config_discovery is None for one in listener.listener_filters):
        return listener
    filters = tuple(
        one if one.config_discovery is None else _with_config(one, discovered(sidecar.proxy, one))
        for one in listener.listener_filters
    )
    return _replace(listener, listener_filters=filters)


def _with_config(
    listener_filter: ListenerFilter, config: TypedExtensionConfig | None
) -> ListenerFilter:
    body = _NOT_DELIVERED if config is None else config.typed_config
    return _replace(listener_filter, typed_config=body)


def has_request_line(request: TraceRequest) -> bool:
    """Whether what the client sends first is what it should be for its protocol."""
    if request.spoken != "http/1.1":
        return True
    names = {":method": request.method or "GET", ":path": request.path, ":authority": request.host}
    return is_request_line(Headers({name: (text,) for name, text in names.items() if text}))


def _inspect(
    sidecar: Sidecar, path: ConnectionPath, choice: ListenerChoice, request: TraceRequest
) -> ConnectionPath:
    """Run the listener filters, of the accepting listener first where it hands over."""
    connection = path.connection
    spoken = request.spoken if has_request_line(request) else "no request line"
    inspected = []
    assumptions: list[str] = []
    for listener in (choice.accepted_by, choice.listener):
        if listener is None:
            continue
        if request.direct_src_ip is None and listener_filters.takes_proxy_header(listener):
            connection = _replace(connection, direct_source_ip=None)
        result = listener_filters.inspect(_delivered(sidecar, listener), connection, spoken)
        inspected.append((listener, result))
        connection = result.connection
        assumptions.extend(result.assumptions)
        if result.closed is not None:
            path = _replace(path, closed=Closed(reason=result.closed))
            break
    return _replace(
        path,
        connection=connection,
        inspected=tuple(inspected),
        restores_destination=any(
            listener_filters.restores_destination(listener) for listener, _ in inspected
        ),
        assumptions=tuple(assumptions),
    )


def _choose_chain(sidecar: Sidecar, path: ConnectionPath, listener: Listener) -> ConnectionPath:
    choice = sidecar.chain_index(listener).find(path.connection)
    path = _replace(path, chain_choice=choice)
    if choice.missing:
        return _replace(path, missing=choice.missing)
    if choice.ambiguous:
        assumption = AMBIGUOUS_CHAIN + choice.ambiguous
        path = _replace(path, assumptions=(*path.assumptions, assumption))
    if choice.chain is None:
        closed = Closed(
            flags=("NR",), details="filter_chain_not_found", reason="no filter chain fits"
        )
        return _replace(path, closed=closed)
    return path


def _enter_chain(sidecar: Sidecar, path: ConnectionPath, chain: FilterChain) -> ConnectionPath:
    """Negotiate TLS and ask the network filters.

    A filter that closes a new connection comes first, then the handshake, then what filters make
    of the client's first bytes.
    """
    assert path.listener is not None
    direction = path.listener.traffic_direction
    taken = _replace(path.connection, filter_chain_name=chain.name, traffic_direction=direction)
    result = handshake(chain, taken, sidecar.proxy.secret)
    by_name = {one.name: one for one in chain.filters}
    outcome = network_filter_chain.run(
        chain, result.connection, lambda name: discovered(sidecar.proxy, by_name[name])
    )
    failed = None if result.failed is None else Closed(reason=result.failed)
    terminal = outcome.terminal
    dials = Connecting(False)
    if isinstance(terminal, TcpProxy) and outcome.closed_when_new is None:
        denied = outcome.closed_on_data is not None
        dials = connecting(terminal, handshake_failed=failed is not None, closed_on_data=denied)
    return _replace(
        path,
        connection=outcome.connection,
        handshake=result,
        network=outcome,
        manager=terminal if isinstance(terminal, HttpConnectionManager) else None,
        tcp_proxy=terminal if isinstance(terminal, TcpProxy) and dials.connects else None,
        closed=outcome.closed_when_new or failed or outcome.closed_on_data,
        missing="" if outcome.closed_when_new or failed else outcome.missing,
        assumptions=(
            *path.assumptions,
            *result.assumptions,
            *outcome.assumptions,
            *dials.assumptions,
        ),
    )
