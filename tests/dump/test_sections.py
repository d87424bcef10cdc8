import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.dump.entries import FORMS, KINDS
from osmscope.dump.sections import Dump, State
from osmscope.errors import DumpError
from osmscope.source.files import read_bytes

ReadDump = Callable[..., Dump]

NAMES = st.sampled_from(["", "a", "b", "é", 'x"y', "a\x1b[31m", "[bold]"])
BODIES = st.fixed_dictionaries({}, optional={"name": NAMES, "v": st.integers(0, 3)})
ENTRIES = st.lists(st.builds(lambda body: {"cluster": body, "version_info": "1"}, BODIES))


def test_a_kind_that_was_not_supplied_is_not_absent(read_sections: ReadDump) -> None:
    dump = read_sections(ClustersConfigDump={})
    assert dump.has("cluster")
    assert not dump.has("endpoint")
    assert dump.entries("cluster") == dump.entries("endpoint") == ()


def test_a_section_of_unknown_type_is_a_gap(read_sections: ReadDump) -> None:
    dump = read_sections(NewConfigDump={"a": 1}, ClustersConfigDump={})
    assert dump.has("cluster")
    assert [(gap.path, gap.what) for gap in dump.gaps] == [
        (
            "configs[0]",
            "section of unknown type type.googleapis.com/envoy.admin.v3.NewConfigDump",
        )
    ]


def test_a_field_of_unknown_name_is_a_gap_once_the_section_is_read(
    read_sections: ReadDump,
) -> None:
    dump = read_sections(ClustersConfigDump={"dynamic_paused_clusters": []})
    assert dump.gaps == []
    dump.entries("cluster")
    assert [gap.path for gap in dump.gaps] == ["configs[0].dynamic_paused_clusters"]


def test_only_static_and_active_resources_with_a_name_serve(read_sections: ReadDump) -> None:
    dump = read_sections(
        ClustersConfigDump={
            "static_clusters": [{"cluster": {"name": "s"}}, {"cluster": {}}],
            "dynamic_active_clusters": [{"cluster": {"name": "a"}}],
            "dynamic_warming_clusters": [{"cluster": {"name": "w"}}, {"cluster": {"name": "a"}}],
        }
    )
    assert {name: entry.state for name, entry in dump.serving("cluster").items()} == {
        "s": State.STATIC,
        "a": State.ACTIVE,
    }
    assert [entry.state for entry in dump.find("cluster", "a")] == [State.ACTIVE, State.WARMING]
    assert dump.find("cluster", "none") == ()
    assert dump.serving("cluster") is dump.serving("cluster")
    assert dump.gaps == []


def test_a_name_that_occurs_twice_is_a_gap_naming_both(read_sections: ReadDump) -> None:
    dump = read_sections(
        ClustersConfigDump={
            "static_clusters": [{"cluster": {"name": "n", "type": "EDS"}}],
            "dynamic_active_clusters": [{"cluster": {"name": "n"}}],
        }
    )
    assert dump.serving("cluster")["n"].path == "dynamic_active_clusters[0]"
    (gap,) = dump.gaps
    assert gap.path == "dynamic_active_clusters[0]"
    assert "static_clusters[0]" in gap.what
    dump.serving("cluster")
    assert len(dump.gaps) == 1


def test_equal_entries_of_one_name_are_no_gap(read_sections: ReadDump) -> None:
    secret = {"name": "n", "secret": {"name": "n"}}
    dump = read_sections(SecretsConfigDump={"dynamic_active_secrets": [secret, secret]})
    assert list(dump.serving("secret")) == ["n"]
    assert dump.gaps == []


def test_clusters_that_share_a_service_name_have_endpoints_of_one_name(
    read_sections: ReadDump,
) -> None:
    endpoints = [{"endpoint_config": {"cluster_name": "s", "policy": {"v": n}}} for n in (1, 2)]
    dump = read_sections(EndpointsConfigDump={"dynamic_endpoint_configs": endpoints})
    assert len(dump.find("endpoint", "s")) == 2
    assert dump.serving("endpoint").keys() == {"s"}
    assert dump.gaps == []


