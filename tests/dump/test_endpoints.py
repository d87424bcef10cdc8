import json
from collections.abc import Callable
from pathlib import Path

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.endpoints import assignments
from osmscope.dump.sections import Dump

ReadDump = Callable[..., Dump]


def endpoints(address: str, **fields: str) -> dict[str, object]:
    host = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 80}}}}
    return {"endpoint_config": {**fields, "endpoints": [{"lb_endpoints": [host]}]}}


def eds(name: str, **fields: object) -> dict[str, object]:
    return {"cluster": {"name": name, "type": "EDS", **fields}}


def sections(clusters: list[object], listed: list[object]) -> dict[str, dict[str, object]]:
    return {
        "ClustersConfigDump": {"dynamic_active_clusters": clusters},
        "EndpointsConfigDump": {"dynamic_endpoint_configs": listed},
    }


def live(**addresses: str) -> bytes:
    statuses = [
        {
            "name": name,
            "host_statuses": [
                {"address": {"socket_address": {"address": address, "port_value": 80}}}
            ],
        }
        for name, address in addresses.items()
    ]
    return json.dumps({"cluster_statuses": statuses}).encode()


def test_endpoints_are_found_by_their_name(read_sections: ReadDump) -> None:
    listed = [endpoints("1.1.1.1", cluster_name="s"), endpoints("1.1.1.2", cluster_name="s")]
    dump = read_sections(**sections([eds("a")], listed))
    assert {name: len(entries) for name, entries in assignments(dump).items()} == {"s": 2}


def test_a_nameless_list_belongs_to_the_one_cluster_without_one(read_sections: ReadDump) -> None:
    clusters = [eds("a"), eds("b"), eds("c", eds_cluster_config={"service_name": "s"})]
    listed = [endpoints("1.1.1.1", cluster_name="a"), endpoints("1.1.1.2")]
    dump = read_sections(**sections(clusters, listed))
    (entry,) = assignments(dump)["b"]
    assert entry.name == "b"
    assert dump.gaps == []


def test_several_nameless_lists_are_told_by_live_addresses(read_sections: ReadDump) -> None:
    listed = [endpoints("1.1.1.1"), endpoints("1.1.1.2")]
    dump = read_sections(**sections([eds("a"), eds("b")], listed))
    clusters = read_clusters(live(a="1.1.1.2", b="1.1.1.1"), where="live")
    found = assignments(dump, clusters)
    assert {name: entry.path for name, (entry,) in found.items()} == {
        "a": "dynamic_endpoint_configs[1]",
        "b": "dynamic_endpoint_configs[0]",
    }
    assert dump.gaps == []


@pytest.mark.parametrize("known", [None, live(a="1.1.1.1", b="1.1.1.1")])
def test_a_list_that_several_clusters_could_have_is_a_gap(
    read_sections: ReadDump, known: bytes | None
) -> None:
    listed = [endpoints("1.1.1.1"), endpoints("1.1.1.1")]
    dump = read_sections(**sections([eds("a"), eds("b")], listed))
    clusters = None if known is None else read_clusters(known, where="live")
    assert assignments(dump, clusters) == {}
    assert [gap.path for gap in dump.gaps] == [
        "dynamic_endpoint_configs[0]",
        "dynamic_endpoint_configs[1]",
    ]


def test_what_cannot_be_read_is_no_candidate(read_sections: ReadDump) -> None:
    dump = read_sections(**sections([{"cluster": {"name": "a", "type": 3}}], [endpoints("::1")]))
    assert assignments(dump) == {}
    assert {gap.path for gap in dump.gaps} == {
        "dynamic_active_clusters[0]",
        "dynamic_endpoint_configs[0]",
    }


def test_endpoints_that_cannot_be_read_have_no_addresses(read_sections: ReadDump) -> None:
    listed = [{"endpoint_config": {"endpoints": 3}}, {"endpoint_config": {}}]
    dump = read_sections(**sections([eds("a"), eds("b")], listed))
    clusters = read_clusters(live(a="1.1.1.1"), where="live")
    assert assignments(dump, clusters) == {}


def test_the_nameless_list_of_a_real_dump_of_envoy_1_18_is_assigned(shared: Path) -> None:
    file = shared / "osm-dumps" / "osm-0.10-bookstore.json"
    dump = Dump.read(file.read_bytes(), where=file.name)
    assert "bookwarehouse/bookwarehouse" in assignments(dump)
    assert dump.gaps == []


def test_rejected_endpoints_belong_to_nobody(read_sections: ReadDump) -> None:
    dump = read_sections(**sections([eds("a")], [{"error_state": {"details": "no"}}]))
    assert assignments(dump) == {}
    assert dump.gaps == []
