import json
from collections.abc import Callable
from pathlib import Path

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.errors import DumpError
from osmscope.source.files import read_bytes
from tests.live_envoy import AWKWARD

STATUS = {"name": "c", "host_statuses": [{"weight": 2}]}
ANSWER = {"cluster_statuses": [STATUS]}


@pytest.mark.parametrize(
    "document",
    [ANSWER, [STATUS], {"clusters": ANSWER, "config_dump": {}}, {**ANSWER, "x": 1}],
)
def test_clusters_are_found_in_what_tools_wrap_around_them(document: object) -> None:
    clusters = read_clusters(json.dumps(document).encode(), where="f")
    assert list(clusters) == ["c"]
    assert len(clusters) == 1
    assert "c" in clusters
    assert clusters["c"].hosts[0].weight == 2
    assert clusters.get("none") is None
    assert clusters.gaps == []


def test_camel_case_is_read() -> None:
    document = {"clusterStatuses": [{"name": "c", "addedViaApi": True}]}
    assert read_clusters(json.dumps(document).encode(), where="f")["c"].added_via_api


def test_no_clusters_are_no_error() -> None:
    assert len(read_clusters(b"{}", where="f")) == 0


@pytest.mark.parametrize(
    ("statuses", "what"),
    [([STATUS, {"name": "c"}], "occurs twice"), ([STATUS, 3], "not a cluster status")],
)
def test_what_cannot_be_indexed_is_a_gap(statuses: list[object], what: str) -> None:
    clusters = read_clusters(json.dumps({"cluster_statuses": statuses}).encode(), where="f")
    assert list(clusters) == ["c"]
    assert clusters.gaps[0].path == "cluster_statuses[1]"
    assert what in clusters.gaps[0].what


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<html>", "HTML"),
        (b"words::without::meaning", "not an answer of /clusters"),
        (b"words", "starts with 'words'"),
        (b'{"configs": []}', "this is a config dump"),
        (b'{"a": 1}', "JSON, but not"),
        (b'[{"a": 1}]', "a JSON list, but not"),
        (b'{"cluster_statuses": [', "cut off"),
        (b'{"cluster_statuses": 3}', "Expected array"),
        (b"a::b::\xff", "not UTF-8"),
    ],
)
def test_nonsense_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DumpError, match=message) as caught:
        read_clusters(data, where="f")
    assert caught.value.where == "f"
    assert caught.value.hint


def test_real_answers_are_read_without_gaps(bookbuyer: Path, shared: Path) -> None:
    for file in [bookbuyer / "clusters.json", *sorted(shared.glob("truth/*.json.zst"))]:
        data = read_bytes(str(file)).data
        document = json.loads(data)
        clusters = read_clusters(data, where=file.name)
        statuses = document.get("clusters", document).get("cluster_statuses", [])
        assert [
            (name, len(status.hosts), status.added_via_api) for name, status in clusters.items()
        ] == [
            (
                status["name"],
                len(status.get("host_statuses", [])),
                status.get("added_via_api", False),
            )
            for status in statuses
        ]
        assert clusters.gaps == [], file.name


@pytest.mark.envoy
def test_both_forms_of_a_real_envoy_say_the_same(ask: Callable[[str], bytes]) -> None:
    of_json = read_clusters(ask("/clusters?format=json"), where="json")
    of_text = read_clusters(ask("/clusters"), where="text")
    assert dict(of_text) == dict(of_json)
    assert [host.address for host in of_text[AWKWARD].hosts] == [
        "[::1]:80",
        "/tmp/a::b",
        "127.0.0.2:81",
    ]
    assert [host.flags for host in of_text[AWKWARD].hosts] == [
        {"eds_status_draining"},
        {"degraded_eds_health"},
        {"failed_eds_health"},
    ]
    assert of_text.gaps == of_json.gaps == []
