"""What the evaluation of one request found: the objects that were chosen, for every way it can go.

These are the engine's own results. Outcomes are made of them for the answer, steps for the
explanation; both read them and decide nothing.
"""

from fractions import Fraction

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.route import Route
from osmscope.rules.downstream_tls import HandshakeResult
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.filter_chain import FilterChainChoice
from osmscope.rules.http_filters.filter_result import FilterResult
from osmscope.rules.listener_filters import ListenerFilterResult
from osmscope.rules.listener_selection import ListenerChoice
from osmscope.rules.load_balancing import Shares
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.network_filter_chain import NetworkFilterOutcome
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.route_table import RouteChoice
from osmscope.rules.stream_random import Drawn
from osmscope.rules.tcp_proxy import TcpClusterChoice
from osmscope.rules.upstream_request import Forwarding
from osmscope.rules.virtual_host import VirtualHostChoice
from osmscope.rules.weighted_cluster import ClusterChoice
from osmscope.trace.sidecar import RouteTable

ONE = Fraction(1)


class ConnectionPath(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a connection, from the listener to the last network filter."""

    connection: Connection
    listener_choice: ListenerChoice
    inspected: tuple[tuple[Listener, ListenerFilterResult], ...] = ()
    """Each listener that ran its filters, the accepting one first."""
    restores_destination: bool = False
    """Whether a listener filter restored the original destination."""
    chain_choice: FilterChainChoice | None = None
    handshake: HandshakeResult | None = None
    network: NetworkFilterOutcome | None = None
    manager: HttpConnectionManager | None = None
    """The connection manager, where the chain ends in one."""
    tcp_proxy: TcpProxy | None = None
    """The `tcp_proxy` that dialled, though the connection may be closed all the same."""
    closed: Closed | None = None
    missing: str = ""
    """What is not known and would have to decide, as a noun: the verdict is then unknown."""
    assumptions: tuple[str, ...] = ()

    @property
    def listener(self) -> Listener | None:
        """The listener that decides."""
        return self.listener_choice.listener

    @property
    def chain(self) -> FilterChain | None:
        """The chosen filter chain."""
        return self.chain_choice.chain if self.chain_choice is not None else None


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A request's route, as the connection manager holds it."""

    request: Request | None = None
    """The request as it was when the route was looked up."""
    table: RouteTable | None = None
    virtual_host_choice: VirtualHostChoice | None = None
    tls_redirect: LocalReply | None = None
    route_choice: RouteChoice | None = None
    cluster_choice: ClusterChoice | None = None
    probability: Fraction = ONE
    missing: str = ""

    @property
    def drawn(self) -> Drawn:
        """What is known of the request's random number by now."""
        if self.cluster_choice is not None and self.cluster_choice.drawn is not None:
            return self.cluster_choice.drawn
        return () if self.route_choice is None else self.route_choice.drawn

    @property
    def route(self) -> Route | None:
        """The route; None where none fits."""
        return None if self.route_choice is None else self.route_choice.route


class FilterRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one HTTP filter did."""

    name: str
    result: FilterResult | None
    """None where the filter was off for this request."""
    reason: str = ""
    """Which configuration it used, or why it was off."""


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster's part of the path."""

    name: str
    cluster: Cluster | None = None
    shares: Shares | None = None
    reply: LocalReply | None = None
    closed: Closed | None = None
    probability: Fraction = ONE
    missing: str = ""
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    hash_value: int | None = None
    endpoint_hosts: tuple[str | None, ...] = ()
    """The authority of each endpoint where `auto_host_rewrite` makes it differ."""

    @property
    def logged_name(self) -> str | None:
        """The cluster's name as Envoy logs it: nothing for a cluster that it does not know."""
        return (self.name or None) if self.cluster is not None or self.missing else None


class SentUpstream(msgspec.Struct, frozen=True, kw_only=True):
    """The request as the endpoint receives it, and what steers it further."""

    headers: Headers
    steering: Headers
    """The same with what steers retries, which the endpoint does not receive."""
    forwarding: Forwarding
    runs: tuple[FilterRun, ...] = ()
    """What the upstream HTTP filters did."""
    is_raw: bool = False
    """Whether the endpoint receives the bytes of a CONNECT alone."""


class HttpPath(msgspec.Struct, frozen=True, kw_only=True):
    """One way of a request, from the connection manager on."""

    request: Request
    """As the router sees it, or as far as it came."""
    refused: bool = False
    """Whether the connection manager itself answered, before any filter."""
    resolved: Resolved = Resolved()
    route_is_open: bool = False
    """Whether a filter made Envoy forget the route, and no other has asked for it since."""
    runs: tuple[FilterRun, ...] = ()
    reply: LocalReply | None = None
    upstream: Upstream | None = None
    upstream_runs: tuple[FilterRun, ...] = ()
    """What the upstream HTTP filters did."""
    sent: SentUpstream | None = None
    probability: Fraction = ONE
    missing: str = ""
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the connection manager did to the request, as clauses."""

    @property
    def answered(self) -> bool:
        """Whether the connection manager or one of the HTTP filters answered."""
        result = self.runs[-1].result if self.runs else None
        return self.refused or (result is not None and result.reply is not None)


class TcpPath(msgspec.Struct, frozen=True, kw_only=True):
    """One way of a connection through `tcp_proxy`."""

    choice: TcpClusterChoice
    upstream: Upstream
    probability: Fraction = ONE


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All ways of one request."""

    connection: ConnectionPath
    http: tuple[HttpPath, ...] = ()
    tcp: tuple[TcpPath, ...] = ()
