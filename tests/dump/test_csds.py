import json

import pytest

from osmscope.dump.csds import sections_of_client_config
from osmscope.dump.gaps import Gap
from osmscope.dump.sections import Dump, State
from osmscope.errors import DumpError

CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"


def client(*configs: object) -> dict[str, object]:
    return {"node": {"id": "i"}, "generic_xds_configs": list(configs)}


def read(document: object) -> Dump:
    return Dump.read(json.dumps(document).encode(), where="csds.json")


def test_resources_are_sorted_into_states() -> None:
    dump = read(
        client(
            {
                "type_url": CLUSTER,
                "name": "a",
                "version_info": "3",
                "xds_config": {"@type": CLUSTER, "name": "a"},
                "client_status": "ACKED",
            },
            {
                "type_url": CLUSTER,
                "name": "s",
                "xds_config": {"name": "s"},
                "is_static_resource": True,
            },
            {
                "type_url": LISTENER,
                "name": "l",
                "xds_config": {"name": "l"},
                "error_state": {"details": "no"},
            },
            {"type_url": LISTENER, "name": "x", "client_status": "REQUESTED"},
            {"type_url": "type.googleapis.com/new.Thing", "name": "t"},
        )
    )
    found = [(entry.name, entry.state) for entry in dump.entries("cluster")]
    assert sorted(found) == [("a", State.ACTIVE), ("s", State.STATIC)]
    (active,) = dump.find("cluster", "a")
    assert (active.version_info, active.client_status) == ("3", "ACKED")
    assert [entry.state for entry in dump.find("listener", "l")] == [State.ACTIVE, State.ERROR]
    assert dump.node().id == "i"
    assert [gap.what for gap in dump.gaps] == [
        "resource of unknown type type.googleapis.com/new.Thing",
        "an entry without listener",
    ]


def test_the_older_form_holds_sections() -> None:
    fields = {"static_clusters": [{"cluster": {"name": "c"}}]}
    dump = read({"xds_config": [{"status": "SYNCED", "cluster_config": fields}]})
    assert [entry.name for entry in dump.entries("cluster")] == ["c"]


def test_an_answer_about_one_client_is_read() -> None:
    config = client({"type_url": CLUSTER, "name": "c", "xds_config": {"name": "c"}})
    assert list(read({"config": [config]}).serving("cluster")) == ["c"]


def test_nonsense_is_refused() -> None:
    gaps: list[Gap] = []
    with pytest.raises(DumpError, match="Expected array"):
        sections_of_client_config(b'{"generic_xds_configs": 3}', where="", gaps=gaps)


def test_a_resource_that_is_only_requested_has_no_entry() -> None:
    dump = read(client({"type_url": CLUSTER, "name": "c", "client_status": "REQUESTED"}))
    assert dump.entries("cluster") == ()
    assert dump.has("cluster")
    assert [gap.what for gap in dump.gaps] == ["an entry without cluster"]


def test_other_fields_of_a_section_are_left_out() -> None:
    fields = {"version_info": "1", "static_clusters": []}
    assert read({"xds_config": [{"cluster_config": fields}]}).entries("cluster") == ()
