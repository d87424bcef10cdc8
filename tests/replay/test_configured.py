"""What a dump says of access logs and of who may come."""

from __future__ import annotations

import json

from osmscope.dump.sections import Dump
from osmscope.replay.configured import configured
from osmscope.resources.proxy import Proxy


def dump(*listeners: object) -> Proxy:
    section = {
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "dynamic_listeners": [
            {"name": str(index), "active_state": {"listener": {"name": str(index), **body}}}
            for index, body in enumerate(listeners)
        ],
    }
    return Proxy(Dump.read(json.dumps({"configs": [section]}).encode(), where="a dump"))


def test_formats_wherever_they_stand() -> None:
    found = configured(
        dump(
            {"access_log": [{"log_format": {"json_format": {"a": "%REQ(:METHOD)%", "b": "%A%"}}}]},
            {"access_log": [{"logFormat": {"jsonFormat": {"b": "%B%", "c": 1}}}]},
            {"x": {"text_format_source": {"inline_string": "%PROTOCOL%"}, "text_format": "%A%"}},
        )
    )
    assert found.json_keys == {("a",): "%REQ(:METHOD)%"}  # b means two things
    assert sorted(found.text_formats) == ["%A%", "%PROTOCOL%"]


def test_identities_and_headers_of_policies() -> None:
    names = [{"exact": "a"}, {"prefix": "spiffe://b"}, {"safe_regex": {"regex": ".*"}}, {}]
    policy = {
        "principals": [{"authenticated": {"principal_name": name}} for name in names],
        "permissions": [{"header": {"name": "X-Tenant", "string_match": {"exact": "t"}}}],
    }
    found = configured(dump({"rules": {"policies": {"p": policy}}}))
    assert sorted(found.identities) == ["a", "spiffe://b"]
    assert found.access_control_headers == {"x-tenant"}


def test_a_dump_that_says_nothing() -> None:
    found = configured(dump({}))
    assert (found.json_keys, found.text_formats, found.identities) == ({}, (), ())


def test_the_recorded_mesh(mesh) -> None:
    folder = mesh.folders[mesh.pod("bookstore-v1")]
    proxy = Proxy(Dump.read((folder / "config_dump.json").read_bytes(), where="a dump"))
    found = configured(proxy)
    assert found.json_keys["route",] == "%ROUTE_NAME%"
    assert ("logger",) not in found.json_keys  # another word in each of the three loggers
    assert "bookbuyer.bookbuyer.cluster.local" in found.identities
