import io
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard

from osmscope.errors import SourceError
from osmscope.source import tree
from osmscope.source.tree import open_tree

FILES = {"a.json": b"first", "sub/b.json": b"second"}


def tar_bytes(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def folder(path: Path) -> str:
    for name, data in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    (path / ".git").mkdir()
    (path / ".git" / "x.json").touch()
    (path / "link.json").symlink_to("/etc/passwd")
    return str(path)


def zipped(path: Path) -> str:
    with zipfile.ZipFile(path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("sub")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return str(path / "a.zip")


def tarred(path: Path) -> str:
    (path / "archive").write_bytes(tar_bytes({f"./{name}": data for name, data in FILES.items()}))
    return str(path / "archive")


def tarred_zstd(path: Path) -> str:
    packed = zstandard.ZstdCompressor().compress(tar_bytes(FILES, "w"))
    (path / "a.tar.zst").write_bytes(packed)
    return str(path / "a.tar.zst")


@pytest.mark.parametrize("make", [folder, zipped, tarred, tarred_zstd])
def test_a_folder_and_its_archives_are_alike(make: object, tmp_path: Path) -> None:
    assert callable(make)
    opened = open_tree(make(tmp_path))
    assert opened.names == ("a.json", "sub/b.json")
    for name in reversed(opened.names):
        source = opened.read(name)
        assert source.data == FILES[name]
        assert source.where.endswith(name)


def test_a_single_file_is_a_tree_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x")
    opened = open_tree(str(tmp_path / "a.json"))
    assert opened.names == ("a.json",)
    assert opened.read("a.json").data == b"x"


@pytest.mark.parametrize("make", [folder, zipped, tarred])
def test_trees_without_end_are_refused(
    make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make)
    location = make(tmp_path)
    monkeypatch.setattr(tree, "MAXIMUM_MEMBERS", 1)
    with pytest.raises(SourceError, match="more than 1 files"):
        open_tree(location)


def test_a_member_may_be_as_large_as_any_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("osmscope.source.tree.MAXIMUM_TOTAL", 4)
    with pytest.raises(SourceError, match="files or"):
        open_tree(tarred(tmp_path))


def test_a_zip_that_lost_its_end_is_damaged(tmp_path: Path) -> None:
    path = Path(zipped(tmp_path))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SourceError, match="not a zip file") as caught:
        open_tree(str(path))
    assert caught.value.hint == "check that it is complete"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar.gz", b"not an archive"),
        ("a.tar.gz", tar_bytes({"a.json": b"x" * 100_000})[:80]),
        ("a.zip", b"PK\x03\x04"),
    ],
    ids=["no archive", "cut short", "a zip that ends after its start"],
)
def test_a_damaged_archive_is_told(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError) as caught:
        open_tree(str(tmp_path / name)).read("a.json")
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_member_that_is_damaged_is_told(name: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.json", data)
    else:
        path.write_bytes(tar_bytes({"a.json": data}))
    opened = open_tree(str(path))
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(SourceError, match="cannot be read"):
        opened.read("a.json")


def test_what_does_not_exist_is_told() -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        open_tree("/does/not/exist")


def test_members_of_a_tar_are_read_by_several_at_once(tmp_path: Path) -> None:
    texts = {f"{number}.json": f"{number} " * 50_000 for number in range(16)}
    folder = tmp_path / "x"
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as packed:
        packed.add(folder, arcname="x")
    opened = open_tree(str(tmp_path / "x.tar.gz"))
    with ThreadPoolExecutor(8) as pool:
        read = dict(zip(texts, pool.map(lambda name: opened.read(f"x/{name}"), texts), strict=True))
    assert {name: source.data.decode() for name, source in read.items()} == texts