def test_a_static_route_config_stands_for_its_name_only_if_rds_delivered_none(
    read_sections: ReadDump,
) -> None:
    static = [{"route_config": {"name": name, "v": 1}} for name in ("both", "local", "local", "")]
    dynamic = [{"route_config": {"name": name}} for name in ("both", "rds")]
    dump = read_sections(
        RoutesConfigDump={"static_route_configs": static, "dynamic_route_configs": dynamic}
    )
    assert len(dump.entries("route_config")) == 6
    serving = dump.serving("route_config")
    assert {name: entry.state for name, entry in serving.items()} == {
        "both": State.ACTIVE,
        "local": State.STATIC,
        "rds": State.ACTIVE,
    }
    assert dump.gaps == []


def test_two_dynamic_route_configs_of_one_name_are_a_gap(read_sections: ReadDump) -> None:
    dynamic = [{"route_config": {"name": "n", "v": value}} for value in (1, 2)]
    dump = read_sections(RoutesConfigDump={"dynamic_route_configs": dynamic})
    assert dump.serving("route_config")["n"].path == "dynamic_route_configs[1]"
    assert len(dump.gaps) == 1


def test_dynamic_route_configs_win_wherever_they_stand(read_sections: ReadDump) -> None:
    dump = read_sections(
        RoutesConfigDump={
            "dynamic_route_configs": [{"route_config": {"name": "n"}}],
            "static_route_configs": [{"route_config": {"name": "n", "v": 1}}],
        }
    )
    assert dump.serving("route_config")["n"].state is State.ACTIVE


def test_a_bootstrap_alone_tells_what_is_static() -> None:
    bootstrap = {"static_resources": {"clusters": [{"name": "c"}], "listeners": []}}
    dump = Dump.read(json.dumps(bootstrap).encode(), where="")
    (entry,) = dump.entries("cluster")
    assert (entry.name, entry.state) == ("c", State.STATIC)
    assert entry.path == "bootstrap.static_resources.clusters[0]"
    assert dump.has("cluster")
    assert dump.has("listener")
    assert not dump.has("route_config")


def test_a_bootstrap_with_cds_does_not_tell_all_clusters() -> None:
    bootstrap = {"static_resources": {}, "dynamic_resources": {"cds_config": {"ads": {}}}}
    dump = Dump.read(json.dumps(bootstrap).encode(), where="")
    assert not dump.has("cluster")
    assert dump.has("listener")


@pytest.mark.parametrize(
    ("bootstrap", "path"),
    [
        ({"static_resources": {"clusters": 3}}, "bootstrap.static_resources.clusters"),
        ({"static_resources": 3}, "bootstrap"),
    ],
)
def test_a_bootstrap_of_another_shape_is_a_gap(bootstrap: dict[str, object], path: str) -> None:
    dump = Dump.read(json.dumps({"bootstrap": bootstrap}).encode(), where="")
    assert dump.entries("cluster") == ()
    assert dump.gaps[0].path == path


def test_without_any_section_nothing_is_known(read_sections: ReadDump) -> None:
    dump = read_sections(NewConfigDump={})
    assert not dump.has("cluster")
    assert dump.entries("cluster") == dump.entries("endpoint") == ()


def test_a_field_of_the_bootstrap_section_that_is_not_known_is_a_gap(
    read_sections: ReadDump,
) -> None:
    dump = read_sections(BootstrapConfigDump={"bootstrap": {}, "new": 1})
    assert [gap.path for gap in dump.gaps] == ["configs[0].new"]
    assert dump.entries("cluster") == ()


def test_versions_and_times_are_told(read_sections: ReadDump) -> None:
    dump = read_sections(
        BootstrapConfigDump={"bootstrap": {"node": {"id": "i"}}, "last_updated": "t"},
        ClustersConfigDump={"version_info": "7"},
    )
    assert dump.last_updated == "t"
    assert dump.version_info("cluster") == "7"
    assert dump.version_info("listener") == ""
    assert dump.node().id == "i"
    assert dump.node() is dump.node()


def test_names_are_kept_as_they_are(read_sections: ReadDump) -> None:
    names = ["\x1b[31mred", "[bold]x[/bold]", "a\nb", "é"]
    clusters = [{"cluster": {"name": name}} for name in names]
    dump = read_sections(ClustersConfigDump={"static_clusters": clusters})
    assert list(dump.serving("cluster")) == names


def test_a_refusal_of_hostile_text_is_one_printable_line() -> None:
    data = json.dumps({"\x1b[31m": 1, "a\nb": 2}).encode()
    with pytest.raises(DumpError) as caught:
        Dump.read(data, where="f")
    assert str(caught.value).isprintable()


