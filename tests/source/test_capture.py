"""Capturing sidecars: what is saved of each, what may fail, and that it can be stopped."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from osmscope.errors import OsmscopeError, RefusedError, SourceError, UnreachableError
from osmscope.source.capture import (
    PARTS,
    Ask,
    Outcome,
    StoppedError,
    Subject,
    asking,
    capture_all,
    now,
)
from osmscope.source.capture_store import PodRecord, Store
from osmscope.source.files import Source

ANSWERS: Mapping[str, bytes] = {
    "config_dump": b'{"configs":[{"private_key":{"inline_string":"abc"}}]}',
    "clusters": b'{"cluster_statuses":[]}',
    "listeners": b"{}",
    "server_info": b'{"version":"abc/1.31.2/Clean/RELEASE/BoringSSL"}',
    "certs": b"{}",
    "stats": b"cluster.a.upstream_cx_total: 1\n",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "x.zip")
    made.open()
    return made


def subject(
    name: str = "a", answer: Callable[[str], Source | None] | None = None, **changed: object
) -> Subject:
    """A sidecar that answers, but for what is changed: bytes, an error, or nothing."""

    def answered(what: str) -> Source | None:
        found = {**ANSWERS, **changed}[what]
        if isinstance(found, Exception):
            raise found
        return None if found is None else Source(found, what)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def opening() -> Iterator[Ask]:
        yield answer or answered

    return Subject(namespace="n", name=name, identity="1", opening=opening)


def captured(store: Store, *subjects: Subject, **options: object) -> list[Outcome]:
    return list(capture_all(subjects, store, **options))  # type: ignore[arg-type]


def record_of(store: Store, one: Subject, **options: object) -> PodRecord:
    (outcome,) = captured(store, one, **options)
    assert outcome.error is None
    assert outcome.record is not None
    return outcome.record


def test_all_parts_are_saved_without_secrets(store: Store) -> None:
    record = record_of(store, subject())
    folder = store.work / record.folder
    names = {*(f"{what}.json" for what in PARTS if what != "stats"), "stats.txt"}
    assert set(record.files) == names
    assert set(os.listdir(folder)) == {*names, "capture.json"}
    assert record.envoy == "1.31.2"
    assert (record.redacted, record.errors) == (1, {})
    assert b"abc" not in (folder / "config_dump.json").read_bytes()
    assert record.files["stats.txt"] == len(ANSWERS["stats"])
    assert record.started_at <= record.finished_at <= now()


def test_secrets_are_saved_where_that_is_wanted(store: Store) -> None:
    record = record_of(store, subject(), redacts=False)
    for name, what in (("config_dump.json", "config_dump"), ("stats.txt", "stats")):
        assert (store.work / record.folder / name).read_bytes() == ANSWERS[what]
    assert not record.is_redacted


def test_a_text_loses_its_credentials_too(store: Store) -> None:
    record = record_of(store, subject(clusters=b"a::Bearer 0123456789::\xff"))
    text = (store.work / record.folder / "clusters.txt").read_text()
    assert text == "a::Bearer [redacted]::�"


@pytest.mark.parametrize("what", ["listeners", "server_info", "certs", "stats"])
def test_what_an_envoy_does_not_tell_is_named(store: Store, what: str) -> None:
    error = UnreachableError("no answer", where="here")
    record = record_of(store, subject(**{what: error}))
    assert record.errors == {what: "no answer (here)"}
    assert len(record.files) == len(PARTS) - 1


def test_an_envoy_that_refuses_the_clusters_is_captured_without(store: Store) -> None:
    record = record_of(store, subject(clusters=RefusedError("HTTP 404")))
    assert record.errors == {"clusters": "HTTP 404"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"config_dump": UnreachableError("gone")}, "gone"),
        ({"config_dump": RefusedError("HTTP 404")}, "HTTP 404"),
        ({"config_dump": None}, "the pod has no config dump"),
        ({"config_dump": b'{"a":'}, "no JSON to redact"),
        ({"clusters": UnreachableError("gone")}, "gone"),
    ],
)
def test_a_sidecar_without_its_dump_is_not_captured(
    store: Store, changed: dict[str, object], reason: str
) -> None:
    (outcome,) = captured(store, subject(**changed))
    assert outcome.record is None
    assert reason in str(outcome.error)
    assert list(store.work.rglob("*.json")) == []


def test_a_part_that_a_snapshot_lacks_is_no_error(store: Store) -> None:
    record = record_of(store, subject(certs=None, stats=None))
    assert record.errors == {}
    assert "certs.json" not in record.files


@pytest.mark.parametrize("info", [b"{}", b'{"version":1}', b'{"version":"1.2"}', b"none"])
def test_a_server_info_that_tells_no_version(store: Store, info: bytes) -> None:
    assert record_of(store, subject(server_info=info)).envoy == ""


def test_what_was_captured_before_is_not_asked_for_again(store: Store) -> None:
    first = record_of(store, subject())
    (outcome,) = captured(store, subject(config_dump=UnreachableError("asked again")))
    assert outcome.is_old
    assert outcome.record == first


def test_no_more_are_asked_at_once_than_there_are_jobs(store: Store) -> None:
    lock, active, most = threading.Lock(), [0], [0]

    def slow(what: str) -> Source:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
        time.sleep(0.01)
        with lock:
            active[0] -= 1
        return Source(ANSWERS[what], what)

    outcomes = captured(store, *(subject(f"a{n}", slow) for n in range(12)), jobs=3)
    assert len(outcomes) == 12
    assert 1 < most[0] <= 3


def test_an_error_that_nobody_foresaw_is_raised(store: Store) -> None:
    with pytest.raises(OSError, match="disk full"):
        captured(store, subject(stats=OSError("disk full")))


def test_whoever_stops_leaves_only_what_is_whole(store: Store) -> None:
    asked = threading.Event()

    def hanging(what: str) -> Source:
        asked.set()
        time.sleep(0.3)
        return Source(ANSWERS[what], what)

    outcomes = capture_all([subject("a"), *(subject(f"b{n}", hanging) for n in range(9))], store)
    next(outcomes)
    assert asked.wait(5)
    outcomes.close()  # type: ignore[attr-defined]
    assert os.listdir(store.work / "pods/n") == ["a"]
    assert issubclass(StoppedError, Exception)


def test_a_sidecar_is_asked_at_its_admin_interface(live_envoy: str, store: Store) -> None:
    one = Subject(namespace="n", name="live", opening=lambda: asking(live_envoy, deadline=20))
    record = record_of(store, one)
    assert record.envoy == "1.40.0"
    assert record.errors == {}
    dump = json.loads((store.work / record.folder / "config_dump.json").read_bytes())
    assert any("EndpointsConfigDump" in each["@type"] for each in dump["configs"])


@pytest.mark.parametrize(
    ("address", "error"),
    [("http://127.0.0.1:1", UnreachableError), ("http://", SourceError)],
)
def test_an_address_where_nobody_is(store: Store, address: str, error: type[OsmscopeError]) -> None:
    one = Subject(namespace="n", name="a", opening=lambda: asking(address, deadline=5))
    (outcome,) = captured(store, one)
    assert isinstance(outcome.error, error)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"), ("", None), (None, "now")],
)
def test_a_record_says_how_old_its_data_is(
    store: Store, said: str | None, expected: str | None
) -> None:
    """What is captured of an older capture stays as old as it is."""
    wanted = msgspec.structs.replace(subject(), recorded_at=said)
    (outcome,) = capture_all([wanted], store, jobs=1)
    assert outcome.record is not None
    assert store.taken(outcome.record) is not None
    written = json.loads((store.work / outcome.record.folder / "capture.json").read_text())
    if expected == "now":
        expected = outcome.record.started_at
    assert written.get("recorded_at") == expected
