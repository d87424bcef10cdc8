"""The pair `osm-1.1-curl` → `osm-1.1-httpbin-1` and `-2`: a client and two replicas of a server.

How the request of the client goes, and how a request or a server has to differ to end it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osmscope.resources.resource import decode
from osmscope.resources.transport_socket import Secret
from osmscope.rules.hosts import Host
from osmscope.rules.transport_socket import transport_socket_of, upstream_tls
from tests.trace.real_dumps import MESH_NAME, Json, end, inbound, proxy_of, read, trace

UNKNOWN_ENDPOINTS = (
    'which endpoints cluster "{}" has (the dump was taken without include_eds,'
    " and /clusters was not given) is not known"
)


def test_the_client_of_the_pair(shared: Path) -> None:
    dump = read(shared, "osm-1.1-curl")
    answer, outcome = trace(dump, host="httpbin.httpbin:14001")
    assert outcome.listener == "outbound-listener"
    assert outcome.filter_chain == "outbound_httpbin/httpbin_14001_http"
    assert outcome.route_config == "rds-outbound.14001"
    assert outcome.virtual_host == f"outbound_virtual-host|{MESH_NAME}"
    assert outcome.cluster == "httpbin/httpbin|14001"
    assert end(outcome) == "unknown"
    assert UNKNOWN_ENDPOINTS.format("httpbin/httpbin|14001") in answer.assumptions
    # The user's own DNS may know a name that the virtual host does not.
    _, outcome = trace(dump, host="httpbin", dst_ip="10.96.15.1", dst_port=14001)
    assert end(outcome) == "404 route_not_found"


def test_the_client_s_tls(shared: Path) -> None:
    proxy = proxy_of(read(shared, "osm-1.1-curl"))
    cluster = proxy.cluster("httpbin/httpbin|14001")
    assert cluster is not None
    host = Host(address="10.244.0.9:14001")
    tls = upstream_tls(cluster, host, transport_socket_of(cluster, host).configuration)
    assert tls is not None
    assert (tls.sni, tls.alpn) == (MESH_NAME, ("osm",))
    assert tls.certificate_secrets == ("service-cert:curl/curl",)
    assert tls.validation_secret == "root-cert-for-mtls-outbound:httpbin/httpbin"
    (entry,) = proxy.dump.find("secret", tls.validation_secret)
    context = decode(Secret, entry.body, "secret").validation_context
    assert context is not None
    assert [m.exact for m in context.match_subject_alt_names] == ["httpbin.httpbin.cluster.local"]


@pytest.mark.parametrize("name", ["osm-1.1-httpbin-1", "osm-1.1-httpbin-2"])
def test_both_servers_of_the_pair(shared: Path, name: str) -> None:
    _, outcome = trace(read(shared, name), **inbound())
    assert outcome.listener == "inbound-listener"
    assert outcome.filter_chain == "inbound_httpbin/httpbin_14001_http"
    assert outcome.route_config == "rds-inbound.14001"
    assert outcome.virtual_host == f"inbound_virtual-host|{MESH_NAME}"
    assert outcome.cluster == "httpbin/httpbin|14001|local"
    assert end(outcome) == "forwarded 127.0.0.1:14001"


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"sni": "httpbin.other.svc.cluster.local"}, "0 filter_chain_not_found"),
        ({"alpn": ()}, "0 filter_chain_not_found"),
        ({"dst_port": 14002}, "0 filter_chain_not_found"),
        ({"sni": None, "client_certificate": None, "tls": False}, "0 filter_chain_not_found"),
        ({"host": "httpbin"}, "forwarded 127.0.0.1:14001"),
        ({"host": "httpbin.other"}, "404 route_not_found"),
        ({"host": "httpbin.httpbin:14002"}, "404 route_not_found"),
    ],
)
def test_requests_that_differ_from_the_pair_s(shared: Path, changes: Json, ending: str) -> None:
    _, outcome = trace(read(shared, "osm-1.1-httpbin-1"), **inbound(**changes))
    assert end(outcome) == ending


def objects(value: object) -> Iterator[Json]:
    """Every object within a dump."""
    if isinstance(value, dict):
        yield value
        yield from (each for part in value.values() for each in objects(part))
    elif isinstance(value, list):
        yield from (each for part in value for each in objects(part))


def deny_all(dump: Json) -> None:
    """SMI mode without a TrafficTarget: a network RBAC filter without policies."""
    kind = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC"
    config = {"@type": kind, "rules": {}, "stat_prefix": "rbac"}
    for each in objects(dump):
        if str(each.get("name", "")).startswith("inbound_httpbin/"):
            each["filters"].insert(0, {"name": "l4_rbac", "typed_config": config})


def without_domain(dump: Json) -> None:
    for each in objects(dump):
        if "domains" in each:
            each["domains"] = [d for d in each["domains"] if d != "httpbin.httpbin:14001"]


def without_local_cluster(dump: Json) -> None:
    for each in objects(dump):
        if "dynamic_active_clusters" in each:
            each["dynamic_active_clusters"] = [
                entry
                for entry in each["dynamic_active_clusters"]
                if not entry["cluster"]["name"].endswith("|local")
            ]


def warming(dump: Json) -> None:
    for each in objects(dump):
        if each.get("name") == "inbound-listener" and "active_state" in each:
            each["warming_state"] = each.pop("active_state")


def with_error(dump: Json) -> None:
    """A later listener was rejected; the active one stays in force."""
    for each in objects(dump):
        if each.get("name") == "inbound-listener" and "active_state" in each:
            each["error_state"] = {"details": "multiple filter chains with the same matching rules"}


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        (deny_all, "0 rbac_access_denied_matched_policy[none]"),
        (without_domain, "404 route_not_found"),
        (without_local_cluster, "503 cluster_not_found"),
        (warming, "0 None"),
        (with_error, "forwarded 127.0.0.1:14001"),
    ],
)
def test_servers_that_differ_from_the_pair_s(
    shared: Path, change: Callable[[Json], None], ending: str
) -> None:
    dump = read(shared, "osm-1.1-httpbin-1")
    change(dump)
    _, outcome = trace(dump, **inbound())
    assert end(outcome) == ending


def test_a_wider_egress_chain_does_not_take_what_the_mesh_serves(
    shared: Path,
) -> None:
    dump = read(shared, "osm-1.1-curl")
    wide = {"address_prefix": "10.96.0.0", "prefix_len": 16}
    for each in objects(dump):
        if each.get("traffic_direction") == "OUTBOUND":
            (chain,) = each["filter_chains"]
            match = {"destination_port": 14001, "prefix_ranges": [wide]}
            egress = {**chain, "name": "egress-tcp.14001", "filter_chain_match": match}
            each["filter_chains"].insert(0, egress)
    for address, chain in (
        ("10.96.15.1", "outbound_httpbin/httpbin_14001_http"),
        ("10.96.15.2", "egress-tcp.14001"),
    ):
        _, outcome = trace(dump, host="httpbin.httpbin", dst_ip=address, dst_port=14001)
        assert outcome.filter_chain == chain
