"""The configurations of network filters other than the HTTP connection manager and RBAC."""

from osmscope.resources.endpoint import MetadataHolder
from osmscope.resources.extension import extension
from osmscope.resources.rbac import HttpRbac, HttpRbacPerRoute, NetworkRbac
from osmscope.resources.resource import Opaque, Resource

_NETWORK = "envoy.extensions.filters.network"


class TcpWeightedCluster(Resource, frozen=True):
    """One of several clusters of a `tcp_proxy`."""

    name: str = ""
    weight: int = 0
    metadata_match: MetadataHolder | None = None


class TcpWeightedClusters(Resource, frozen=True):
    """The clusters that a `tcp_proxy` draws from."""

    clusters: tuple[TcpWeightedCluster, ...] = ()


class TunnelingConfig(Resource, frozen=True):
    """Sends the bytes inside an HTTP request."""

    inert = frozenset({
        "headers_to_add", "propagate_response_headers", "propagate_response_trailers",
        "request_id_extension", "request_id_header", "request_id_metadata_key",
    })  # fmt: skip

    hostname: str = ""
    use_post: bool = False
    post_path: str = ""


class TcpHashPolicy(Resource, frozen=True):
    """What the hash of a connection is made of."""

    source_ip: Opaque | None = None
    filter_state: object = None


@extension(
    f"{_NETWORK}.tcp_proxy.v3.TcpProxy",
    "envoy.config.filter.network.tcp_proxy.v2.TcpProxy",
    name="envoy.filters.network.tcp_proxy envoy.tcp_proxy tcp_proxy",
)
class TcpProxy(Resource, frozen=True):
    """`envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`."""

    inert = frozenset({
        "access_log", "access_log_options", "upstream_idle_timeout", "backoff_options",
        "downstream_idle_timeout", "access_log_flush_interval", "flush_access_log_on_connected",
        "proxy_protocol_tlvs", "max_downstream_connection_duration_jitter_percentage",
        "max_early_data_bytes",
    })  # fmt: skip

    stat_prefix: str = ""
    upstream_connect_mode: str = "IMMEDIATE"
    cluster: str = ""
    weighted_clusters: TcpWeightedClusters | None = None
    on_demand: object = None
    metadata_match: MetadataHolder | None = None
    tunneling_config: TunnelingConfig | None = None
    hash_policy: tuple[TcpHashPolicy, ...] = ()
    deprecated_v1: object = None
    idle_timeout: str | None = None
    max_connect_attempts: int | None = None
    max_downstream_connection_duration: str | None = None


@extension(
    f"{_NETWORK}.sni_cluster.v3.SniCluster",
    name="envoy.filters.network.sni_cluster",
)
class SniCluster(Opaque, frozen=True):
    """Makes the SNI the name of the cluster that `tcp_proxy` takes."""


class DataSource(Resource, frozen=True):
    """Bytes of a configuration."""

    inert = frozenset({"watched_directory"})

    filename: str | None = None
    inline_bytes: str | None = None
    inline_string: str | None = None
    environment_variable: str | None = None


@extension(
    f"{_NETWORK}.direct_response.v3.Config",
    name="envoy.filters.network.direct_response",
)
class NetworkDirectResponse(Resource, frozen=True):
    """Answers with fixed bytes and closes."""

    response: DataSource | None = None


@extension(f"{_NETWORK}.echo.v3.Echo", name="envoy.filters.network.echo envoy.echo")
class Echo(Opaque, frozen=True):
    """Sends back what it receives."""


@extension(
    f"{_NETWORK}.connection_limit.v3.ConnectionLimit",
    name="envoy.filters.network.connection_limit",
)
class ConnectionLimit(Resource, frozen=True):
    """Closes connections above a maximum."""

    inert = frozenset({"stat_prefix", "delay"})

    max_connections: int | None = None
    runtime_enabled: object = None


# The RBAC filters' messages live with RBAC itself; here they get their types.
extension(
    f"{_NETWORK}.rbac.v3.RBAC",
    "envoy.config.filter.network.rbac.v2.RBAC",
    name="envoy.filters.network.rbac",
)(NetworkRbac)
extension(
    "envoy.extensions.filters.http.rbac.v3.RBAC",
    "envoy.config.filter.http.rbac.v2.RBAC",
    name="envoy.filters.http.rbac",
)(HttpRbac)
extension(
    "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
    "envoy.config.filter.http.rbac.v2.RBACPerRoute",
)(HttpRbacPerRoute)
