"""What the network filters of a chain make of a connection.

What Envoy does: it asks the filters in order when the connection is new, before TLS has been
negotiated: one that closes then keeps it from all that stand behind it, and `tcp_proxy`, the last
one, dials its endpoint. Only then come the client's first bytes, in the same order: an RBAC filter
that denies them ends a connection for which a cluster and an endpoint were picked already. What
set_filter_state leaves when the connection is new is seen by all that decide upon bytes.
Checked against Envoy 1.40.0. Not modelled: terminal filters other than the HTTP connection
manager, `tcp_proxy`, `direct_response` and `echo`.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.filter_state import FilterStateValue, NetworkSetFilterState
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, NetworkFilter
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import (
    ConnectionLimit,
    Echo,
    NetworkDirectResponse,
    SniCluster,
    TcpProxy,
)
from osmscope.resources.rbac import NetworkRbac
from osmscope.resources.resource import Resource
from osmscope.rules import rbac
from osmscope.rules.facts import Connection
from osmscope.rules.network_filters import (
    connection_limit,
    direct_response,
    echo,
    opaque,
    set_filter_state,
)
from osmscope.rules.network_filters import rbac as network_rbac
from osmscope.rules.network_filters.network_filter_result import Closed, NetworkFilterResult
from osmscope.rules.rbac import RbacVerdict

DiscoveredFilter = Callable[[str], TypedExtensionConfig | None]
"""Returns the configuration that ECDS delivered for a filter; None where the dump has none."""


class NetworkFilterStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one filter did."""

    name: str
    reason: str
    verdict: RbacVerdict | None = None
    """What RBAC decided, with the policies that did not fit."""


class NetworkFilterOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the filters of a chain made of a connection."""

    terminal: HttpConnectionManager | TcpProxy | None = None
    """The filter that the connection is for; None where it does not get that far."""
    closed_when_new: Closed | None = None
    """Ended before TLS and before `tcp_proxy` dialled."""
    closed_on_data: Closed | None = None
    """Ended upon the client's first bytes; a `tcp_proxy` has dialled by then."""
    connection: Connection
    """The connection with the filter state that the terminal filter sees."""
    missing: str = ""
    """The fact that is not known and decides whether the connection goes on, as a noun."""
    assumptions: tuple[str, ...] = ()
    steps: tuple[NetworkFilterStep, ...] = ()


def run(
    chain: FilterChain, connection: Connection, discovered: DiscoveredFilter
) -> NetworkFilterOutcome:
    """Put a connection to the network filters of its chain.

    Args:
        chain: The chain that takes the connection.
        connection: The connection, as its TLS handshake left it.
        discovered: Finds a filter's configuration that came by ECDS.

    Raises:
        DumpError: A filter's configuration cannot be read, or RE2 refuses an expression in it.
    """
    if not chain.filters:
        closed = Closed(reason="the filter chain has no network filters")
        return NetworkFilterOutcome(connection=connection, closed_when_new=closed)
    filters = [(one.name, _configuration(one, discovered)) for one in chain.filters]
    walk = _Walk(connection, [config for _, config in filters])
    for place, (name, config) in enumerate(filters, 1):
        if walk.ends_at(name, config, place == len(filters)):
            break
    return walk.outcome()


def _configuration(network_filter: NetworkFilter, discovered: DiscoveredFilter) -> Resource | None:
    if network_filter.config_discovery is None:
        return decode_extension(network_filter)
    delivered = discovered(network_filter.name)
    return None if delivered is None else decode_extension(delivered)


class _Walk:
    """One connection on its way through the filters."""

    def __init__(self, connection: Connection, configs: Sequence[Resource | None]) -> None:
        self._assumptions: list[str] = []
        self._new = self._after_all(configs, connection)
        self._connection = self._new
        if connection.terminated_tls:
            for config in configs:
                if isinstance(config, NetworkSetFilterState):
                    self._keep(config.on_downstream_tls_handshake)
        self._terminal: HttpConnectionManager | TcpProxy | None = None
        self._closed_when_new: Closed | None = None
        self._closed_on_data: Closed | None = None
        self._missing = ""
        self._steps: list[NetworkFilterStep] = []

    def outcome(self) -> NetworkFilterOutcome:
        return NetworkFilterOutcome(
            terminal=self._terminal,
            connection=self._new if isinstance(self._terminal, TcpProxy) else self._connection,
            closed_when_new=self._closed_when_new,
            closed_on_data=self._closed_on_data,
            missing=self._missing,
            assumptions=tuple(self._assumptions),
            steps=tuple(self._steps),
        )

    def ends_at(self, name: str, config: Resource | None, is_last: bool) -> bool:
        """Ask one filter; whether no further one is asked."""
        match config:
            case HttpConnectionManager() | TcpProxy():
                self._terminal = config
                return True
            case NetworkRbac():
                self._authorize(name, config)
            case SniCluster():
                self._step(name, "sni_cluster names the cluster after the server name")
            case NetworkSetFilterState():
                self._keep(config.on_downstream_data)
                keys = ", ".join(f'"{key}"' for key in self._connection.filter_state)
                self._step(name, f"the filter state holds {keys or 'nothing'}")
            case NetworkDirectResponse():
                self._apply(name, direct_response.evaluate(config))
            case Echo():
                self._apply(name, echo.evaluate())
            case ConnectionLimit():
                self._apply(name, connection_limit.evaluate(config))
            case None:
                reason = f'no configuration for the network filter "{name}" was discovered'
                self._apply(name, NetworkFilterResult(closed=Closed(reason=reason), reason=reason))
            case _ if is_last:
                self._missing = self._missing or f'what the network filter "{name}" does'
            case _:
                kind = config.type_name if isinstance(config, Unsupported) else ""
                self._apply(name, opaque.evaluate(name, kind))
        return self._closed_when_new is not None

    def _after_all(self, configs: Sequence[Resource | None], connection: Connection) -> Connection:
        """Return the connection as all filters left it when it was new, before its handshake."""
        peer = connection.peer_certificate
        self._connection = msgspec.structs.replace(connection, peer_certificate=None)
        for config in configs:
            if isinstance(config, SniCluster):
                self._connection = set_filter_state.take_server_name(self._connection)
            elif isinstance(config, NetworkSetFilterState):
                self._keep(config.on_new_connection)
                if not connection.terminated_tls:
                    self._keep(config.on_downstream_tls_handshake)
        return msgspec.structs.replace(self._connection, peer_certificate=peer)

    def _keep(self, values: Iterable[FilterStateValue]) -> None:
        kept = set_filter_state.keep(values, self._connection)
        self._connection = kept.connection
        self._assumptions += kept.assumptions

    def _authorize(self, name: str, config: NetworkRbac) -> None:
        if self._closed_on_data is not None:
            return
        verdict = network_rbac.evaluate(config, self._connection)
        self._steps.append(NetworkFilterStep(name=name, reason=verdict.reason, verdict=verdict))
        if verdict.outcome == "denied":
            self._closed_on_data = Closed(details=rbac.details(verdict), reason=verdict.reason)
        if verdict.missing:
            self._missing = self._missing or verdict.missing

    def _apply(self, name: str, result: NetworkFilterResult) -> None:
        self._step(name, result.reason)
        self._assumptions += result.assumptions
        if not result.on_data:
            self._closed_when_new = result.closed
        elif self._closed_on_data is None:
            self._closed_on_data = result.closed

    def _step(self, name: str, reason: str) -> None:
        self._steps.append(NetworkFilterStep(name=name, reason=reason))
