"""Two recordings are the same if they differ in nothing but times, keys, ids, ports and lots."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.mesh.demo import BOOKSTORE
from tests.mesh.normalise import differences, normalised

RECORDED = Path(__file__).parents[2] / "fixtures" / "bookstore"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(RECORDED, tmp_path / "copy")
    return tmp_path / "copy"


def dump(folder: Path, content: object) -> Path:
    path = folder / "config_dump.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"last_updated": "2026-01-01T00:00:00Z"}, {"last_updated": "2026-02-02T00:00:00Z"}),
        ({"inline_bytes": "QQ=="}, {"inline_bytes": "Qg=="}),
        (
            {"serial_number": "1", "expiration_time": "a"},
            {"serial_number": "2", "expiration_time": "b"},
        ),
        ({"downstream_remote": "10.0.0.1:1"}, {"downstream_remote": "10.0.0.1:2"}),
        ({"dynamic_listeners": [{"a": 1}, {"b": 2}]}, {"dynamic_listeners": [{"b": 2}, {"a": 1}]}),
        ({"received": ["date: Mon\r\n"]}, {"received": ["date: Tue\r\n"]}),
    ],
    ids=["time", "certificate", "serial number", "port", "order", "date line"],
)
def test_what_a_run_draws_is_normalised(tmp_path: Path, first: object, second: object) -> None:
    assert normalised(dump(tmp_path, first)) == normalised(dump(tmp_path, second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "a"}, {"name": "b"}),
        ({"filter_chains": [1, 2]}, {"filter_chains": [2, 1]}),
        ({"inline_bytes": "W3JlZGFjdGVkXQ=="}, {"inline_bytes": "c2VjcmV0"}),
        ({"downstream_remote": "10.0.0.1:1"}, {"downstream_remote": "10.0.0.2:1"}),
    ],
    ids=["name", "order that counts", "a key no longer redacted", "address"],
)
def test_what_is_configured_is_kept(tmp_path: Path, first: object, second: object) -> None:
    assert normalised(dump(tmp_path, first)) != normalised(dump(tmp_path, second))


def test_a_recording_does_not_differ_from_itself(copy: Path) -> None:
    assert list(differences(RECORDED, copy)) == []


def rewrite_request(folder: Path, index: int, *replacements: tuple[str, str]) -> None:
    path = folder / "requests.jsonl"
    lines = path.read_text().splitlines()
    for old, new in replacements:
        lines[index] = lines[index].replace(old, new)
    path.write_text("\n".join(lines) + "\n")


def test_another_backend_of_the_split_is_the_same(copy: Path) -> None:
    answered = json.loads((copy / "requests.jsonl").read_text().splitlines()[0])["server"]["pod"]
    source = BOOKSTORE.pod(answered.partition("/")[2])
    other = BOOKSTORE.pod("bookstore-v2" if source.workload == "bookstore-v1" else "bookstore-v1")
    rewrite_request(
        copy, 0, (source.name, other.name), (source.ip, other.ip), (source.workload, other.workload)
    )
    assert (copy / "requests.jsonl").read_text() != (RECORDED / "requests.jsonl").read_text()
    assert list(differences(RECORDED, copy)) == []


def test_another_answer_is_a_difference(copy: Path) -> None:
    rewrite_request(copy, 0, ('"code": 200', '"code": 503'))
    found = list(differences(RECORDED, copy))
    assert "requests.jsonl[0].answer.code: 200 is now 503" in found


def test_only_the_counts_of_shares_are_lots(copy: Path) -> None:
    path = copy / "shares.json"
    shares = json.loads(path.read_text())
    clusters = dict.fromkeys(shares["clusters"], 1)
    path.write_text(json.dumps({**shares, "clusters": clusters}))
    assert list(differences(RECORDED, copy)) == []
    path.write_text(json.dumps({**shares, "clusters": {"another": 200}}))
    assert len(list(differences(RECORDED, copy))) == 1


def test_a_file_of_one_recording_alone_is_a_difference(copy: Path) -> None:
    (copy / "tcp-routes.json").unlink()
    assert list(differences(RECORDED, copy)) == [f"tcp-routes.json: only in {RECORDED}"]
