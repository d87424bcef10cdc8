from __future__ import annotations

import pytest

from osmscope.mesh import osm
from osmscope.mesh.osm import ServicePort


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("outbound_bookstore/bookstore-v1_14001_http",
         ("outbound", "bookstore", "bookstore-v1", 14001, "http")),
        ("inbound_httpbin/httpbin_14001_http", ("inbound", "httpbin", "httpbin", 14001, "http")),
        ("outbound_bookwarehouse/mysql_3306_tcp-server-first",
         ("outbound", "bookwarehouse", "mysql", 3306, "tcp-server-first")),
        ("outbound-mesh-http-filter-chain:bookstore/bookstore",
         ("outbound", "bookstore", "bookstore", None, "http")),
        ("outbound-mesh-tcp-filter-chain:db/mysql_3306_tcp",
         ("outbound", "db", "mysql", 3306, "tcp")),
        ("inbound-mesh-http-filter-chain:bookstore/bookstore-v1:14001",
         ("inbound", "bookstore", "bookstore-v1", 14001, "http")),
        ("ingress_a/b_80_https_with_sni", ("ingress", "a", "b", 80, "https")),
        ("egress-tcp-server-first.3306", ("egress", "", "", 3306, "tcp-server-first")),
    ],
)  # fmt: skip
def test_chain_names_of_every_release_are_read(name, expected):
    direction, namespace, service, port, protocol = expected
    assert osm.parse_chain_name(name) == ServicePort(
        direction=direction, namespace=namespace, service=service, port=port, protocol=protocol
    )


@pytest.mark.parametrize("name", ["", "PassthroughFilterChain", "outbound_nothing", "0.0.0.0_80"])
def test_names_of_others_are_left_alone(name):
    assert osm.parse_chain_name(name) is None


@pytest.mark.parametrize(
    ("name", "namespace", "service", "port"),
    [
        ("bookstore/bookstore-v1|14001", "bookstore", "bookstore-v1", 14001),
        ("bookstore/bookstore-v1|14001|local", "bookstore", "bookstore-v1", 14001),
        ("bookstore/bookstore-v1-local", "bookstore", "bookstore-v1", None),
        ("bookwarehouse/bookwarehouse", "bookwarehouse", "bookwarehouse", None),
    ],
)
def test_cluster_names_tell_the_service(name, namespace, service, port):
    found = osm.parse_cluster_name(name)
    assert found == ServicePort(namespace=namespace, service=service, port=port)


def test_other_cluster_names_are_left_alone():
    assert osm.parse_cluster_name("httpbin.org:80") is None


def test_a_node_id_tells_its_namespace():
    node = "1bd6fce4-d999-412a-a8e8-aa8a12799ea7.sidecar.curl.client.cluster.local"
    assert osm.node_namespace(node) == "client"
    assert osm.node_namespace("sidecar~10.0.0.1~a.b~b.svc") == ""
