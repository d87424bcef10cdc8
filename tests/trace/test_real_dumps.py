"""Dumps that OSM's maintainers, Istio's and Kuma's took of their sidecars load, list and trace.

The pair `osm-1.1-curl` → `osm-1.1-httpbin-1` and `-2` is a client and the two replicas of a server.
"""

from __future__ import annotations

import copy
import functools
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from osmscope.cli.get import TABLES
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import decode
from osmscope.resources.transport_socket import Secret
from osmscope.rules.hosts import Host
from osmscope.rules.transport_socket import transport_socket_of, upstream_tls
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.request import CertificateFacts, TraceRequest
from osmscope.trace.tracer import Tracer

Json = dict[str, Any]

ROWS = {
    "osm-0.9-bookbuyer": (1, 1, 1, 2, 1, 2),
    "osm-0.10-bookstore": (6, 6, 10, 7, 7, 3),
    "osm-1.1-curl": (1, 1, 1, 2, 1, 2),
    "osm-1.1-curl-egress": (1, 3, 2, 4, 2, 4),
    "osm-1.1-httpbin-1": (2, 2, 2, 3, 2, 3),
    "osm-1.1-httpbin-2": (2, 2, 2, 3, 2, 3),
    "istio-waypoint": (2, 5, 1, 3, 2, 2),
    "kuma-sidecar": (2, 2, 0, 5, 4, 1),
}
"""Dump → how many listeners, chains, routes, clusters, endpoints and secrets are listed."""

BUYER = {"user-agent": "Go-http-client/1.1", "client-app": "bookbuyer"}
MESH_NAME = "httpbin.httpbin.svc.cluster.local"
UNKNOWN_ENDPOINTS = (
    'the endpoints of cluster "{}" (the dump was taken without include_eds,'
    " and /clusters was not given) is not known"
)


@pytest.fixture
def dump_of(shared: Path) -> Callable[[str], Json]:
    """Read a real dump by name; the caller may change what it gets."""
    return lambda name: copy.deepcopy(_content(shared, name))


@functools.cache
def _content(shared: Path, name: str) -> Json:
    (path,) = shared.glob(f"*-dumps/{name}.json")
    content: Json = json.loads(path.read_bytes())
    return content


def proxy_of(dump: Json) -> Proxy:
    return Proxy(Dump.read(json.dumps(dump).encode(), where="dump"))


def trace(dump: Json, **facts: object) -> tuple[Answer, OutcomeAnswer]:
    """Trace a request that has one outcome, completed as the command line does."""
    proxy = proxy_of(dump)
    request, _ = Completion(Destinations(proxy)).complete(msgspec.convert(facts, TraceRequest))
    answer, explanation = Tracer(proxy).explain(request)
    assert explanation.steps
    (outcome,) = answer.outcomes
    return answer, outcome


def end(outcome: OutcomeAnswer) -> str:
    """Say in a word or two how a request ends."""
    if outcome.response is None:
        addresses = [endpoint.address for endpoint in outcome.endpoints]
        return " ".join([outcome.verdict, *addresses])
    return f"{outcome.response.code} {outcome.response.details}"


def test_no_dump_is_left_out(shared: Path) -> None:
    assert {path.stem for path in shared.glob("*-dumps/*.json")} == set(ROWS)


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_everything_is_listed(
    dump_of: Callable[[str], Json], name: str, rows: tuple[int, ...]
) -> None:
    proxy = proxy_of(dump_of(name))
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
    dump_of: Callable[[str], Json],
    name: str,
    facts: Json,
    path: tuple[str | None, ...],
    ending: str,
) -> None:
    _, outcome = trace(dump_of(name), **facts)
    found = outcome.filter_chain, outcome.route_config, outcome.virtual_host, outcome.cluster
    assert (found, end(outcome)) == (path, ending)


def test_a_name_of_egress_is_what_dns_makes_of_it(dump_of: Callable[[str], Json]) -> None:
    facts = {"host": "httpbin.org", "dst_ip": "3.4.5.6", "dst_port": 80}
    answer, _ = trace(dump_of("osm-1.1-curl-egress"), **facts)
    assert "httpbin.org resolves to one address" in answer.assumptions


@pytest.mark.parametrize(
    "facts", [{}, {"listener": "main_internal"}], ids=["by direction", "by name"]
)
def test_internal_listeners_are_named_as_not_modelled(
    dump_of: Callable[[str], Json], facts: Json
) -> None:
    destination = {"direction": "inbound", "dst_ip": "10.96.1.1", "dst_port": 8000}
    answer, outcome = trace(dump_of("istio-waypoint"), host="httpbin", **destination, **facts)
    assert (outcome.verdict, answer.exact) == ("unknown", False)
    words = 'what reaches the internal listener "main_internal" (these are not modelled)'
    assert answer.assumptions == (f"{words} is not known",)


def test_the_client_of_the_pair(dump_of: Callable[[str], Json]) -> None:
    dump = dump_of("osm-1.1-curl")
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


def test_the_client_s_tls(dump_of: Callable[[str], Json]) -> None:
    proxy = proxy_of(dump_of("osm-1.1-curl"))
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


def inbound(**changes: object) -> Json:
    """The request of the pair's client, as it arrives at the server."""
    certificate = CertificateFacts(dns_sans=("curl.curl.cluster.local",), trusted=True)
    return {
        "direction": "inbound",
        "dst_ip": "10.244.0.9",
        "dst_port": 14001,
        "sni": MESH_NAME,
        "alpn": ("osm",),
        "client_certificate": msgspec.to_builtins(certificate),
        "protocol": "h2",
        "host": "httpbin.httpbin:14001",
        **changes,
    }


@pytest.mark.parametrize("name", ["osm-1.1-httpbin-1", "osm-1.1-httpbin-2"])
def test_both_servers_of_the_pair(dump_of: Callable[[str], Json], name: str) -> None:
    _, outcome = trace(dump_of(name), **inbound())
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
def test_requests_that_differ_from_the_pair_s(
    dump_of: Callable[[str], Json], changes: Json, ending: str
) -> None:
    _, outcome = trace(dump_of("osm-1.1-httpbin-1"), **inbound(**changes))
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
    dump_of: Callable[[str], Json], change: Callable[[Json], None], ending: str
) -> None:
    dump = dump_of("osm-1.1-httpbin-1")
    change(dump)
    _, outcome = trace(dump, **inbound())
    assert end(outcome) == ending


def test_a_wider_egress_chain_does_not_take_what_the_mesh_serves(
    dump_of: Callable[[str], Json],
) -> None:
    dump = dump_of("osm-1.1-curl")
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
    dump_of: Callable[[str], Json], path: str, headers: Json, certificate: str, ending: str
) -> None:
    request = inbound(
        sni="bookstore-v1.bookstore.svc.cluster.local",
        client_certificate={"dns_sans": [f"{certificate}.cluster.local"], "trusted": True},
        host="bookstore.bookstore",
        path=path,
        headers=headers,
    )
    _, outcome = trace(dump_of("osm-0.10-bookstore"), **request)
    assert outcome.filter_chain == "inbound-mesh-http-filter-chain:bookstore/bookstore-v1:14001"
    assert end(outcome) == ending
