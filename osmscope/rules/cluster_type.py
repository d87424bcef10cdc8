"""What kind of cluster it is: where its hosts come from.

What Envoy does: `cluster_type` replaces `type`; an absent `type` is STATIC. Since 1.38 DNS clusters
may be written as `envoy.cluster.dns`, which is LOGICAL_DNS if all addresses make one endpoint.
Checked against Envoy 1.40.0. Not modelled: what custom cluster types do.
"""

import enum
from collections.abc import Mapping

from osmscope.resources.cluster import (
    AggregateClusterConfig,
    Cluster,
    CompositeClusterConfig,
    CustomClusterType,
    DnsCluster,
    DynamicForwardProxyCluster,
    OriginalDstCluster,
)
from osmscope.resources.extension import decode_any, type_name


class ClusterKind(enum.Enum):
    """Where the hosts of a cluster come from."""

    STATIC = "STATIC"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"
    EDS = "EDS"
    ORIGINAL_DST = "ORIGINAL_DST"
    AGGREGATE = "aggregate"
    COMPOSITE = "composite"
    DYNAMIC_FORWARD_PROXY = "dynamic forward proxy"
    REDIS = "redis"
    OTHER = "other"

    @property
    def is_dns(self) -> bool:
        """Whether names are resolved, so that a load assignment holds no hosts."""
        return self in (ClusterKind.STRICT_DNS, ClusterKind.LOGICAL_DNS)


_BY_TYPE: Mapping[str, ClusterKind] = {
    "envoy.extensions.clusters.redis.v3.RedisClusterConfig": ClusterKind.REDIS,
}
_BY_NAME: Mapping[str, ClusterKind] = {
    "envoy.cluster.static": ClusterKind.STATIC,
    "envoy.cluster.strict_dns": ClusterKind.STRICT_DNS,
    "envoy.cluster.logical_dns": ClusterKind.LOGICAL_DNS,
    "envoy.cluster.eds": ClusterKind.EDS,
    "envoy.cluster.original_dst": ClusterKind.ORIGINAL_DST,
    "envoy.clusters.aggregate": ClusterKind.AGGREGATE,
    "envoy.clusters.composite": ClusterKind.COMPOSITE,
    "envoy.clusters.dynamic_forward_proxy": ClusterKind.DYNAMIC_FORWARD_PROXY,
    "envoy.clusters.redis": ClusterKind.REDIS,
}


def kind_of(cluster: Cluster) -> ClusterKind:
    """Return where a cluster's hosts come from.

    Raises:
        DumpError: The cluster type's configuration has a type that Envoy never writes.
    """
    custom = cluster.cluster_type
    if custom is None:
        known = cluster.type in ClusterKind.__members__
        return ClusterKind[cluster.type] if known else ClusterKind.OTHER
    match _configuration(custom):
        case AggregateClusterConfig():
            return ClusterKind.AGGREGATE
        case CompositeClusterConfig():
            return ClusterKind.COMPOSITE
        case DnsCluster() as dns:
            single = dns.all_addresses_in_single_endpoint
            return ClusterKind.LOGICAL_DNS if single else ClusterKind.STRICT_DNS
        case OriginalDstCluster():
            return ClusterKind.ORIGINAL_DST
        case DynamicForwardProxyCluster():
            return ClusterKind.DYNAMIC_FORWARD_PROXY
    by_type = _BY_TYPE.get(type_name(custom.typed_config))
    return by_type or _BY_NAME.get(custom.name, ClusterKind.OTHER)


def members_of(cluster: Cluster) -> tuple[str, ...]:
    """Name the clusters that an aggregate or a composite cluster consists of; () for any other.

    Raises:
        DumpError: The cluster type's configuration has a type that Envoy never writes.
    """
    configuration = _configuration(cluster.cluster_type or CustomClusterType())
    match configuration:
        case AggregateClusterConfig():
            return configuration.clusters
        case CompositeClusterConfig():
            return tuple(member.name for member in configuration.clusters)
    return ()


def _configuration(custom: CustomClusterType) -> object:
    return decode_any(custom.typed_config, where=f"cluster type {custom.name!r}")
