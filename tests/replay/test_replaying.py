"""Nothing differs under the dump that was in force; what was changed in it differs, and no more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from osmscope.errors import SourceError

BOOKSTORE = Path(__file__).parents[2] / "fixtures" / "bookstore"
PODS = [pod["name"] for pod in json.loads((BOOKSTORE / "manifest.json").read_text())["pods"]]


@pytest.mark.parametrize("full", [False, True], ids=["osm-keys", "mesh-keys"])
@pytest.mark.parametrize("pod", PODS)
def test_under_the_same_dump_nothing_differs(mesh, pod: str, full: bool) -> None:
    lines = mesh.log(pod, full=full)
    tally = mesh.replay(pod, lines).tally
    assert lines
    assert [(one.was, one.now, count.examples) for one, count in tally.differences()] == []
    assert tally.lines == len(lines)
    assert tally.unreadable.count == 0
    assert tally.agree == len(lines) - tally.untold
    assert tally.untold <= sum(map(is_silent, map(json.loads, lines)))


def is_silent(line: dict[str, object]) -> bool:
    """Bytes that are not HTTP, and connections of which OSM's keys tell nothing."""
    nothing = not line["upstream_cluster"] and line["response_flags"] == "-"
    return line["response_flags"] == "DPE" or (nothing and line["response_code"] == 0)


def differences(replayed) -> dict[tuple[str, str, str], int]:
    return {(d.kind, d.was, d.now): n.count for d, n in replayed.tally.differences()}


def changed_table(text: str, change) -> str:
    """Change the route tables of a dump."""
    dump = json.loads(text)
    for section in dump["configs"]:
        for entry in section.get("dynamic_route_configs", ()):
            change(entry["route_config"])
    return json.dumps(dump)


@pytest.mark.parametrize("full", [False, True], ids=["osm-keys", "mesh-keys"])
def test_weights_set_to_100_and_0(mesh, full: bool) -> None:
    def to_v1(table: dict) -> None:
        for route in (route for host in table["virtual_hosts"] for route in host["routes"]):
            clusters = route["route"].get("weighted_clusters", {}).get("clusters", ())
            for cluster in clusters if len(clusters) > 1 else ():
                is_v1 = cluster["name"] == "bookstore/bookstore-v1|14001"
                cluster["weight"] = 100 if is_v1 else 0

    pod = mesh.pod("bookbuyer")
    lines = mesh.log(pod, full=full)
    sent_to_root = [
        line
        for line in map(json.loads, lines)
        if line["upstream_cluster"] == "bookstore/bookstore-v2|14001"
    ]
    replayed = mesh.replay(pod, lines, lambda text: changed_table(text, to_v1))
    direct = [line for line in sent_to_root if "bookstore-v2" in line["authority"]]
    assert differences(replayed) == {
        ("cluster", "bookstore/bookstore-v2|14001", "bookstore/bookstore-v1|14001"): len(
            sent_to_root
        )
        - len(direct)
    }


@pytest.mark.parametrize("full", [False, True], ids=["osm-keys", "mesh-keys"])
def test_a_removed_route(mesh, full: bool) -> None:
    def without_books_bought(table: dict) -> None:
        for host in table["virtual_hosts"]:
            host["routes"] = [
                route for route in host["routes"] if "/books-bought" not in json.dumps(route)
            ]

    pod = mesh.pod("bookstore-v1")
    lines = mesh.log(pod, full=full)
    gone = [
        line
        for line in map(json.loads, lines)
        if re.match("/books-bought([?]|$)", line["path"] or "")
        and str(line["upstream_cluster"]).endswith("|local")
    ]
    replayed = mesh.replay(pod, lines, lambda text: changed_table(text, without_books_bought))
    found = differences(replayed)
    assert {kind for kind, _, _ in found} == {"code"}
    assert {now for _, _, now in found} == {"404 NR route_not_found"}
    assert sum(found.values()) == len(gone) > 0


@pytest.mark.parametrize("full", [False, True], ids=["osm-keys", "mesh-keys"])
@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("bookbuyer", "bookstore/bookstore-v1|14001"),
        ("bookstore-v1", "bookstore/bookstore|14001|local"),
    ],
)
def test_a_renamed_cluster(mesh, start: str, name: str, full: bool) -> None:
    pod = mesh.pod(start)
    lines = mesh.log(pod, full=full)
    # Clusters are called by live statistics too: only the dump's own text is changed.
    replayed = mesh.replay(pod, lines, lambda text: text.replace(f'"{name}"', '"another"'))
    count = sum(json.loads(line)["upstream_cluster"] == name for line in lines)
    found = differences(replayed)
    assert sum(found.values()) == count > 0
    assert all("another" in now or now.startswith("503") for _, _, now in found)


def test_lines_that_cannot_be_read_are_counted_and_shown(mesh) -> None:
    pod = mesh.pod("bookbuyer")
    lines = mesh.log(pod)
    replayed = mesh.replay(pod, [b"[info] starting", *lines, b"", b'{"broken'])
    assert replayed.tally.unreadable.count == 2
    assert [one.line for one in replayed.tally.unreadable.examples] == [1, len(lines) + 3]
    assert replayed.tally.lines == len(lines) + 2
    assert replayed.format == "JSON"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "there is no line in it"),
        ([b"", b"  "], "there is no line in it"),
        ([b"hello", b"world"], "none of its first 2 lines is of a known format"),
    ],
)
def test_a_log_of_which_nothing_can_be_read_is_an_error(mesh, lines, said: str) -> None:
    with pytest.raises(SourceError, match=said) as raised:
        mesh.replay(mesh.pod("bookbuyer"), lines)
    assert "--format" in raised.value.hint
