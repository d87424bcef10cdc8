"""Listeners, their listener filters and filter chains."""

from osmscope.resources.address import Address, CidrRange, Port
from osmscope.resources.extension import extension
from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.transport_socket import DownstreamTlsContext, TransportSocket

_LISTENER_FILTER = "envoy.extensions.filters.listener"


class FilterChainMatch(Resource, frozen=True):
    """The criteria of a filter chain; an empty one fits every connection."""

    destination_port: Port | None = None
    prefix_ranges: tuple[CidrRange, ...] = ()
    address_suffix: str = ""
    suffix_len: int | None = None
    direct_source_prefix_ranges: tuple[CidrRange, ...] = ()
    source_type: str = "ANY"
    source_prefix_ranges: tuple[CidrRange, ...] = ()
    source_ports: tuple[Port, ...] = ()
    server_names: tuple[str, ...] = ()
    transport_protocol: str = ""
    application_protocols: tuple[str, ...] = ()


class NetworkFilter(TypedExtensionConfig, frozen=True):
    """One filter of a chain."""

    config_discovery: object = None


class FilterChain(Resource, frozen=True):
    """A filter chain: what it fits, its TLS, its network filters."""

    inert = frozenset({
        "metadata", "transport_socket_connect_timeout", "on_demand_configuration",
    })  # fmt: skip

    name: str = ""
    filter_chain_match: FilterChainMatch = FilterChainMatch()
    filters: tuple[NetworkFilter, ...] = ()
    transport_socket: TransportSocket | None = None
    tls_context: DownstreamTlsContext | None = None
    use_proxy_proto: bool | None = None


class PortRange(Resource, frozen=True):
    """A half-open range of ports."""

    start: int = 0
    end: int = 0


class ListenerFilterPredicateSet(Resource, frozen=True):
    """Predicates joined by and / or."""

    rules: tuple["ListenerFilterPredicate", ...] = ()


class ListenerFilterPredicate(Resource, frozen=True):
    """`ListenerFilterChainMatchPredicate`: where it is true, the listener filter is skipped."""

    or_match: ListenerFilterPredicateSet | None = None
    and_match: ListenerFilterPredicateSet | None = None
    not_match: "ListenerFilterPredicate | None" = None
    any_match: bool | None = None
    destination_port_range: PortRange | None = None


class ListenerFilter(TypedExtensionConfig, frozen=True):
    """A filter that looks at the connection before a chain is chosen."""

    config_discovery: object = None
    filter_disabled: ListenerFilterPredicate | None = None


class AdditionalAddress(Resource, frozen=True):
    """One more address of a listener."""

    inert = frozenset({"socket_options", "tcp_keepalive"})

    address: Address = Address()


class DeprecatedV1(Resource, frozen=True):
    """Fields of before 2021."""

    bind_to_port: bool | None = None


class Listener(Resource, frozen=True):
    """`envoy.config.listener.v3.Listener`."""

    inert = frozenset({
        "per_connection_buffer_limit_bytes", "metadata", "drain_type",
        "access_log", "access_log_flush_interval", "socket_options",
        "tcp_fast_open_queue_length", "freebind",
        "transparent", "enable_reuse_port", "reuse_port", "connection_balance_config",
        "tcp_backlog_size", "max_connections_to_accept_per_socket_event", "enable_mptcp",
        "ignore_global_conn_limit", "bypass_overload_manager", "tcp_keepalive",
        "traffic_direction_stat", "max_connections",
    })  # fmt: skip

    name: str = ""
    stat_prefix: str = ""
    address: Address = Address()
    additional_addresses: tuple[AdditionalAddress, ...] = ()
    filter_chains: tuple[FilterChain, ...] = ()
    filter_chain_matcher: Matcher | None = None
    default_filter_chain: FilterChain | None = None
    listener_filters: tuple[ListenerFilter, ...] = ()
    listener_filters_timeout: str | None = None
    continue_on_listener_filters_timeout: bool = False
    use_original_dst: bool | None = None
    bind_to_port: bool | None = None
    deprecated_v1: DeprecatedV1 | None = None
    traffic_direction: str = "UNSPECIFIED"
    internal_listener: Opaque | None = None
    api_listener: object = None
    udp_listener_config: Opaque | None = None


@extension(
    f"{_LISTENER_FILTER}.original_dst.v3.OriginalDst",
    "envoy.config.filter.listener.original_dst.v2.OriginalDst",
    name="envoy.filters.listener.original_dst envoy.listener.original_dst original_dst",
)
class OriginalDst(Opaque, frozen=True):
    """Restores the destination that the connection had before it was redirected."""


@extension(
    f"{_LISTENER_FILTER}.original_src.v3.OriginalSrc",
    name="envoy.filters.listener.original_src",
)
class OriginalSrc(Opaque, frozen=True):
    """Uses the client's address as the source towards the endpoint; decides nothing."""


@extension(
    f"{_LISTENER_FILTER}.tls_inspector.v3.TlsInspector",
    "envoy.config.filter.listener.tls_inspector.v2.TlsInspector",
    name="envoy.filters.listener.tls_inspector envoy.listener.tls_inspector tls_inspector",
)
class TlsInspector(Resource, frozen=True):
    """Reads SNI and ALPN from a ClientHello."""

    inert = frozenset({"enable_ja3_fingerprinting", "enable_ja4_fingerprinting",
        "initial_read_buffer_size", "max_client_hello_size"})  # fmt: skip

    close_connection_on_client_hello_parsing_errors: bool = False


@extension(
    f"{_LISTENER_FILTER}.http_inspector.v3.HttpInspector",
    "envoy.config.filter.listener.http_inspector.v2.HttpInspector",
    name="envoy.filters.listener.http_inspector envoy.listener.http_inspector http_inspector",
)
class HttpInspector(Opaque, frozen=True):
    """Recognises HTTP in plaintext."""


@extension(
    f"{_LISTENER_FILTER}.proxy_protocol.v3.ProxyProtocol",
    "envoy.config.filter.listener.proxy_protocol.v2.ProxyProtocol",
    name="envoy.filters.listener.proxy_protocol envoy.listener.proxy_protocol",
)
class ProxyProtocol(Resource, frozen=True):
    """Takes the addresses of the connection from a PROXY header."""

    inert = frozenset({"pass_through_tlvs", "stat_prefix", "tlv_location"})

    rules: tuple[Opaque, ...] = ()
    allow_requests_without_proxy_protocol: bool = False
    disallowed_versions: tuple[str, ...] = ()
