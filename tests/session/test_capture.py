"""What is to be captured: of addresses and of snapshots; of clusters, see tests/cluster."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pytest

from osmscope.errors import OsmscopeError, SelectorError, UnreachableError, UsageError
from osmscope.session.capture import CaptureOptions, Plan, planned
from osmscope.session.sources import SourceOptions
from osmscope.source.capture_store import Store

BOOKSTORE = Path(__file__).parents[2] / "fixtures/bookstore"


def plan(*names: str, labels: str = "", **source: object) -> Plan:
    options = CaptureOptions(source=SourceOptions(**source), labels=labels)  # type: ignore[arg-type]
    with planned(names, options) as found:
        return found


def names_of(found: Plan) -> list[str]:
    return [subject.full_name for subject in found.subjects]


def test_a_snapshot_is_captured_whole() -> None:
    found = plan(from_=str(BOOKSTORE))
    assert len(found.subjects) == 7
    assert found.source == "bookstore"
    assert found.recorded_at
    assert (found.failed, found.notes) == ({}, [])


@pytest.mark.parametrize(
    ("names", "namespace", "expected"),
    [
        (("bookbuyer",), None, ["bookbuyer/bookbuyer-5ccf77f46d-rc5mg"]),
        ((), "bookthief", ["bookthief/bookthief-6bbd7f4d7b-2gnk8"]),
    ],
)
def test_pods_of_a_snapshot_are_captured(
    names: tuple[str, ...], namespace: str | None, expected: list[str]
) -> None:
    assert names_of(plan(*names, from_=str(BOOKSTORE), namespace=namespace)) == expected


def test_lists_of_a_snapshot_are_kept_where_they_can_be_read(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    shutil.copytree(BOOKSTORE, snapshot)
    (snapshot / "services.json").write_text("{")
    store = Store(tmp_path / "x.zip")
    store.open()
    counts, errors = plan(from_=str(snapshot)).lists(store, True)
    assert counts["pods.json"] == 7
    assert "services.json" not in counts
    assert list(errors) == ["services.json"]
    assert len(json.loads((store.work / "pods.json").read_bytes())["items"]) == 7


@pytest.mark.parametrize(
    ("file", "content", "left"),
    [
        ("config_dump.yaml", b"configs:\n- a: b\n", b'{"configs":[{"a":"b"}]}'),
        ("config_dump.json", b'I0101 log line\n{"configs":[]}\n', b'{"configs":[]}'),
        ("clusters.txt", b"a::b::c\n", b"a::b::c\n"),
    ],
)
def test_what_other_tools_wrote_is_brought_to_json(
    tmp_path: Path, file: str, content: bytes, left: bytes
) -> None:
    folder = tmp_path / "snapshot/pod-1"
    folder.mkdir(parents=True)
    (folder / "config_dump.json").write_bytes(b"{}")
    if file == "config_dump.yaml":
        (folder / "config_dump.json").unlink()
    (folder / file).write_bytes(content)
    (one,) = plan(from_=str(tmp_path / "snapshot")).subjects
    assert one.full_name == "default/pod-1"
    with one.opening() as ask:
        source = ask(file.partition(".")[0])
        assert source is not None
        assert source.data == left
        assert ask("certs") is None
        assert ask("stats") is None


def test_addresses_are_named_after_the_node_or_by_the_user(live_envoy: str) -> None:
    found = plan(live_envoy, f"shop/cart={live_envoy}", f"cart={live_envoy}")
    address = live_envoy.removeprefix("unix://").replace("/", "-")
    assert names_of(found) == [f"default/{address}", "shop/cart", "default/cart"]
    with found.subjects[0].opening() as ask:
        assert ask("stats")


def test_two_of_one_name_get_names_of_their_own(live_envoy: str) -> None:
    found = plan(*[f"n/cart={live_envoy}"] * 3)
    assert names_of(found) == ["n/cart", "n/cart-2", "n/cart-3"]


def test_an_address_where_nobody_is_is_told() -> None:
    found = plan("http://127.0.0.1:1", request_timeout=5.0)
    assert found.subjects == []
    assert isinstance(found.failed["http://127.0.0.1:1"], UnreachableError)


@pytest.mark.parametrize(
    ("names", "options", "error", "text"),
    [
        ((), {}, UsageError, "nothing is to be captured"),
        (("pod-1", "http://127.0.0.1:1"), {}, UsageError, "do not go together"),
        (("http://127.0.0.1:1",), {"from_": str(BOOKSTORE)}, UsageError, "do not go together"),
        ((), {"from_": str(BOOKSTORE), "labels": "a=b"}, UsageError, "no label selectors"),
        ((), {"from_": str(BOOKSTORE), "namespace": "none"}, SelectorError, "no pods fit"),
        (("none",), {"from_": str(BOOKSTORE)}, SelectorError, "no pod fits 'none'"),
    ],
)
def test_what_cannot_be_meant(
    names: tuple[str, ...], options: dict[str, str], error: type[OsmscopeError], text: str
) -> None:
    with pytest.raises(error, match=text):
        plan(*names, **options)


def test_a_plan_by_itself_has_nothing_to_write_or_check(tmp_path: Path) -> None:
    empty = Plan(source="x")
    store = Store(tmp_path / "x.zip")
    assert empty.lists(store, True) == ({}, {})
    with contextlib.nullcontext():
        empty.check()
