"""What kind of cluster it is, in all ways of writing it."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.cluster_type import ClusterKind, kind_of, members_of

CLUSTERS = "type.googleapis.com/envoy.extensions.clusters"


def custom(name: str, kind: str = "", **fields: object) -> Cluster:
    config = {"@type": f"{CLUSTERS}.{kind}", **fields} if kind else None
    typed = {"typed_config": config} if config else {}
    body = msgspec.json.encode({"cluster_type": {"name": name, **typed}})
    return msgspec.json.decode(body, type=Cluster)


@pytest.mark.parametrize(
    ("cluster", "kind"),
    [
        (Cluster(), ClusterKind.STATIC),
        (Cluster(type="EDS"), ClusterKind.EDS),
        (Cluster(type="STRICT_DNS"), ClusterKind.STRICT_DNS),
        (Cluster(type="LOGICAL_DNS"), ClusterKind.LOGICAL_DNS),
        (Cluster(type="ORIGINAL_DST"), ClusterKind.ORIGINAL_DST),
        (Cluster(type="LATER"), ClusterKind.OTHER),
        (custom("envoy.cluster.static"), ClusterKind.STATIC),
        (custom("envoy.cluster.original_dst"), ClusterKind.ORIGINAL_DST),
        (custom("envoy.cluster.dns", "dns.v3.DnsCluster"), ClusterKind.STRICT_DNS),
        (
            custom("x", "dns.v3.DnsCluster", all_addresses_in_single_endpoint=True),
            ClusterKind.LOGICAL_DNS,
        ),
        (custom("x", "original_dst.v3.OriginalDstCluster"), ClusterKind.ORIGINAL_DST),
        (custom("x", "aggregate.v3.ClusterConfig", clusters=["a"]), ClusterKind.AGGREGATE),
        (
            custom("x", "dynamic_forward_proxy.v3.ClusterConfig"),
            ClusterKind.DYNAMIC_FORWARD_PROXY,
        ),
        (custom("x", "redis.v3.RedisClusterConfig"), ClusterKind.REDIS),
        (custom("x", "composite.v3.ClusterConfig"), ClusterKind.COMPOSITE),
        (custom("envoy.clusters.mcp_multicluster"), ClusterKind.OTHER),
    ],
)
def test_kind(cluster: Cluster, kind: ClusterKind) -> None:
    assert kind_of(cluster) is kind


def test_dns() -> None:
    assert [kind.name for kind in ClusterKind if kind.is_dns] == ["STRICT_DNS", "LOGICAL_DNS"]


@pytest.mark.parametrize(
    ("cluster", "members"),
    [
        (custom("x", "aggregate.v3.ClusterConfig", clusters=["a", "b"]), ("a", "b")),
        (custom("x", "composite.v3.ClusterConfig", clusters=[{"name": "a"}]), ("a",)),
        (custom("x", "redis.v3.RedisClusterConfig"), ()),
        (Cluster(), ()),
    ],
)
def test_members(cluster: Cluster, members: tuple[str, ...]) -> None:
    assert members_of(cluster) == members
