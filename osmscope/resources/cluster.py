"""Clusters: where endpoints come from, how one is picked, how it is spoken to."""

import msgspec

from osmscope.resources.address import Address
from osmscope.resources.endpoint import ClusterLoadAssignment
from osmscope.resources.extension import decode_extension, extension
from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.load_balancing import (
    LbSubsetConfig,
    LeastRequestLbConfig,
    LoadBalancingPolicy,
    MaglevLbConfig,
    Percent,
    RingHashLbConfig,
    SlowStart,
    ZoneAwareLbConfig,
)
from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import HashPolicy
from osmscope.resources.route_policies import RequestMirrorPolicy, RetryPolicy
from osmscope.resources.transport_socket import TransportSocket, UpstreamTlsContext

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class EdsClusterConfig(Resource, frozen=True):
    """The name of the load assignment, where it is not the cluster's."""

    inert = frozenset({"eds_config"})

    service_name: str = ""


class OriginalDstLbConfig(Resource, frozen=True):
    """Where an ORIGINAL_DST cluster takes the address from."""

    use_http_header: bool = False
    http_header_name: str = ""
    upstream_port_override: int | None = None
    metadata_key: object = None


@extension("envoy.extensions.clusters.original_dst.v3.OriginalDstCluster")
class OriginalDstCluster(OriginalDstLbConfig, frozen=True):
    """The same, in the form of a cluster type of its own."""


class ConsistentHashingLbConfig(Resource, frozen=True):
    """What hosts are hashed by, and how far one may be overloaded."""

    use_hostname_for_hashing: bool = False
    hash_balance_factor: int | None = None


class HealthStatusSet(Resource, frozen=True):
    """States of endpoints."""

    statuses: tuple[str, ...] = ()


class CommonLbConfig(Resource, frozen=True):
    """What every load balancer shares."""

    inert = frozenset({
        "update_merge_window", "close_connections_on_host_set_change",
    })  # fmt: skip

    healthy_panic_threshold: Percent | None = None
    zone_aware_lb_config: ZoneAwareLbConfig | None = None
    locality_weighted_lb_config: Opaque | None = None
    consistent_hashing_lb_config: ConsistentHashingLbConfig | None = None
    ignore_new_hosts_until_first_hc: bool = False
    override_host_status: HealthStatusSet | None = None


class RetryBudget(Resource, frozen=True):
    """How many retries may run at a time, as a share of all requests."""

    inert = frozenset({"budget_interval"})

    budget_percent: Percent | None = None
    min_retry_concurrency: int | None = None


class CircuitBreakerThresholds(Resource, frozen=True):
    """Limits of one routing priority."""

    inert = frozenset({"track_remaining"})

    priority: str = "DEFAULT"
    max_connections: int | None = None
    max_pending_requests: int | None = None
    max_requests: int | None = None
    max_retries: int | None = None
    max_connection_pools: int | None = None
    retry_budget: RetryBudget | None = None


class CircuitBreakers(Resource, frozen=True):
    """Limits of both routing priorities."""

    inert = frozenset({"per_host_thresholds"})

    thresholds: tuple[CircuitBreakerThresholds, ...] = ()


class TransportSocketMatch(Resource, frozen=True):
    """A transport socket for the endpoints whose metadata fits."""

    name: str = ""
    match: dict[str, object] = {}
    transport_socket: TransportSocket = TransportSocket()


class CustomClusterType(Resource, frozen=True):
    """A cluster type that is an extension."""

    name: str = ""
    typed_config: msgspec.Raw = msgspec.Raw(b"")


class LegacyAddress(Address, frozen=True):
    """An entry of `hosts`, the field of before 2020."""


class Cluster(Resource, frozen=True):
    """`envoy.config.cluster.v3.Cluster`."""

    inert = frozenset({
        "per_connection_buffer_limit_bytes",
        "max_requests_per_connection", "observability_name", "metadata",
        "dns_refresh_rate", "dns_failure_refresh_rate", "respect_dns_ttl", "dns_lookup_family",
        "dns_resolvers", "use_tcp_for_dns_lookups", "dns_resolution_config", "dns_jitter",
        "typed_dns_resolver_config", "wait_for_warm_on_init",
        "cleanup_interval", "upstream_bind_config",
        "upstream_connection_options",
        "close_connections_on_host_health_failure", "ignore_health_on_host_removal",
        "track_timeout_budgets", "track_cluster_stats", "preconnect_policy",
        "connection_pool_per_downstream_connection", "lrs_server", "lrs_report_endpoint_metrics",
        "http_protocol_options", "extension_protocol_options",
    })  # fmt: skip

    name: str = ""
    alt_stat_name: str = ""
    type: str = "STATIC"
    cluster_type: CustomClusterType | None = None
    eds_cluster_config: EdsClusterConfig | None = None
    lb_policy: str = "ROUND_ROBIN"
    load_assignment: ClusterLoadAssignment | None = None
    hosts: tuple[LegacyAddress, ...] = ()
    load_balancing_policy: LoadBalancingPolicy | None = None
    lb_subset_config: LbSubsetConfig | None = None
    ring_hash_lb_config: RingHashLbConfig | None = None
    maglev_lb_config: MaglevLbConfig | None = None
    original_dst_lb_config: OriginalDstLbConfig | None = None
    least_request_lb_config: LeastRequestLbConfig | None = None
    round_robin_lb_config: SlowStart | None = None
    common_lb_config: CommonLbConfig = CommonLbConfig()
    circuit_breakers: CircuitBreakers | None = None
    transport_socket: TransportSocket | None = None
    transport_socket_matches: tuple[TransportSocketMatch, ...] = ()
    transport_socket_matcher: Matcher | None = None
    tls_context: UpstreamTlsContext | None = None
    upstream_http_protocol_options: "UpstreamHttpProtocolOptions | None" = None
    common_http_protocol_options: "CommonUpstreamOptions | None" = None
    http2_protocol_options: Opaque | None = None
    protocol_selection: str = "USE_CONFIGURED_PROTOCOL"
    connect_timeout: str | None = None
    health_checks: tuple[Opaque, ...] = ()
    outlier_detection: Opaque | None = None
    filters: tuple[TypedExtensionConfig, ...] = ()
    upstream_config: TypedExtensionConfig | None = None
    typed_extension_protocol_options: dict[str, msgspec.Raw] = {}


