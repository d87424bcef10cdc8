"""Live sources on the command line: what misbehaves exits with 4, and old Envoys are served."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from osmscope.cli.main import run
from osmscope.errors import RefusedError
from tests.dump.stub_envoy import StubEnvoy
from tests.source import stub_admin
from tests.source.stub_admin import Answering, answers, http, serving

TARGET = "bookstore.bookstore:14001/books-bought"


def answering(envoy: StubEnvoy) -> Answering:
    """Serve a stub over HTTP."""

    def answer(connection: socket.socket, path: str) -> None:
        parts = urlsplit(path)
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        flags = [name for name, value in given.items() if not value]
        parameters = {name: value for name, value in given.items() if value}
        if parts.path == "/stats":
            connection.sendall(http(b"", kind="text/plain"))
            return
        try:
            body = envoy.ask(parts.path[1:], *flags, **parameters).data
        except RefusedError as error:
            said = error.message.partition(": ")[2].encode()
            connection.sendall(http(said, status=f"{error.status} x", kind="text/plain"))
            return
        connection.sendall(http(body))

    return answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(stub_admin.never, "no whole answer within 0.3 seconds", id="never"),
        pytest.param(stub_admin.drip, "no whole answer within 0.3 seconds", id="drips"),
        pytest.param(answers(http(b"<html>", kind="text/html")), "is a web page", id="HTML"),
        pytest.param(answers(http(b'{"a": 1}')), "JSON, but not ", id="no Envoy"),
        pytest.param(answers(http(b'{"configs"')[:-2]), "cannot be reached", id="cut off"),
        pytest.param(
            answers(http(b"", status="301 Moved", more="location: http://x/\r\n")),
            "a redirect to 'http://x/'",
            id="redirect",
        ),
        pytest.param(answers(stub_admin.bomb()), "is compressed", id="gzip bomb"),
    ],
)
@pytest.mark.parametrize(
    "arguments", [["trace", "SOURCE", TARGET], ["trace", "SOURCE", TARGET, "--full"],
                  ["get", "clusters", "SOURCE"], ["info", "SOURCE"]],
    ids=["trace", "trace --full", "get", "info"],
)  # fmt: skip
def test_what_is_no_envoy_exits_with_4_in_time(
    answer: Answering, message: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    start = time.monotonic()
    with serving(answer) as (address, seen):
        given = [address if one == "SOURCE" else one for one in arguments]
        assert run([*given, "--request-timeout", "0.3"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert all(line.startswith(("GET /config_dump?", "GET /clusters?")) for line in seen)
    assert time.monotonic() - start < 8


def test_nobody_there_exits_with_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "http://127.0.0.1:1", TARGET]) == 4
    assert capsys.readouterr().err == (
        "osmscope: cannot be reached: Connection refused (http://127.0.0.1:1); "
        "check that Envoy runs and that its admin port is forwarded to here\n"
    )


@pytest.fixture
def traced(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, object]]:
    """Trace on the command line, without what tells a live source from a file."""

    def trace(source: str, *options: str) -> dict[str, object]:
        assert run(["trace", source, TARGET, "-o", "json", *options]) == 0
        document = json.loads(capsys.readouterr().out)
        document.pop("data")
        return dict(document)

    return trace


@pytest.mark.parametrize("is_old", [False, True], ids=["1.40", "1.18"])
@pytest.mark.parametrize("pod", ["bookbuyer*", "bookstore-v1*", "bookthief*"])
def test_a_live_sidecar_answers_as_its_dump(
    bookstore: Path, pod: str, is_old: bool, traced: Callable[..., dict[str, object]]
) -> None:
    (folder,) = bookstore.glob(f"pods/*/{pod}")
    options = ["--direction", "outbound", "--dst-ip", "10.96.18.11"]
    expected = traced(str(folder), *options)
    with serving(answering(StubEnvoy(folder, is_old=is_old)), keep_alive=True) as (address, _):
        assert traced(address, *options) == expected
        assert traced(address, "--full", *options) == expected


@pytest.mark.parametrize("is_old", [False, True], ids=["1.40", "1.18"])
@pytest.mark.parametrize("kind", ["listeners", "chains", "routes", "clusters", "endpoints"])
def test_a_live_sidecar_lists_what_its_dump_holds(
    bookbuyer: Path, kind: str, is_old: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["get", kind, str(bookbuyer), "-o", "json"]) == 0
    expected = capsys.readouterr().out
    with serving(answering(StubEnvoy(bookbuyer, is_old=is_old))) as (address, seen):
        assert run(["get", kind, address, "-o", "json"]) == 0
    assert capsys.readouterr().out == expected
    assert len(seen) <= 6


def test_the_head_says_what_it_cost(bookbuyer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(answering(StubEnvoy(bookbuyer)), keep_alive=True) as (address, seen):
        assert run(["trace", address, TARGET]) == 0
    (said,) = re.findall(r"live; (\d+) questions asked, \d+ KiB", capsys.readouterr().out)
    assert int(said) == len(seen)
