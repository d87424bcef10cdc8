"""`osmscope capture`, as a shell sees it; of a cluster, see tests/cluster."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BOOKSTORE = Path(__file__).parents[2] / "fixtures/bookstore"
SECRET = "Bearer s3cr3t-t0k3n"


@pytest.fixture
def secretive(tmp_path: Path) -> Path:
    """A snapshot of two pods: one routes by a secret, the other adds one to requests."""
    source = next(BOOKSTORE.glob("pods/bookbuyer/*/config_dump.json"))
    dump = json.loads(source.read_text())
    (section,) = (each for each in dump["configs"] if "dynamic_route_configs" in each)
    for entry in section["dynamic_route_configs"]:
        for host in entry["route_config"]["virtual_hosts"]:
            matcher = {"name": "authorization", "string_match": {"exact": SECRET}}
            host["routes"][0]["match"].setdefault("headers", []).append(matcher)
    for name in ("routing", "plain"):
        folder = tmp_path / "mesh/pods/n" / name
        folder.mkdir(parents=True)
        text = json.dumps(dump) if name == "routing" else source.read_text()
        (folder / "config_dump.json").write_text(text)
    return tmp_path / "mesh"


def test_a_capture_is_read_like_what_it_was_taken_of(osmscope, tmp_path: Path) -> None:
    archive = tmp_path / "mesh.zip"
    done = osmscope("capture", "--from", "demo", "-o", archive)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{archive}: 7 sidecars, 2.2 MB unpacked; 0 secrets redacted\n"
    batch = ("bookstore.bookstore:14001/books", "-o", "jsonl")
    live = osmscope("trace", "bookbuyer", "--from", "demo", *batch)
    offline = osmscope("trace", "bookbuyer", "--from", archive, *batch)
    assert offline.out == live.out
    assert offline.code == 0


def test_a_capture_of_a_snapshot_is_as_old_as_the_snapshot(osmscope, tmp_path: Path) -> None:
    osmscope("capture", "--from", "demo", "-o", tmp_path / "x")
    own = json.loads((tmp_path / "x/manifest.json").read_text())
    recorded = json.loads((BOOKSTORE / "manifest.json").read_text())
    assert own["recorded_at"] == recorded["recorded_at"]


def test_what_decides_and_is_redacted_is_said(osmscope, secretive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    done = osmscope("capture", "--from", secretive, "-o", archive)
    assert done.code == 0
    assert "requests are held against what is redacted: n/routing: configs[" in done.err
    assert "more, which the manifest names; traces of the capture say so" in done.err
    with zipfile.ZipFile(archive) as opened:
        assert not any(b"s3cr3t" in opened.read(name) for name in opened.namelist())
    manifest = json.loads(zipfile.ZipFile(archive).read("manifest.json"))
    assert {pod["name"]: bool(pod["deciding"]) for pod in manifest["pods"]} == {
        "plain": False,
        "routing": True,
    }


@pytest.mark.parametrize(("header", "code"), [(SECRET, 3), ("Bearer other", 3), ("", 1)])
def test_where_a_redacted_value_decides_the_answer_is_unknown(
    osmscope, secretive: Path, tmp_path: Path, header: str, code: int
) -> None:
    """With the value itself the request lands; without the header it surely does not."""
    archive = tmp_path / "x.zip"
    assert osmscope("capture", "--from", secretive, "-o", archive).code == 0
    request = ["bookstore.bookstore:14001/books"]
    if header:
        request += ["-H", f"authorization: {header}"]
    before = osmscope("trace", "routing", "--from", secretive, *request)
    assert before.code == (0 if header == SECRET else 1)
    after = osmscope("trace", "routing", "--from", archive, *request)
    assert after.code == code, after.out


@pytest.mark.parametrize("word", ["with-secrets"])
def test_secrets_are_kept_where_that_is_typed(
    osmscope, secretive: Path, tmp_path: Path, word: str
) -> None:
    archive = tmp_path / "x.zip"
    done = osmscope("capture", "--from", secretive, "-o", archive, f"--no-redact={word}")
    assert done.code == 0
    assert "SECRETS ARE IN IT" in done.out
    assert archive.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(archive) as opened:
        assert any(b"s3cr3t" in opened.read(name) for name in opened.namelist())


@pytest.mark.parametrize("option", ["--no-redact", "--no-redact=yes"])
def test_secrets_are_not_kept_by_accident(osmscope, tmp_path: Path, option: str) -> None:
    done = osmscope("capture", "--from", "demo", "-o", tmp_path / "x.zip", option)
    assert done.code == 2
    assert "--no-redact=with-secrets" in done.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("typed", "code"), [("with-secrets\n", 0), ("yes\n", 2), ("\n", 2)])
def test_whoever_sits_there_is_asked(tmp_path: Path, typed: str, code: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "osmscope", "capture", "--from", "demo", "--no-redact"]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "x.zip")],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code, err
    assert "private keys, tokens and passwords in clear text" in err
    assert bool(out) is (code == 0)


def test_progress_is_shown_where_somebody_looks(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "osmscope", "capture", "--from", "demo"]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "x.zip")],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert b"Capturing" in shown
    assert b"7/7" in shown
    assert out.startswith(str(tmp_path).encode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("http://127.0.0.1:1",), 4, "cannot be reached"),
        (("--from", "demo", "none"), 2, "no pod fits 'none'"),
        (("--from", "nowhere"), 2, "no such file or folder"),
        ((), 2, "nothing is to be captured"),
    ],
)
def test_what_cannot_be_captured_leaves_nothing(
    osmscope, tmp_path: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    done = osmscope("capture", *arguments, "-o", tmp_path / "x.zip")
    assert (done.code, done.out) == (code, "")
    assert text in done.err
    assert done.err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_one_address_of_two_is_captured(osmscope, live_envoy: str, tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    done = osmscope("capture", f"n/a={live_envoy}", "n/b=http://127.0.0.1:1", "-o", archive)
    assert done.code == 1
    assert done.out.startswith(f"{archive}: 1 sidecar,")
    assert "osmscope: n/b: not captured: cannot be reached" in done.err
    manifest = json.loads(zipfile.ZipFile(archive).read("manifest.json"))
    assert list(manifest["errors"]) == ["n/b"]


def test_many_problems_are_not_all_printed(osmscope, live_envoy: str, tmp_path: Path) -> None:
    gone = [f"n/p{number:02}=http://127.0.0.1:1" for number in range(14)]
    done = osmscope("capture", f"n/a={live_envoy}", *gone, "-o", tmp_path / "x.zip")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "osmscope: and 4 more: see the manifest"


def test_a_capture_that_is_there_is_not_overwritten(osmscope, tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    archive.write_text("mine")
    done = osmscope("capture", "--from", "demo", "-o", archive)
    assert done.code == 2
    assert "this is there already" in done.err
    assert archive.read_text() == "mine"
    assert osmscope("capture", "--from", "demo", "-o", archive, "--force").code == 0
    assert os.listdir(tmp_path) == ["x.zip"]


def test_what_an_interrupted_run_left_is_kept(osmscope, tmp_path: Path) -> None:
    done = osmscope("capture", "--from", "demo", "-o", tmp_path / "x")
    assert done.code == 0
    (tmp_path / "x").rename(tmp_path / "x.zip.partial")
    done = osmscope("capture", "--from", "demo", "-o", tmp_path / "x.zip")
    assert "7 sidecars of the interrupted run of 20" in done.err
    assert done.code == 0
    assert os.listdir(tmp_path) == ["x.zip"]


def test_help_names_the_exit_codes(osmscope) -> None:
    done = osmscope("capture", "--help")
    assert "1  captured, but for the sidecars or parts of them that are named" in done.out
