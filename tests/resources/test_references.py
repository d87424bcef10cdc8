from __future__ import annotations

import msgspec
import pytest

from osmscope.resources import references
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.resource import decode
from osmscope.resources.route import Route
from osmscope.resources.transport_socket import TransportSocket

HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
TLS = "envoy.extensions.transport_sockets.tls.v3"


def _of(kind, fields):
    return decode(kind, msgspec.json.encode(fields), "made")


def _any(type_name, **fields):
    return {"typed_config": {"@type": f"type.googleapis.com/{type_name}"} | fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cluster": "a"}, [("a", None)]),
        ({"weighted_clusters": {"clusters": [{"name": "a", "weight": 2}]}}, [("a", 2)]),
        ({}, []),
    ],
)
def test_a_tcp_proxy_names_its_clusters(fields, expected):
    found = references.tcp_clusters(_of(TcpProxy, fields))
    assert [(entry.name, entry.weight) for entry in found] == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"route": {"cluster": "a"}}, [("a", None)]),
        ({"route": {"weighted_clusters": {"clusters": [
            {"name": "a", "weight": 2}, {"cluster_header": "x", "weight": 1}]}}}, [("a", 2)]),
        ({"route": {"cluster_header": "x"}}, []),
        ({"redirect": {}}, []),
    ],
)  # fmt: skip
def test_a_route_names_its_clusters(fields, expected):
    found = references.route_clusters(_of(Route, fields))
    assert [(entry.name, entry.weight) for entry in found] == expected


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rds": {"route_config_name": "r"}}, "r"),
        ({"scoped_routes": {"name": "s"}}, "by scope s"),
        ({"route_config": {"name": "i"}}, "i (inline)"),
        ({"route_config": {}}, "inline"),
        ({}, "inline"),
    ],
)
def test_a_connection_manager_names_its_route_table(fields, name):
    assert references.route_table_name(_of(HttpConnectionManager, fields)) == name


def test_a_chain_leads_where_its_filters_lead():
    filters = [
        _any(HCM, rds={"route_config_name": "r"}),
        _any(TCP, cluster="c"),
        _any("x.Unknown"),
    ]
    chain = _of(FilterChain, {"filters": filters})
    assert references.chain_destinations(chain) == ("routes r", "cluster c")


def test_tls_names_its_secrets_and_the_server():
    context = {
        "tls_certificate_sds_secret_configs": [{"name": "own"}],
        "validation_context_sds_secret_config": {"name": "root"},
    }
    up = _of(
        TransportSocket,
        _any(f"{TLS}.UpstreamTlsContext", common_tls_context=context, sni="a.b"),
    )
    down = _of(TransportSocket, _any(f"{TLS}.DownstreamTlsContext", common_tls_context=context))
    assert references.secret_names(up) == references.secret_names(down) == ("own", "root")
    assert (references.upstream_sni(up), references.upstream_sni(down)) == ("a.b", "")


def test_without_tls_there_is_nothing():
    raw = _of(TransportSocket, {"name": "raw_buffer"})
    for socket in (None, raw):
        assert references.secret_names(socket) == ()
        assert references.upstream_sni(socket) == ""
