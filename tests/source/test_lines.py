"""Lines come as they are read, whatever the file is packed with and however long it is."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest
import zstandard

from osmscope.errors import SourceError
from osmscope.source import lines as module
from osmscope.source.lines import LONGEST_LINE, LineStream

TEXT = b"one\ntwo\n\nfour"
LINES = [b"one", b"two", b"", b"four"]


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        TEXT + b"\n",
        gzip.compress(TEXT),
        gzip.compress(b"one\nt") + gzip.compress(b"wo\n\nfour"),
        zstandard.compress(TEXT),
    ],
    ids=["plain", "ended", "gzip", "two-members", "zstd"],
)
def test_lines_of_a_file(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(packed)
    stream = LineStream(str(path))
    assert list(stream) == LINES
    assert stream.consumed == stream.size == len(packed)


def test_a_line_may_lie_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 5)
    path = tmp_path / "log"
    path.write_bytes(TEXT)
    assert list(LineStream(str(path))) == LINES


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * (LONGEST_LINE * 5) + b"\nlast")
    found = list(LineStream(str(path)))
    assert (len(found[0]), found[1]) == (LONGEST_LINE, b"last")


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    assert list(LineStream(str(path))) == []


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    stream = LineStream("-")
    assert list(stream) == LINES
    assert (stream.where, stream.size) == ("standard input", None)


@pytest.mark.parametrize(
    ("name", "said"),
    [(".", "a folder"), ("missing", "no such file"), ("a\0b", "not a path")],
)
def test_what_is_no_file(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        list(LineStream(f"{tmp_path}/{name}"))


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(TEXT * 100)[:-20])
    with pytest.raises(SourceError, match="cut off"):
        list(LineStream(str(path)))
