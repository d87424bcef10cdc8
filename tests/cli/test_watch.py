"""`osmscope trace --watch`, as a user sees it and ends it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from osmscope.cli.main import run

TARGET = "bookstore.bookstore:14001/books-bought"


@pytest.fixture
def folder(bookbuyer: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bookbuyer, tmp_path / "pod"))


def watching(folder: Path, *options: str) -> subprocess.Popen[str]:
    return watched("trace", str(folder), TARGET, *options)


def watched(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "osmscope", *arguments]
    return subprocess.Popen(
        [*command, "--watch", "0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(lines: IO[str] | None, text: str) -> list[str]:
    """Read lines up to one that holds a text."""
    assert lines is not None
    found: list[str] = []
    for line in lines:
        found.append(line)
        if text in line:
            return found
    raise AssertionError(f"{text!r} does not come: {found}")


@pytest.fixture
def interrupted() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are interrupted at the end, and end cleanly."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert errors.strip() == ""


def test_what_changes_is_printed_until_it_is_interrupted(
    folder: Path, interrupted: list[subprocess.Popen[str]]
) -> None:
    process = watching(folder)
    interrupted.append(process)
    first = until(process.stdout, "this one is named after it")
    assert first[0].startswith("✓ pod → GET bookstore.bookstore:14001/books-bought")
    path = folder / "config_dump.json"
    text = path.read_text()
    path.write_text(text.replace('"weight": 50', '"weight": 0', 1))
    changed = until(process.stdout, "bookstore-v2|14001: 50.0% → 100.0% of requests")
    assert "  ✓ reaches 2 endpoints" in changed[0]
    path.write_text("{")
    problem = until(process.stdout, "tried again until it answers")
    assert any("! " in line for line in problem)
    path.write_text(text)
    assert "back: reaches 3 endpoints" in until(process.stdout, "✓ back")[-1]


def test_programs_get_a_line_for_each_change(
    folder: Path, interrupted: list[subprocess.Popen[str]]
) -> None:
    process = watching(folder, "-o", "jsonl")
    interrupted.append(process)
    first = json.loads(until(process.stdout, "{")[0])
    assert first["schema"] == 1
    assert first["changes"] == []
    assert first["problem"] is None
    assert first["answer"]["outcomes"]
    (folder / "config_dump.json").write_text("{")
    cut = json.loads(until(process.stdout, "{")[0])
    assert cut["answer"] is None
    assert "config_dump.json" in cut["problem"]


def test_a_list_is_watched_row_by_row(
    folder: Path, interrupted: list[subprocess.Popen[str]]
) -> None:
    process = watched("get", "endpoints", str(folder), "bookstore/*")
    interrupted.append(process)
    until(process.stdout, "10.244.2.23:14001")
    path = folder / "clusters.json"
    text = path.read_text()
    path.write_text(text.replace("10.244.2.23", "10.244.2.99"))
    changed = until(process.stdout, "10.244.2.99:14001: new")
    assert "bookstore/bookstore-v2|14001@10.244.2.23:14001: gone" in "".join(changed)
    path.write_text("[")
    until(process.stdout, "tried again until it answers")
    path.write_text(text.replace("10.244.2.23", "10.244.2.99"))
    until(process.stdout, "back")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--watch", "1", "-o", "json"], "--watch does not go with -o json; give -o tree"),
        (["--watch", "0"], "Invalid value for '--watch'"),
        (["--watch", "1", "--requests", "x"], "--watch goes with one request"),
    ],
)
def test_a_form_that_cannot_be_watched_is_told(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", str(folder), TARGET, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_list_in_a_form_for_programs_cannot_be_watched(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["get", "clusters", str(folder), "-o", "json", "--watch"]) == 2
    assert "--watch does not go with -o json; give -o table or wide" in capsys.readouterr().err


def test_standard_input_cannot_be_watched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "config_dump.json").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert run(["get", "clusters", "-", "--watch", "1"]) == 2
    assert "standard input can be read once only" in capsys.readouterr().err