@given(static=ENTRIES, active=ENTRIES, warming=ENTRIES)
def test_the_index_is_what_a_scan_of_the_json_finds(
    static: list[dict[str, object]],
    active: list[dict[str, object]],
    warming: list[dict[str, object]],
) -> None:
    section = {
        "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
        "static_clusters": static,
        "dynamic_active_clusters": active,
        "dynamic_warming_clusters": warming,
    }
    data = json.dumps({"configs": [section]}).encode()
    dump = Dump.read(data, where="")
    assert_index_equals_scan(dump, json.loads(data))


def assert_index_equals_scan(dump: Dump, document: dict[str, object]) -> None:
    """Compare the lazy index with what a plain reading of the whole JSON finds."""
    configs = document["configs"]
    assert isinstance(configs, list)
    for kind in KINDS.values():
        scanned = [
            (_name(body), body)
            for section in configs
            for field, form in FORMS.items()
            if form.kind == kind
            for item in section.get(field, [])
            for body in _bodies(item, form.body)
        ]
        found = [entry for entry in dump.entries(kind) if entry.state is not State.ERROR]
        assert sorted(
            ((entry.name, json.loads(bytes(entry.body))) for entry in found), key=repr
        ) == sorted(scanned, key=repr)
        assert dump.serving(kind).keys() == {
            entry.name for entry in found if entry.state.serves and entry.name
        }


def _bodies(item: dict[str, dict[str, object]], field: str) -> list[dict[str, object]]:
    states = [item[state] for state in item if state.endswith("_state") and state != "error_state"]
    return [held[field] for held in (item, *states) if field in held]  # type: ignore[misc]


def _name(body: object) -> object:
    return body.get("name") or body.get("cluster_name", "") if isinstance(body, dict) else ""


def test_every_dump_of_other_meshes_is_read_without_gaps(shared: Path) -> None:
    files = sorted([*shared.glob("osm-dumps/*.json"), *shared.glob("other-dumps/*.json")])
    assert len(files) >= 8
    for file in files:
        data = file.read_bytes()
        dump = Dump.read(data, where=file.name)
        assert_index_equals_scan(dump, json.loads(data))
        assert dump.node().id, file.name
        assert dump.gaps == [], file.name


def test_every_case_of_ground_truth_is_read_without_gaps(shared: Path) -> None:
    files = sorted(shared.glob("truth/*.json.zst"))
    assert len(files) >= 100
    for file in files:
        data = read_bytes(str(file)).data
        dump = Dump.read(data, where=file.name)
        assert_index_equals_scan(dump, json.loads(data)["config_dump"])
        assert dump.clusters is not None
        assert dump.gaps == [], file.name


@pytest.mark.envoy
def test_a_real_envoy_shows_each_state_for_what_it_is(ask: Callable[[str], bytes]) -> None:
    dump = Dump.read(ask("/config_dump?include_eds"), where="live")
    assert [(entry.name, entry.state) for entry in dump.entries("listener")] == [
        ("good", State.ACTIVE),
        ("waits-for-rds", State.WARMING),
        ("rejected", State.ERROR),
        ("", State.ERROR),
    ]
    (rejected,) = dump.find("listener", "rejected")
    assert rejected.error is not None
    assert "same matching rules" in rejected.error.details
    assert json.loads(bytes(rejected.error.failed_configuration))["name"] == "rejected"
    assert [entry.state for entry in dump.find("cluster", "waits-for-eds")] == [State.WARMING]
    assert "waits-for-eds" not in dump.serving("cluster")
    assert dump.node().version == "1.40.0"
    assert dump.gaps == []


@pytest.mark.envoy
@pytest.mark.parametrize(
    ("query", "kind", "names"),
    [
        ("resource=dynamic_listeners", "listener", {"good"}),
        (
            "resource=dynamic_active_clusters",
            "cluster",
            {"plain", "none", "a::b", "a::b::hostname::c"},
        ),
        ("resource=static_route_configs", "route_config", {"inline"}),
        ("resource=static_endpoint_configs&include_eds", "endpoint", {"static"}),
        ("name_regex=plain", "cluster", {"plain"}),
        ("mask=bootstrap", "cluster", {"static"}),
    ],
)
def test_parts_of_a_dump_that_a_real_envoy_prints_are_read(
    ask: Callable[[str], bytes], query: str, kind: str, names: set[str]
) -> None:
    dump = Dump.read(ask(f"/config_dump?{query}"), where="live")
    assert dump.serving(kind).keys() == names
