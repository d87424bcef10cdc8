import gzip
import io
import sys
import zlib
from pathlib import Path

import pytest
import zstandard

from osmscope.errors import SourceError
from osmscope.source import files
from osmscope.source.files import read_bytes, unpacked

DATA = b'{"configs": []}' * 1000


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize(
    "packed",
    [
        DATA,
        gzip.compress(DATA),
        zstd(DATA),
        gzip.compress(DATA[:7]) + gzip.compress(DATA[7:]),
        zstd(DATA[:7]) + zstd(DATA[7:]),
        gzip.compress(DATA) + bytes(512),
        gzip.compress(zstd(DATA)),
    ],
    ids=["plain", "gzip", "zstd", "two members", "two frames", "padding", "twice"],
)
def test_what_a_file_is_packed_with_is_told_by_its_bytes(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(packed)
    source = read_bytes(str(path))
    assert source.data == DATA
    assert source.where == str(path)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress(DATA)))
    monkeypatch.setattr(sys, "stdin", stream)
    source = read_bytes("-")
    assert (source.data, source.where) == (DATA, "standard input")


def test_one_of_several_dumps_is_named_after_a_hash(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(DATA)
    source = read_bytes(f"{tmp_path}/a.json#ns/pod")
    assert (source.data, source.select) == (DATA, "ns/pod")
    (tmp_path / "a#b.json").write_bytes(b"x")
    assert read_bytes(f"{tmp_path}/a#b.json").select == ""


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert read_bytes(str(tmp_path / "empty")).data == b""


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (gzip.compress(DATA)[:-20], "damaged packed file: it is cut off"),
        (zstd(DATA)[:-5], "damaged packed file: it is cut off"),
        (gzip.compress(DATA)[:20] + bytes(100), "damaged packed file"),
        (zstd(DATA)[:20] + bytes(100), "damaged packed file"),
        (gzip.compress(DATA) + b"garbage", "damaged packed file"),
    ],
    ids=["gzip cut off", "zstd cut off", "gzip broken", "zstd broken", "garbage after gzip"],
)
def test_a_damaged_file_is_told(packed: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        unpacked(io.BytesIO(packed), where="f")
    assert caught.value.where == "f"
    assert caught.value.hint


@pytest.mark.parametrize(
    "bomb",
    [gzip.compress(bytes(64 << 20)), zstd(bytes(64 << 20)), zstd(gzip.compress(bytes(64 << 20)))],
    ids=["gzip", "zstd", "twice"],
)
def test_unpacking_stops_at_the_limit(bomb: bytes) -> None:
    with pytest.raises(SourceError, match=r"larger than 0.000977 GiB, unpacked"):
        unpacked(io.BytesIO(bomb), where="f", limit=1 << 20)


def test_a_bomb_is_not_unpacked_beyond_a_step() -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            chunk = super().read(size)
            self.taken += len(chunk)
            return chunk

    compressor = zlib.compressobj(wbits=31)
    bomb = Counting(b"".join(compressor.compress(bytes(1 << 24)) for _ in range(128)))
    with pytest.raises(SourceError):
        unpacked(bomb, where="f", limit=1 << 20)
    assert bomb.taken <= 1 << 20


@pytest.mark.parametrize("opening", [b"[", b'{"configs":[[', b'{"a":'])
def test_a_large_file_of_brackets_is_refused_by_its_head(opening: bytes, tmp_path: Path) -> None:
    path = tmp_path / "brackets.json"
    with path.open("wb") as stream:
        stream.write(opening * 100_000)
        stream.truncate(1 << 30)
    with pytest.raises(SourceError, match="nested deeper than 1000 levels"):
        read_bytes(str(path))


@pytest.mark.parametrize("text", [b"[]", b"[],", b"{}\n", b" "])
def test_a_large_file_of_flat_brackets_is_refused_by_its_head(text: bytes) -> None:
    with pytest.raises(SourceError, match="nothing but brackets"):
        unpacked(io.BytesIO(text * 100_000), where="f")


def test_brackets_within_text_are_no_nesting() -> None:
    data = b'["' + b"[{" * 5000 + b'\\"' + b"[" * 5000 + b'"]'
    assert unpacked(io.BytesIO(data), where="f") == data


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(files.MAXIMUM_SIZE + 1)
    with pytest.raises(SourceError, match="larger than 2 GiB"):
        read_bytes(str(path))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for location, message in (
        (str(tmp_path / "none"), "no such file"),
        (str(tmp_path), "this is a folder"),
        ("a\0b", "not a path"),
        (f"{tmp_path}/{'x' * 300}", "cannot be read"),
    ):
        with pytest.raises(SourceError, match=message) as caught:
            read_bytes(location)
        assert caught.value.hint
        assert str(caught.value).isprintable()
