"""Dumps that OSM's maintainers, Istio's and Kuma's took of their sidecars load, list and trace."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from osmscope.cli.get import TABLES
from tests.trace.real_dumps import MESH_NAME, Json, end, inbound, proxy_of, read, trace

ROWS = {
    "osm-0.9-bookbuyer": (1, 1, 1, 2, 1, 2, 8, 0, 1, 1),
    "osm-0.10-bookstore": (6, 6, 10, 7, 7, 3, 25, 5, 6, 8),
    "osm-1.1-curl": (1, 1, 1, 2, 1, 2, 8, 0, 1, 1),
    "osm-1.1-curl-egress": (1, 3, 2, 4, 2, 4, 14, 0, 2, 2),
    "osm-1.1-httpbin-1": (2, 2, 2, 3, 2, 3, 15, 1, 2, 2),
    "osm-1.1-httpbin-2": (2, 2, 2, 3, 2, 3, 15, 1, 2, 2),
    "istio-waypoint": (2, 5, 1, 3, 3, 2, 30, 0, 1, 1),
    "kuma-sidecar": (2, 2, 0, 5, 4, 1, 2, 0, 0, 0),
}
"""Dump → how many listeners, chains, routes, clusters, endpoints, secrets, then filters,
RBAC policies, route tables and virtual hosts are listed."""

BUYER = {"user-agent": "Go-http-client/1.1", "client-app": "bookbuyer"}


def test_no_dump_is_left_out(shared: Path) -> None:
    assert {path.stem for path in shared.glob("*-dumps/*.json")} == set(ROWS)


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_everything_is_listed(shared: Path, name: str, rows: tuple[int, ...]) -> None:
    proxy = proxy_of(read(shared, name))
    counts = tuple(
        len(getattr(importlib.import_module(module), function)(proxy).rows)
        for module, function in TABLES.values()
    )
    assert dict(zip(TABLES, counts, strict=True)) == dict(zip(TABLES, rows, strict=True))


@pytest.mark.parametrize(
    ("name", "facts", "path", "ending"),
    [
        pytest.param(
            "osm-0.9-bookbuyer",
            {"host": "bookstore.bookstore:14001"},
            (
                "outbound-mesh-http-filter-chain:bookstore/bookstore",
                "rds-outbound",
                "outbound_virtual-host|bookstore.bookstore",
                "bookstore/bookstore",
            ),
            "unknown",
            id="0.9: no port in names",
        ),
        pytest.param(
            "osm-0.9-bookbuyer",
            {"host": "bookstore", "dst_ip": "10.0.77.207", "dst_port": 14001},
            (
                "outbound-mesh-http-filter-chain:bookstore/bookstore",
                "rds-outbound",
                None,
                None,
            ),
            "404 route_not_found",
            id="0.9: the bare name is of another namespace",
        ),
        pytest.param(
            "osm-0.10-bookstore",
            {"host": "bookwarehouse.bookwarehouse:14001", "method": "POST"},
            (
                "outbound-mesh-http-filter-chain:bookwarehouse/bookwarehouse",
                "rds-outbound",
                "outbound_virtual-host|bookwarehouse.bookwarehouse.svc.cluster.local",
                "bookwarehouse/bookwarehouse",
            ),
            "forwarded 10.244.2.5:14001",
            id="0.10: with endpoints",
        ),
        pytest.param(
            "osm-0.10-bookstore",
            {"direction": "inbound", "dst_port": 15901, "path": "/osm-liveness-probe", "host": "x"},
            ("", "local_route", "local_service", "liveness_cluster"),
            "forwarded 127.0.0.1:14001",
            id="0.10: a probe has a listener of its own",
        ),
        pytest.param(
            "osm-0.10-bookstore",
            {"direction": "inbound", "dst_port": 15010, "path": "/stats/prometheus", "host": "x"},
            ("", None, "prometheus-inbound-virtual-host", "envoy-metrics-cluster"),
            "forwarded 127.0.0.1:15000",
            id="0.10: a route table without a name",
        ),
        pytest.param(
            "osm-1.1-curl-egress",
            {"host": "httpbin.org", "dst_ip": "3.4.5.6", "dst_port": 80},
            (
                "egress-http.80",
                "rds-egress.80",
                "egress_virtual-host|httpbin.org",
                "httpbin.org:80",
            ),
            "forwarded httpbin.org:80",
            id="egress by host",
        ),
        pytest.param(
            "osm-1.1-curl-egress",
            {"host": "example.org", "dst_ip": "3.4.5.6", "dst_port": 80},
            ("egress-http.80", "rds-egress.80", None, None),
            "404 route_not_found",
            id="egress to a host that no policy names",
        ),
        pytest.param(
            "osm-1.1-curl-egress",
            {"dst_ip": "3.4.5.6", "dst_port": 443, "sni": "httpbin.org", "protocol": "tcp"},
            ("egress-https.443", None, None, "443"),
            "forwarded 3.4.5.6:443",
            id="egress by SNI, to the original destination",
        ),
        pytest.param(
            "osm-1.1-curl-egress",
            {"dst_ip": "3.4.5.6", "dst_port": 443, "sni": "example.org", "protocol": "tcp"},
            (None, None, None, None),
            "0 filter_chain_not_found",
            id="egress to another SNI",
        ),
        pytest.param(
            "osm-1.1-httpbin-1",
            {"host": "httpbin"},
            (
                "outbound_httpbin/httpbin_14001_http",
                "rds-outbound.14001",
                f"outbound_virtual-host|{MESH_NAME}",
                "httpbin/httpbin|14001",
            ),
            "unknown",
            id="the bare name is of its own namespace",
        ),
        pytest.param(
            "istio-waypoint",
            {"direction": "inbound", "dst_port": 15021, "path": "/healthz/ready", "host": "x"},
            ("", None, "backend", "agent"),
            "forwarded 127.0.0.1:15020",
            id="Istio: a listener without a name",
        ),
        pytest.param(
            "kuma-sidecar",
            {"dst_ip": "127.0.0.1", "dst_port": 10006, "protocol": "tcp"},
            ("", None, None, "gateway"),
            "unknown",
            id="Kuma: outbound",
        ),
        pytest.param(
            "kuma-sidecar",
            {"direction": "inbound", "dst_ip": "127.0.0.1", "dst_port": 10010, "protocol": "tcp"},
            ("", None, None, "localhost:10011"),
            "forwarded 127.0.0.1:10011",
            id="Kuma: inbound",
        ),
    ],
)
def test_where_a_request_lands(
    shared: Path,
    name: str,
    facts: Json,
    path: tuple[str | None, ...],
    ending: str,
) -> None:
    _, outcome = trace(read(shared, name), **facts)
    found = outcome.filter_chain, outcome.route_config, outcome.virtual_host, outcome.cluster
    assert (found, end(outcome)) == (path, ending)


def test_a_name_of_egress_is_what_dns_makes_of_it(shared: Path) -> None:
    facts = {"host": "httpbin.org", "dst_ip": "3.4.5.6", "dst_port": 80}
    answer, _ = trace(read(shared, "osm-1.1-curl-egress"), **facts)
    assert "httpbin.org resolves to one address" in answer.assumptions


@pytest.mark.parametrize(
    "facts", [{}, {"listener": "main_internal"}], ids=["by direction", "by name"]
)
def test_internal_listeners_are_named_as_not_modelled(shared: Path, facts: Json) -> None:
    destination = {"direction": "inbound", "dst_ip": "10.96.1.1", "dst_port": 8000}
    answer, outcome = trace(read(shared, "istio-waypoint"), host="httpbin", **destination, **facts)
    assert (outcome.verdict, answer.exact) == ("unknown", False)
    words = 'what reaches the internal listener "main_internal" (these are not modelled)'
    assert answer.assumptions == (f"{words} is not known",)


@pytest.mark.parametrize(
    ("path", "headers", "certificate", "ending"),
    [
        ("/books-bought", BUYER, "bookbuyer.bookbuyer", "forwarded 127.0.0.1:14001"),
        ("/books-bought", {}, "bookbuyer.bookbuyer", "404 route_not_found"),
        ("/books", BUYER, "bookbuyer.bookbuyer", "404 route_not_found"),
        (
            "/books-bought",
            BUYER,
            "bookthief.bookthief",
            "0 rbac_access_denied_matched_policy[none]",
        ),
    ],
)
def test_smi_policies_of_osm_0_10(
    shared: Path, path: str, headers: Json, certificate: str, ending: str
) -> None:
    request = inbound(
        sni="bookstore-v1.bookstore.svc.cluster.local",
        client_certificate={"dns_sans": [f"{certificate}.cluster.local"], "trusted": True},
        host="bookstore.bookstore",
        path=path,
        headers=headers,
    )
    _, outcome = trace(read(shared, "osm-0.10-bookstore"), **request)
    assert outcome.filter_chain == "inbound-mesh-http-filter-chain:bookstore/bookstore-v1:14001"
    assert end(outcome) == ending
