"""`osmscope replay` as a shell sees it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

GOOD = {
    "start_time": "2026-11-22T21:06:29.000Z",
    "method": "GET",
    "path": "/books-bought",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "response_code_details": "via_upstream",
    "response_flags": "-",
    "authority": "bookstore.bookstore:14001",
    "upstream_cluster": "bookstore/bookstore-v1|14001",
    "upstream_host": "10.244.1.21:14001",
}
ELSEWHERE = {**GOOD, "upstream_cluster": "bookstore/gone|14001", "start_time": "\u202e\x1b[31mred"}
SILENT = {"method": None, "response_code": 0, "response_flags": "-", "upstream_cluster": None}


@pytest.fixture
def log(tmp_path: Path):
    def write(*lines: dict[str, object]) -> Path:
        path = tmp_path / "access.log.gz"
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
        return path

    return write


@pytest.mark.parametrize(
    ("lines", "code"),
    [([GOOD], 0), ([GOOD, SILENT], 0), ([GOOD, ELSEWHERE], 1), ([SILENT], 3)],
    ids=["agrees", "partly told", "differs", "nothing told"],
)
def test_exit_codes(osmscope, bookstore, log, lines, code: int) -> None:
    assert osmscope("replay", log(*lines), "bookbuyer", "--from", bookstore).code == code


def test_the_text(osmscope, bookstore, log) -> None:
    done = osmscope("replay", log(GOOD, GOOD, ELSEWHERE, SILENT), "bookbuyer", "--from", bookstore)
    assert done.err == ""
    assert "format     JSON" in done.out
    assert "3 lines outbound" in done.out
    for name, count in (("lines", 4), ("agree", 2), ("differ", 1), ("could not be told", 1)):
        assert f"  {name:<18}{count:>12}\n" in done.out
    assert "Differs by cluster" in done.out
    assert "bookstore/gone|14001 → bookstore/bookstore-v1|14001" in done.out
    assert r"line 3: \u202e\x1b[31mred GET bookstore.bookstore:14001/books-bought" in done.out
    assert "\x1b" not in done.out


def test_json(osmscope, bookstore, log) -> None:
    path = log(GOOD, ELSEWHERE)
    done = osmscope("replay", path, "bookbuyer", "--from", bookstore, "-o", "json")
    found = json.loads(done.out)
    assert {key: found[key] for key in ("schema", "lines", "agree", "differ", "unreadable")} == {
        "schema": 1,
        "lines": 2,
        "agree": 1,
        "differ": 1,
        "unreadable": 0,
    }
    (difference,) = found["differences"]
    assert (difference["kind"], difference["count"]) == ("cluster", 1)
    assert difference["examples"][0]["line"] == 2
    assert "\u202e" not in done.out


def test_a_given_format_and_direction(osmscope, bookbuyer, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("GET bookstore.bookstore:14001 /books-bought bookstore/bookstore-v1|14001\n")
    text = "%REQ(:METHOD)% %REQ(:AUTHORITY)% %REQ(:PATH)% %UPSTREAM_CLUSTER%"
    arguments = ("replay", path, bookbuyer, "--format", text, "--direction", "outbound")
    done = osmscope(*arguments)
    assert "format     the given format" in done.out
    assert "direction  outbound, as asked for" in done.out


def test_standard_input_is_one_thing(osmscope) -> None:
    done = osmscope("replay", "-", "--dump", "-")
    assert (done.code, done.out) == (2, "")
    assert "cannot be both" in done.err


@pytest.mark.parametrize(
    ("text", "said"), [("", "there is no line in it"), ("hello\n", "of a known format")]
)
def test_bad_input(osmscope, bookbuyer, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    done = osmscope("replay", path, bookbuyer)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_no_such_log(osmscope, bookbuyer) -> None:
    assert osmscope("replay", "missing.log", bookbuyer).code == 2


def test_a_progress_bar_is_on_a_terminal_alone(
    osmscope, bookbuyer, log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("osmscope.cli.diagnostics.is_terminal", lambda: True)
    done = osmscope("replay", log(*[GOOD] * 3), bookbuyer)
    assert done.code == 0
    assert "reading" not in done.out
