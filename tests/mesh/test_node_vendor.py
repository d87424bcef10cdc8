from __future__ import annotations

import msgspec
import pytest

from osmscope.dump.node import Node
from osmscope.mesh.node_vendor import vendor


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (Node(id="38cf2479-bfea-4c1e-a961-f8f8e2b2e8cb.sidecar.a.b.cluster.local"), "OSM"),
        (Node(id="sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local"), "Istio"),
        (Node(id="waypoint~10.0.0.1~w.shop~shop.svc.cluster.local"), "Istio"),
        (Node(id="default.web", metadata=msgspec.Raw(b'{"dataplane.proxyType":"x"}')), "Kuma"),
        (Node(cluster="envoy-gateway-system"), "Envoy Gateway"),
        (Node(metadata=msgspec.Raw(b'{"namespace":"default","partition":"default"}')), "Consul"),
        (Node(id="front-proxy"), "Envoy"),
        (Node(), "Envoy"),
    ],
)
def test_whose_mesh_it_is(node, name):
    assert vendor(node) == name
