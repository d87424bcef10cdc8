from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from osmscope.errors import SelectorError, SourceError, UnreachableError, UsageError
from osmscope.session.sources import SourceOptions, dump_source, read_sidecar


def _read(source=None, **options):
    return read_sidecar(source, SourceOptions(**options))


@pytest.mark.parametrize(
    ("name", "pod"),
    [
        ("bookbuyer", "bookbuyer"),
        ("bookbuyer/bookbuyer", "bookbuyer"),
        ("bookbuyer-5ccf77f46d-rc5mg", "bookbuyer"),
        ("bookstore-v2", "bookstore-v2"),
    ],
)
def test_a_pod_is_found_by_its_names(bookstore, name, pod):
    sidecar = _read(name, from_=str(bookstore))
    assert sidecar.name == pod
    assert sidecar.services.named("bookstore")
    assert sidecar.proxy.clusters is not None


def test_replicas_are_one_and_the_choice_is_told(bookstore):
    assert "stands for 2 replicas of bookstore-v2" in _read(
        "bookstore-v2", from_=str(bookstore)
    ).notes[0]  # fmt: skip


def test_a_file_a_folder_and_an_option_are_the_same_sidecar(bookbuyer):
    dump, clusters = bookbuyer / "config_dump.json", bookbuyer / "clusters.json"
    for sidecar in (
        _read(str(dump), clusters=str(clusters)),
        _read(str(bookbuyer)),
        _read(dump=str(dump), clusters=str(clusters)),
    ):
        assert sidecar.name == bookbuyer.name
        assert sidecar.namespace == "bookbuyer"
        assert sidecar.proxy.clusters is not None
        assert "outbound-listener" in {listener.name for listener in sidecar.proxy.listeners}


def test_without_clusters_there_are_none(bookbuyer):
    assert _read(str(bookbuyer / "config_dump.json")).proxy.clusters is None


def test_a_packed_dump_and_an_archive_are_read(bookbuyer, bookstore, tmp_path):
    packed = tmp_path / "config_dump.json.gz"
    packed.write_bytes(gzip.compress((bookbuyer / "config_dump.json").read_bytes()))
    archive = tmp_path / "mesh.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(bookstore, "mesh")
    in_archive = _read("bookbuyer", from_=str(archive))
    for sidecar in (_read(str(packed)), _read(str(tmp_path)), in_archive):
        assert sidecar.namespace == "bookbuyer"


def test_standard_input_is_a_dump(bookbuyer, monkeypatch):
    stream = io.BytesIO((bookbuyer / "config_dump.json").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert _read("-").name == "standard input"


def test_a_pipe_of_the_shell_is_a_dump(bookbuyer):
    reader, writer = os.pipe()
    data = (bookbuyer / "config_dump.json").read_bytes()

    def write():
        with open(writer, "wb") as stream:
            stream.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert _read(f"/dev/fd/{reader}").proxy.listeners
    finally:
        thread.join()
        os.close(reader)


def test_a_folder_with_one_sidecar_needs_no_name(bookbuyer, tmp_path):
    shutil.copytree(bookbuyer, tmp_path / "pods/bookbuyer/bookbuyer-1")
    assert _read(from_=str(tmp_path)).name == "bookbuyer"
    assert _read(str(tmp_path)).name == "bookbuyer"


@pytest.mark.parametrize(
    ("source", "options", "error", "words"),
    [
        (None, {}, UsageError, "SOURCE is missing"),
        ("nobody", {}, UsageError, "no file, no folder"),
        ("localhost:15000", {}, UsageError, "did you mean http://localhost:15000"),
        ("a", {"dump": "b"}, UsageError, "takes the place of SOURCE"),
        (None, {"dump": "b", "from_": "c"}, UsageError, "takes the place of SOURCE"),
        (None, {"dump": "/no/such"}, SourceError, "no such file"),
        (None, {"dump": "-", "clusters": "-"}, UsageError, "cannot be both"),
        ("http://127.0.0.1:9", {}, UnreachableError, "cannot be reached"),
    ],
)
def test_what_names_no_source_is_an_error(source, options, error, words):
    with pytest.raises(error, match=words):
        _read(source, **options)


@pytest.mark.parametrize(
    ("method", "source", "options"),
    [
        ("exists", "a/config_dump.json", {}),
        ("is_dir", None, {"from_": "a"}),
    ],
)
def test_a_folder_that_nobody_may_read_is_named(monkeypatch, method, source, options):
    def denied(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, method, denied)
    with pytest.raises(SourceError, match="cannot be read: Permission denied") as caught:
        _read(source, **options)
    assert caught.value.hint == "check its permissions"


def test_several_sidecars_need_a_name(bookstore):
    with pytest.raises(UsageError, match="7 sidecars"):
        _read(from_=str(bookstore))
    with pytest.raises(SelectorError, match="no pod fits"):
        _read("nobody", from_=str(bookstore))


def test_the_bytes_of_a_dump_are_those_of_its_file(bookbuyer, bookstore):
    expected = json.loads((bookbuyer / "config_dump.json").read_bytes())
    for source, options in (
        (str(bookbuyer), SourceOptions()),
        ("bookbuyer", SourceOptions(from_=str(bookstore))),
        (None, SourceOptions(dump=str(bookbuyer / "config_dump.json"))),
    ):
        assert json.loads(dump_source(source, options).data) == expected
