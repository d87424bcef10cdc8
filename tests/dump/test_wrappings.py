import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from osmscope.dump.sections import Dump
from osmscope.errors import DumpError, SelectorError
from tests.dump_spelling import camel_case_dump

ADMIN = "type.googleapis.com/envoy.admin.v3."
CLUSTER = {"name": "c", "connect_timeout": "1s"}
CLUSTERS = {"dynamic_active_clusters": [{"cluster": CLUSTER}]}
SECTION = {"@type": ADMIN + "ClustersConfigDump", **CLUSTERS}
WHOLE = {"configs": [SECTION]}


def read(document: object, select: str = "") -> Dump:
    return Dump.read(json.dumps(document).encode(), where="f.json", select=select)


@pytest.mark.parametrize(
    "document",
    [
        WHOLE,
        SECTION,
        CLUSTERS,
        [SECTION],
        [CLUSTERS],
        {"config_dump": WHOLE},
        {"xds": {"ns/gateway": WHOLE}},
        {"ns": {"pod": WHOLE}},
        {"ns": {"other": {}, "pod": WHOLE}, "kind": "x"},
        {"configs": [{"cluster": CLUSTER, "@type": ADMIN + "ClustersConfigDump.DynamicCluster"}]},
        [CLUSTER],
        CLUSTER,
        [{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "c"}],
        {"version_info": "1", "resources": [CLUSTER]},
        {"config": [{"xds_config": [{"cluster_config": CLUSTERS}]}]},
    ],
    ids=lambda document: json.dumps(document)[:60],
)
def test_a_dump_is_found_in_what_tools_wrap_around_it(document: object) -> None:
    assert list(read(document).serving("cluster")) == ["c"]


@pytest.mark.parametrize(
    ("document", "kind", "name"),
    [
        ([{"name": "r", "virtual_hosts": []}, {"name": "empty"}], "route_config", "empty"),
        ({"name": "r", "virtual_hosts": []}, "route_config", "r"),
        ([{"name": "l", "filter_chains": []}], "listener", "l"),
        ([{"cluster_name": "e", "endpoints": []}], "endpoint", "e"),
        ([{"name": "s", "tls_certificate": {}}], "secret", "s"),
        ([{"name": "x", "route_configuration_name": "r"}], "scoped_routes", ""),
    ],
)
def test_bare_resources_are_told_by_their_fields(document: object, kind: str, name: str) -> None:
    dump = read(document)
    assert name in [entry.name for entry in dump.entries(kind)]
    assert "without their states" in dump.gaps[0].what


def test_a_bare_bootstrap_is_read() -> None:
    dump = read({"node": {"id": "i"}, "static_resources": {}})
    assert dump.bootstrap is not None
    assert dump.node().id == "i"
    assert read({"bootstrap": {"node": {"id": "j"}}}).node().id == "j"


def test_a_case_with_both_answers_gives_both() -> None:
    dump = read({"config_dump": WHOLE, "clusters": {"cluster_statuses": []}})
    assert dump.clusters is not None
    assert bytes(dump.clusters) == b'{"cluster_statuses": []}'


def test_entries_that_do_not_tell_active_from_warming_are_a_gap() -> None:
    entry = {"@type": ADMIN + "ClustersConfigDump.DynamicCluster", "cluster": CLUSTER}
    assert [gap.what for gap in read({"configs": [entry, entry]}).gaps] == [
        "entries that do not tell active from warming: taken as active"
    ]


def test_the_type_need_not_stand_first() -> None:
    assert list(read({"configs": [{**CLUSTERS, "@type": SECTION["@type"]}]}).serving("cluster"))


def test_what_stands_next_to_the_sections_is_a_gap() -> None:
    dump = read({"configs": [SECTION, 3, {"a": 1}], "warning": "x"})
    assert [(gap.path, gap.what.split(":")[0]) for gap in dump.gaps] == [
        ("configs[1]", "not an object"),
        ("configs[2]", "section without a type"),
        ("warning", "a field next to configs that is not known"),
    ]


@pytest.mark.parametrize("select", ["ns/b", "b"])
def test_one_of_several_dumps_is_selected(select: str) -> None:
    other = {"configs": [{"@type": ADMIN + "ListenersConfigDump"}]}
    dump = read({"ns": {"a": other, "b": WHOLE}}, select)
    assert dump.has("cluster")


@pytest.mark.parametrize(
    ("select", "message"),
    [("", "holds several dumps"), ("x", "fits 0 of the dumps"), ("p", "fits 2 of the dumps")],
)
def test_several_dumps_are_an_error_that_lists_them(select: str, message: str) -> None:
    with pytest.raises(SelectorError, match=message) as caught:
        read({"n": {"p": WHOLE}, "m": {"p": WHOLE}}, select)
    assert "m/p, n/p" in caught.value.hint


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "an empty object"),
        ([], "a JSON list without any"),
        ([3], "a JSON list, but not of"),
        ([{}], "a JSON list without any"),
        ({"a": 1, "b": {}}, "its keys are a, b"),
        ({"workloads": [], "services": [], "policies": []}, "ztunnel"),
        ({"cluster_statuses": []}, "/clusters"),
        ([{"name": "c", "host_statuses": []}], "/clusters"),
        (
            {"kind": "Status", "message": "pods \u001b[31m not found"},
            "Kubernetes: pods .* not found",
        ),
        ({"a": {"b": {"c": {"d": WHOLE}}}}, "its keys are a"),
        ({"configs": 3}, "Expected array, got int"),
        ({"configs": {}}, "Expected array, got object"),
        ({"config_dump": 3}, "Expected object, got int"),
    ],
)
def test_what_is_no_dump_is_named(document: object, message: str) -> None:
    with pytest.raises(DumpError, match=message) as caught:
        read(document)
    assert caught.value.where == "f.json"
    assert caught.value.hint
    assert str(caught.value).isprintable()


def test_a_list_of_small_change_is_refused_before_it_is_read() -> None:
    with pytest.raises(DumpError, match="a JSON list, but not of"):
        Dump.read(b"[" + b"[]," * 1_000_000 + b"[]]", where="f")


@pytest.mark.parametrize("cut", [1, 100, 5000, 20_000])
def test_a_dump_that_is_cut_off_says_where(bookbuyer: Path, cut: int) -> None:
    data = (bookbuyer / "config_dump.json").read_bytes()[:cut]
    with pytest.raises(DumpError, match=f"cut off: it ends at byte {cut}"):
        Dump.read(data, where="f")


@pytest.mark.parametrize("spell", [camel_case_dump, None], ids=["camelCase", "YAML"])
def test_other_spellings_of_a_real_dump_say_the_same(
    bookbuyer: Path, spell: Callable[[object], object] | None
) -> None:
    data = (bookbuyer / "config_dump.json").read_bytes()
    document = json.loads(data)
    foreign = json.dumps(spell(document)) if spell else yaml.safe_dump(document, sort_keys=False)
    original, converted = Dump.read(data, where="a"), Dump.read(foreign.encode(), where="b")
    for kind in ("listener", "cluster", "route_config", "endpoint", "secret"):
        expected, found = original.entries(kind), converted.entries(kind)
        assert [(entry.name, entry.state, json.loads(bytes(entry.body))) for entry in found] == [
            (entry.name, entry.state, json.loads(bytes(entry.body))) for entry in expected
        ]
    assert converted.node().id == original.node().id
    assert converted.gaps == []
