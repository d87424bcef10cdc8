import json

import msgspec
import pytest

from osmscope.dump.entries import FORMS, KINDS, Entry, read_entries
from osmscope.dump.gaps import Gap
from osmscope.dump.states import State


def read(field: str, value: object) -> tuple[list[Entry], list[Gap]]:
    gaps: list[Gap] = []
    raw = msgspec.Raw(json.dumps(value).encode())
    return list(read_entries(field, raw, gaps)), gaps


@pytest.mark.parametrize(
    ("field", "entry", "kind", "name", "state"),
    [
        ("static_listeners", {"listener": {"name": "n"}}, "listener", "n", State.STATIC),
        ("static_clusters", {"cluster": {"name": "n"}}, "cluster", "n", State.STATIC),
        ("dynamic_active_clusters", {"cluster": {"name": "n"}}, "cluster", "n", State.ACTIVE),
        ("dynamic_warming_clusters", {"cluster": {"name": "n"}}, "cluster", "n", State.WARMING),
        ("static_route_configs", {"route_config": {}}, "route_config", "", State.STATIC),
        (
            "dynamic_route_configs",
            {"route_config": {"name": "n"}},
            "route_config",
            "n",
            State.ACTIVE,
        ),
        (
            "dynamic_endpoint_configs",
            {"endpoint_config": {"cluster_name": "n"}},
            "endpoint",
            "n",
            State.ACTIVE,
        ),
        (
            "dynamic_scoped_route_configs",
            {"name": "n", "scoped_route_configs": [{}]},
            "scoped_routes",
            "n",
            State.ACTIVE,
        ),
        (
            "dynamic_warming_secrets",
            {"name": "n", "secret": {"name": "n"}},
            "secret",
            "n",
            State.WARMING,
        ),
        ("ecds_filters", {"ecds_filter": {"name": "n"}}, "ecds_filter", "n", State.ACTIVE),
    ],
)
def test_a_field_tells_kind_and_state(
    field: str, entry: object, kind: str, name: str, state: State
) -> None:
    (found,), gaps = read(field, [entry])
    assert (found.kind, found.name, found.state) == (kind, name, state)
    assert found.path == f"{field}[0]"
    assert gaps == []


def test_every_kind_has_a_section_and_every_section_a_field() -> None:
    assert {form.kind for form in FORMS.values()} == set(KINDS.values())


def test_a_listener_has_an_entry_for_each_of_its_states() -> None:
    listener = {
        "name": "n",
        "active_state": {"version_info": "1", "listener": {"v": 1}, "last_updated": "t1"},
        "warming_state": {"version_info": "2", "listener": {"v": 2}},
        "draining_state": {"version_info": "0", "listener": {"v": 0}},
        "error_state": {"details": "no", "version_info": "3", "last_update_attempt": "t3"},
        "client_status": "NACKED",
    }
    entries, gaps = read("dynamic_listeners", [listener])
    assert [(entry.state, entry.version_info, entry.path) for entry in entries] == [
        (State.ACTIVE, "1", "dynamic_listeners[0].active_state"),
        (State.WARMING, "2", "dynamic_listeners[0].warming_state"),
        (State.DRAINING, "0", "dynamic_listeners[0].draining_state"),
        (State.ERROR, "3", "dynamic_listeners[0].error_state"),
    ]
    assert {entry.name for entry in entries} == {"n"}
    assert {entry.client_status for entry in entries} == {"NACKED"}
    assert all(entry.error is not None and entry.error.details == "no" for entry in entries)
    assert bytes(entries[0].body) == b'{"v": 1}'
    assert entries[0].last_updated == "t1"
    assert bytes(entries[-1].body) == b""
    assert gaps == []


def test_a_rejected_update_without_a_name_is_an_entry_of_its_own() -> None:
    (entry,), gaps = read("dynamic_listeners", [{"error_state": {"details": "no"}}])
    assert (entry.name, entry.state, bytes(entry.body)) == ("", State.ERROR, b"")
    assert gaps == []


def test_a_rejected_update_stands_next_to_the_active_resource() -> None:
    cluster = {"cluster": {"name": "n"}, "error_state": {"details": "no"}}
    entries, _ = read("dynamic_active_clusters", [cluster])
    assert [(entry.name, entry.state) for entry in entries] == [
        ("n", State.ACTIVE),
        ("n", State.ERROR),
    ]


@pytest.mark.parametrize(
    ("field", "value", "names", "gaps"),
    [
        ("static_clusters", None, [], []),
        ("static_clusters", {}, [], [("static_clusters", "not a list")]),
        ("static_clusters", [3], [], [("static_clusters[0]", "not an object")]),
        ("static_clusters", [{}], [], [("static_clusters[0]", "an entry without cluster")]),
        (
            "static_clusters",
            [{"cluster": {"name": "a"}, "new": 1}, {"cluster": {"name": "b"}}],
            ["a", "b"],
            [("static_clusters[0].new", "a field that is not known")],
        ),
        (
            "static_clusters",
            [{"cluster": {"name": "a"}, "last_updated": None, "version_info": 7}],
            ["a"],
            [("static_clusters[0].version_info", "not of the expected type")],
        ),
        (
            "static_clusters",
            [{"cluster": {"name": 7}}],
            [""],
            [("static_clusters[0]", "without a readable name")],
        ),
        (
            "dynamic_listeners",
            [{"name": "a", "active_state": {"listener": {}, "new": 1}, "warming_state": 3}],
            ["a"],
            [
                ("dynamic_listeners[0].active_state.new", "a field that is not known"),
                ("dynamic_listeners[0].warming_state", "not an object"),
            ],
        ),
    ],
)
def test_what_is_not_understood_is_a_gap_and_the_rest_is_read(
    field: str, value: object, names: list[str], gaps: list[tuple[str, str]]
) -> None:
    entries, found = read(field, value)
    assert [entry.name for entry in entries] == names
    assert [gap.path for gap in found] == [path for path, _ in gaps]
    for gap, (_, what) in zip(found, gaps, strict=True):
        assert what in gap.what


def test_entries_of_another_place_are_told_by_that_place() -> None:
    gaps: list[Gap] = []
    raw = msgspec.Raw(b'[{"cluster": {}}]')
    (entry,) = read_entries("static_clusters", raw, gaps, path="bootstrap.clusters")
    assert entry.path == "bootstrap.clusters[0]"
