"""A capture on disk: whole or not at all, private where it holds secrets, gone on with."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import msgspec
import pytest

from osmscope.errors import OsmscopeError, SourceError, UsageError
from osmscope.source.capture_store import Manifest, PodRecord, Store, folder_of


def record(name: str = "a", **fields: object) -> PodRecord:
    return msgspec.convert({"namespace": "n", "name": name, "identity": "1", **fields}, PodRecord)


def manifest(*pods: PodRecord, redacted: bool = True) -> Manifest:
    return Manifest(tool="osmscope", source="x", started_at="", redacted=redacted, pods=list(pods))


def save(store: Store, pod: PodRecord, text: bytes = b"{}") -> PodRecord:
    with store.pod(pod) as folder:
        (folder / "config_dump.json").write_bytes(text)
    return pod


def opened(target: Path, **options: bool) -> Store:
    store = Store(target, **options)
    store.open()
    return store


def test_an_archive_is_all_that_is_left(tmp_path: Path) -> None:
    store = opened(tmp_path / "x.zip")
    pod = save(store, record())
    store.write("services.json", [b"{", b"}"])
    store.finish(manifest(pod))
    assert os.listdir(tmp_path) == ["x.zip"]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            "manifest.json",
            "pods/n/a/capture.json",
            "pods/n/a/config_dump.json",
            "services.json",
        ]


def test_a_folder_is_all_that_is_left(tmp_path: Path) -> None:
    store = opened(tmp_path / "x")
    store.finish(manifest(save(store, record())))
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x/pods/n/a/config_dump.json").read_bytes() == b"{}"


@pytest.mark.parametrize("name", ["x", "x.zip"])
def test_what_is_there_is_replaced_only_by_force(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    store = opened(target)
    store.finish(manifest(save(store, record("old"))))
    with pytest.raises(UsageError, match="there already"):
        Store(target)
    store = opened(target, replaces=True)
    store.finish(manifest(save(store, record("new"))))
    assert os.listdir(tmp_path) == [name]
    names = zipfile.ZipFile(target).namelist() if name == "x.zip" else os.listdir(target / "pods/n")
    assert any("new" in each for each in names)
    assert not any("old" in each for each in names)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("x.tar.gz", UsageError, "no .gz file"),
        ("x.json", UsageError, "no .json file"),
        ("none/x.zip", SourceError, "no such folder"),
    ],
)
def test_where_a_capture_cannot_be_written(
    tmp_path: Path, name: str, error: type[OsmscopeError], text: str
) -> None:
    with pytest.raises(error, match=text):
        Store(tmp_path / name)


def test_a_pod_has_no_name_until_all_of_it_is_written(tmp_path: Path) -> None:
    store = opened(tmp_path / "x.zip")

    def half() -> None:
        with store.pod(record()) as folder:
            (folder / "config_dump.json").write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert list(store.work.rglob("config_dump.json")) == []
    assert store.taken(record()) is None


def test_what_an_interrupted_run_captured_is_taken(tmp_path: Path) -> None:
    save(opened(tmp_path / "x.zip"), record())
    again = opened(tmp_path / "x.zip")
    taken = again.taken(record())
    assert taken is not None
    assert taken.folder == "pods/n/a"
    assert again.taken(record(identity="another pod of this name")) is None
    assert again.taken(record(is_redacted=False)) is None
    assert again.taken(record("b")) is None
    save(again, record(errors={"stats": "timed out"}))
    assert again.taken(record()) is None


def test_a_damaged_record_is_not_taken(tmp_path: Path) -> None:
    store = opened(tmp_path / "x.zip")
    save(store, record())
    (store.work / "pods/n/a/capture.json").write_bytes(b"{")
    assert store.taken(record()) is None


def test_what_was_killed_in_the_middle_is_removed(tmp_path: Path) -> None:
    store = opened(tmp_path / "x.zip")
    half = store.work / "pods/n/.unfinished-a"
    half.mkdir(parents=True)
    (half / "config_dump.json").write_bytes(b"half")
    (store.work / ".unfinished-archive").write_bytes(b"half")
    opened(tmp_path / "x.zip")
    assert [path.name for path in store.work.rglob("*")] == ["pods", "n"]


def test_a_new_start_takes_nothing(tmp_path: Path) -> None:
    save(opened(tmp_path / "x.zip"), record())
    store = Store(tmp_path / "x.zip")
    store.open(restart=True)
    assert list(store.work.iterdir()) == []


def test_pods_of_an_earlier_run_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    save(opened(tmp_path / "x"), record("earlier"))
    store = opened(tmp_path / "x")
    store.finish(manifest(save(store, record())))
    assert os.listdir(tmp_path / "x/pods/n") == ["a"]


@pytest.mark.parametrize("redacted", [True, False])
def test_what_holds_secrets_is_for_its_owner_alone(tmp_path: Path, redacted: bool) -> None:
    store = opened(tmp_path / "x.zip")
    store.finish(manifest(save(store, record()), redacted=redacted))
    others = (tmp_path / "x.zip").stat().st_mode & 0o077
    assert bool(others) is redacted


@pytest.mark.parametrize(
    ("namespace", "name", "folder"),
    [
        ("n", "a", "pods/n/a"),
        ("..", "../../etc/passwd", "pods/unnamed/-..-etc-passwd"),
        ("n\0", "a b\n", "pods/n-/a-b-"),
        (".", "", "pods/unnamed/unnamed"),
        ("n", ".unfinished-a", "pods/n/unfinished-a"),
        ("n", "x" * 300, f"pods/n/{'x' * 200}"),
    ],
)
def test_names_stay_in_their_folder(namespace: str, name: str, folder: str) -> None:
    assert folder_of(namespace, name) == folder
