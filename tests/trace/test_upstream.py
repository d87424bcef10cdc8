"""What a cluster makes of a request, where the rules alone do not tell."""

from __future__ import annotations

import msgspec
import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

Json = dict[str, object]


def socket(address: str) -> Json:
    return {"address": {"socket_address": {"address": address, "port_value": 80}}}


def tcp_sidecar(cluster_type: str, address: str) -> Dump:
    """A listener whose `tcp_proxy` leads to a cluster of one endpoint."""
    proxy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "cluster": "c",
    }
    chain = {"filters": [{"name": "tcp", "typed_config": proxy}]}
    endpoints = [{"lb_endpoints": [{"endpoint": socket(address)}]}]
    cluster = {"name": "c", "type": cluster_type, "load_assignment": {"endpoints": endpoints}}
    listener = {"name": "l", **socket("0.0.0.0"), "filter_chains": [chain]}
    admin = "type.googleapis.com/envoy.admin.v3"
    configs = [
        {
            "@type": f"{admin}.ListenersConfigDump",
            "static_listeners": [{"listener": listener}],
        },
        {
            "@type": f"{admin}.ClustersConfigDump",
            "static_clusters": [{"cluster": cluster}],
        },
    ]
    return Dump.read(msgspec.json.encode({"configs": configs}), where="made")


@pytest.mark.parametrize(
    ("cluster_type", "address", "assumptions"),
    [
        ("STRICT_DNS", "backend.org", ("backend.org resolves to one address",)),
        ("LOGICAL_DNS", "backend.org", ("backend.org resolves to one address",)),
        ("STRICT_DNS", "127.0.0.1", ()),
        ("STATIC", "127.0.0.1", ()),
    ],
)
def test_a_name_stands_for_its_address(
    cluster_type: str, address: str, assumptions: tuple[str, ...]
) -> None:
    request = TraceRequest(dst_ip="10.0.0.1", dst_port=80, protocol="tcp")
    answer = Tracer(Proxy(tcp_sidecar(cluster_type, address))).answer(request)
    assert (answer.assumptions, answer.exact) == (assumptions, not assumptions)
    (endpoint,) = answer.outcomes[0].endpoints
    assert endpoint.address == f"{address}:80"


def test_clusters_tells_what_a_name_resolved_to() -> None:
    status = {"cluster_statuses": [{"name": "c", "host_statuses": [socket("192.0.2.7")]}]}
    clusters = read_clusters(msgspec.json.encode(status), where="made")
    request = TraceRequest(dst_ip="10.0.0.1", dst_port=80, protocol="tcp")
    answer = Tracer(Proxy(tcp_sidecar("STRICT_DNS", "backend.org"), clusters)).answer(request)
    assert answer.exact
    assert [each.address for each in answer.outcomes[0].endpoints] == ["192.0.2.7:80"]
