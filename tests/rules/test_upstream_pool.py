"""Connection pools of clusters, as a table of what Envoy 1.40.0 sends on them."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.upstream_pool import UpstreamPool, upstream_pool

POOLS = "type.googleapis.com/envoy.extensions.upstreams"
AS_USUAL, BODIES = UpstreamPool(), UpstreamPool(carries_bodies_alone=True)


@pytest.mark.parametrize(
    ("kind", "of_request", "expected"),
    [
        (None, True, AS_USUAL),
        ("http.generic.v3.GenericConnectionPoolProto", True, AS_USUAL),
        ("http.http.v3.HttpConnectionPoolProto", True, AS_USUAL),
        ("tcp.generic.v3.GenericConnectionPoolProto", False, AS_USUAL),
        ("http.tcp.v3.TcpConnectionPoolProto", True, BODIES),
        ("http.tcp.v3.TcpConnectionPoolProto", False, "of TCP for HTTP requests"),
        ("http.dynamic_modules.v3.Config", True,
         "envoy.extensions.upstreams.http.dynamic_modules.v3.Config"),
    ],
)  # fmt: skip
def test_what_is_sent(kind: str | None, of_request: bool, expected: UpstreamPool | str) -> None:
    config = {"name": "x", "typed_config": {"@type": f"{POOLS}.{kind}"}}
    body = {"name": "a"} | ({} if kind is None else {"upstream_config": config})
    cluster = msgspec.json.decode(msgspec.json.encode(body), type=Cluster)
    if isinstance(expected, str):
        words = f'the connection pool "{expected}" of cluster "a" changes nothing'
        expected = UpstreamPool(assumptions=(words,))
    assert upstream_pool(cluster, of_request=of_request) == expected