class CommonUpstreamOptions(Resource, frozen=True):
    """Options of every upstream codec that decide something."""

    inert = frozenset({
        "idle_timeout", "max_connection_duration", "max_response_headers_kb", "max_headers_count",
        "max_requests_per_connection", "headers_with_underscores_action",
    })  # fmt: skip

    max_stream_duration: str | None = None


class UpstreamHttpProtocolOptions(Resource, frozen=True):
    """SNI taken from the request."""

    auto_sni: bool = False
    auto_san_validation: bool = False
    override_auto_sni_header: str = ""


class ExplicitHttpConfig(Resource, frozen=True):
    """The one protocol that is spoken."""

    http_protocol_options: Opaque | None = None
    http2_protocol_options: Opaque | None = None
    http3_protocol_options: Opaque | None = None


@extension(_HTTP_OPTIONS)
class HttpProtocolOptions(Resource, frozen=True):
    """How an endpoint is spoken to; the cluster's own policies override the route's."""

    inert = frozenset({"header_validation_config"})

    explicit_http_config: ExplicitHttpConfig | None = None
    use_downstream_protocol_config: Opaque | None = None
    auto_config: Opaque | None = None
    upstream_http_protocol_options: UpstreamHttpProtocolOptions | None = None
    common_http_protocol_options: CommonUpstreamOptions | None = None
    outlier_detection: Opaque | None = None
    http_filters: tuple[HttpFilter, ...] = ()
    hash_policy: tuple[HashPolicy, ...] = ()
    retry_policy: RetryPolicy | None = None
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()


def http_protocol_options(cluster: Cluster) -> HttpProtocolOptions | None:
    """Return a cluster's HTTP options; None where it has none.

    Raises:
        DumpError: They cannot be read.
    """
    body = cluster.typed_extension_protocol_options.get(_HTTP_OPTIONS)
    if body is None:
        return None
    options = decode_extension(TypedExtensionConfig(name=_HTTP_OPTIONS, typed_config=body))
    return options if isinstance(options, HttpProtocolOptions) else None


@extension("envoy.extensions.clusters.aggregate.v3.ClusterConfig")
class AggregateClusterConfig(Resource, frozen=True):
    """The clusters whose priorities are strung together."""

    clusters: tuple[str, ...] = ()


class CompositeMember(Resource, frozen=True):
    """One cluster of a composite cluster."""

    name: str = ""


@extension("envoy.extensions.clusters.composite.v3.ClusterConfig")
class CompositeClusterConfig(Resource, frozen=True):
    """The clusters that the first, second, … attempt of a request goes to."""

    clusters: tuple[CompositeMember, ...] = ()


@extension("envoy.extensions.clusters.dns.v3.DnsCluster")
class DnsCluster(Resource, frozen=True):
    """A cluster resolved by DNS, in the form of Envoy 1.38 and later."""

    inert = frozenset({
        "dns_refresh_rate", "dns_failure_refresh_rate", "respect_dns_ttl", "dns_jitter",
        "typed_dns_resolver_config", "dns_lookup_family",
    })  # fmt: skip

    all_addresses_in_single_endpoint: bool = False


@extension("envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig")
class DynamicForwardProxyCluster(Opaque, frozen=True):
    """A cluster that resolves the request's authority."""


_POOLS = "envoy.extensions.upstreams"


@extension(
    f"{_POOLS}.http.generic.v3.GenericConnectionPoolProto",
    f"{_POOLS}.http.http.v3.HttpConnectionPoolProto",
    f"{_POOLS}.tcp.generic.v3.GenericConnectionPoolProto",
)
class GenericConnectionPool(Opaque, frozen=True):
    """Connections that carry what arrives: requests as requests, bytes as bytes."""


@extension(f"{_POOLS}.http.tcp.v3.TcpConnectionPoolProto")
class TcpConnectionPool(Opaque, frozen=True):
    """Connections that carry nothing but the bodies of requests."""
