"""What a sidecar is configured with follows from the policies; nothing here needs root."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.mesh import osm09, osm12, resources
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.demo import BOOKSTORE, SMALL_BOOKSTORE
from tests.mesh.kubernetes import manifests
from tests.mesh.names import file_name
from tests.mesh.resources import Resource, SidecarResources
from tests.mesh.running import why_not_here
from tests.mesh.topology import Mesh

AUTHORITY = CertificateAuthority()
BUILDERS = {"1.2": osm12.sidecar, "0.9": osm09.sidecar}
EVERY_POD = [(mesh, pod.name) for mesh in (BOOKSTORE, SMALL_BOOKSTORE) for pod in mesh.pods]


def configured(mesh: Mesh, workload: str) -> SidecarResources:
    return BUILDERS[mesh.release](mesh, mesh.pod(workload), AUTHORITY)


def names_of(items: list[Resource]) -> list[object]:
    return [item["name"] for item in items]


def virtual_hosts(config: Resource) -> dict[str, list[str]]:
    """The domains of each virtual host."""
    hosts = json.loads(json.dumps(config["virtual_hosts"]))
    return {host["name"]: host["domains"] for host in hosts}


def chains(found: SidecarResources, listener: str) -> list[object]:
    return [
        chain["name"]
        for item in json.loads(json.dumps(found.listeners))
        if item["name"] == listener
        for chain in item["filter_chains"]
    ]


def values_of(key: str, value: object) -> Iterator[object]:
    """Every value of ``key``, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key:
                yield item
            yield from values_of(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from values_of(key, item)


@pytest.mark.parametrize(
    ("workload", "outbound", "inbound"),
    [
        (
            "bookbuyer",
            [
                "outbound_bookbuyer/bookbuyer_14001_http",
                "outbound_bookstore/bookstore_14001_http",
                "outbound_bookstore/bookstore-v1_14001_http",
                "outbound_bookstore/bookstore-v2_14001_http",
            ],
            ["inbound_bookbuyer/bookbuyer_14001_http"],
        ),
        (
            "bookthief",
            [
                "outbound_bookstore/bookstore_14001_http",
                "outbound_bookstore/bookstore-v1_14001_http",
                "outbound_bookstore/bookstore-v2_14001_http",
                "outbound_bookwarehouse/mysql_3306_tcp-server-first",
            ],
            [],
        ),
        (
            "bookstore-v1",
            ["outbound_bookwarehouse/bookwarehouse_14001_http"],
            ["inbound_bookstore/bookstore-v1_14001_http"],
        ),
        ("mysql", [], ["inbound_bookwarehouse/mysql_3306_tcp-server-first"]),
    ],
)
def test_osm_12_has_a_chain_for_each_service_and_none_for_the_root_on_the_server(
    workload: str, outbound: list[str], inbound: list[str]
) -> None:
    found = configured(BOOKSTORE, workload)
    assert chains(found, "outbound-listener") == outbound
    assert chains(found, "inbound-listener") == inbound


@pytest.mark.parametrize(
    ("workload", "listeners"),
    [
        ("bookbuyer", ["outbound-listener", "inbound-listener"]),
        ("bookthief", ["outbound-listener"]),
        (
            "bookstore-v1",
            ["outbound-listener", "inbound-listener", "inbound-prometheus-listener"],
        ),
        ("mysql", ["outbound-listener", "inbound-listener"]),
    ],
)
def test_osm_12_has_an_outbound_listener_even_without_targets_because_of_egress(
    workload: str, listeners: list[str]
) -> None:
    assert names_of(configured(BOOKSTORE, workload).listeners) == listeners


@pytest.mark.parametrize(
    ("workload", "listeners"),
    [
        ("bookbuyer", ["outbound-listener"]),
        ("bookstore-v1", ["outbound-listener", "inbound-listener"]),
        ("mysql", ["inbound-listener"]),
    ],
)
def test_osm_09_has_an_outbound_listener_only_for_somebody_to_call(
    workload: str, listeners: list[str]
) -> None:
    assert names_of(configured(SMALL_BOOKSTORE, workload).listeners) == listeners


def test_osm_09_speaks_the_dialect_of_osm_s_guide() -> None:
    found = configured(SMALL_BOOKSTORE, "bookstore-v2")
    chain = "outbound-mesh-http-filter-chain:bookwarehouse/bookwarehouse"
    assert chains(found, "outbound-listener") == [chain]
    assert names_of(found.route_configurations) == ["rds-outbound", "rds-inbound"]
    assert names_of(found.clusters) == [
        "bookwarehouse/bookwarehouse",
        "bookstore/bookstore-v2-local",
    ]
    hosts = [list(virtual_hosts(config)) for config in found.route_configurations]
    assert hosts == [
        ["outbound_virtual-host|bookwarehouse.bookwarehouse"],
        [
            "inbound_virtual-host|bookstore.bookstore",
            "inbound_virtual-host|bookstore-v2.bookstore",
        ],
    ]


def test_osm_09_names_the_node_on_the_command_line_only() -> None:
    found = configured(SMALL_BOOKSTORE, "bookbuyer")
    node = found.arguments[found.arguments.index("--service-node") + 1]
    assert "node" not in found.bootstrap
    assert node.split("/")[1:4] == ["bookbuyer", "10.244.0.11", "bookbuyer"]


def test_the_bare_name_is_a_domain_only_where_it_resolves() -> None:
    own, other = BOOKSTORE.service("bookbuyer/bookbuyer"), BOOKSTORE.service("bookstore/bookstore")
    config = configured(BOOKSTORE, "bookbuyer").route_configurations[0]
    domains = virtual_hosts(config)
    assert domains[f"outbound_virtual-host|{own.host_name}"][:2] == ["bookbuyer", "bookbuyer:14001"]
    assert len(domains[f"outbound_virtual-host|{own.host_name}"]) == 10
    assert len(domains[f"outbound_virtual-host|{other.host_name}"]) == 8


@pytest.mark.parametrize(("mesh", "pod"), EVERY_POD)
def test_what_a_sidecar_refers_to_it_is_given(mesh: Mesh, pod: str) -> None:
    found = configured(mesh, pod)
    given = {resources.source_path("rds", str(item["name"])) for item in found.route_configurations}
    given |= {resources.source_path("sds", str(item["name"])) for item in found.secrets}
    given |= {
        resources.source_path("eds", str(item["cluster_name"])) for item in found.load_assignments
    }
    sources = list(values_of("path_config_source", [found.listeners, found.clusters]))
    assert sources
    assert set(values_of("path", sources)) <= given


@pytest.mark.parametrize(("mesh", "pod"), EVERY_POD)
def test_routes_lead_to_clusters_that_exist_but_for_the_deleted_target(
    mesh: Mesh, pod: str
) -> None:
    found = configured(mesh, pod)
    known = set(names_of(found.clusters))
    routed = {
        name
        for clusters in values_of("clusters", found.route_configurations)
        for name in values_of("name", clusters)
    }
    is_late = mesh is SMALL_BOOKSTORE and pod.startswith("bookthief")
    assert routed - known == ({"bookstore/bookstore-v2"} if is_late else set())


def test_a_deleted_target_is_known_to_the_client_and_to_no_server() -> None:
    thief = BOOKSTORE.pod("bookthief").principal
    assert chains(configured(BOOKSTORE, "bookthief"), "outbound-listener")
    for workload in ("bookstore-v1", "bookstore-v2", "mysql"):
        assert thief not in json.dumps(configured(BOOKSTORE, workload).listeners)


def test_a_route_is_open_to_the_sources_of_every_target_that_names_it() -> None:
    pod = BOOKSTORE.pod("bookstore-v1")
    sources = {match.name: who for match, who in BOOKSTORE.sources_by_match(pod).items()}
    assert sources == {
        "buy-a-book": ["bookbuyer/bookbuyer"],
        "books-bought": ["bookbuyer/bookbuyer"],
        "update-books-bought": ["bookwarehouse/bookwarehouse"],
    }


def test_a_client_s_endpoints_are_those_it_may_call() -> None:
    service = SMALL_BOOKSTORE.service("bookstore/bookstore")
    thief, buyer = SMALL_BOOKSTORE.pod("bookthief"), SMALL_BOOKSTORE.pod("bookbuyer")
    assert [pod.workload for pod in SMALL_BOOKSTORE.endpoints_for(thief, service)] == [
        "bookstore-v1"
    ]
    assert len(SMALL_BOOKSTORE.endpoints_for(buyer, service)) == 2


@pytest.mark.parametrize("mesh", [BOOKSTORE, SMALL_BOOKSTORE])
def test_names_and_addresses_are_unique(mesh: Mesh) -> None:
    addresses = [pod.ip for pod in mesh.pods] + [service.cluster_ip for service in mesh.services]
    assert len(set(addresses)) == len(addresses)
    assert len({pod.proxy_uuid for pod in mesh.pods}) == len(mesh.pods)


def test_manifests_are_lists_as_kubernetes_gives_them() -> None:
    found = manifests(BOOKSTORE)
    assert {(item["kind"], item["apiVersion"]) for item in found.values()} == {("List", "v1")}
    pods = json.loads(json.dumps(found["pods.json"]["items"]))
    assert [pod["status"]["podIP"] for pod in pods] == [pod.ip for pod in BOOKSTORE.pods]


def test_a_resource_name_becomes_a_file_name() -> None:
    assert file_name("service-cert:a/b-1.2") == "service-cert_a_b-1.2"


def test_the_reason_not_to_run_here_is_a_sentence() -> None:
    assert why_not_here() is None or str(why_not_here()).startswith("needs ")
