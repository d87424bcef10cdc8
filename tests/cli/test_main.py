from __future__ import annotations

import subprocess
import sys

import pytest

from osmscope import __version__
from osmscope.cli.main import COMMANDS


def test_alone_it_prints_help(osmscope):
    done = osmscope()
    assert done.code == 0
    assert "Examples:" in done.out
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert "Exit codes:" in done.out


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_with_examples(osmscope, command):
    done = osmscope(command, "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert f"osmscope {command} " in done.out


def test_the_version_is_told(osmscope):
    assert osmscope("--version").out == f"osmscope {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["get"], "Missing argument"),
        (["get", "nonsense", "x"], "is not one of"),
        (["get", "clusters"], "SOURCE is missing"),
        (["get", "clusters", "/no/such/file"], "no file, no folder and no admin address"),
        (["get", "clusters", "--dump", "/no/such/file"], "no such file"),
        (["get", "clusters", "--nonsense"], "No such option"),
        (["trace", "x"], "expected SOURCE TARGET"),
        (["trace", "a", "b", "c"], "expected SOURCE TARGET"),
        (["trace", "--dump", "-", "--clusters", "-", "a"], "standard input cannot be both"),
        (["trace", "--dump", "-", "--requests", "-"], "standard input cannot be both"),
        (["trace", "--dump", "x", "--requests", "y", "-o", "json"], "answers with -o jsonl alone"),
        (["query", "a[", "x"], "the expression cannot be read"),
    ],
)
def test_usage_errors_are_one_line_with_what_to_do(osmscope, arguments, words):
    done = osmscope(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("osmscope: ")
    assert words in done.err
    assert done.err.count("\n") == 1
    assert "; " in done.err


def test_an_admin_address_that_does_not_answer_is_4(osmscope):
    done = osmscope("get", "clusters", "http://127.0.0.1:9")
    assert (done.code, done.err.count("\n")) == (4, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"not json", b'{"configs": 1}', b"[" * 99999],
)
def test_bad_dumps_are_one_line_and_no_traceback(osmscope, tmp_path, content):
    path = tmp_path / "dump.json"
    path.write_bytes(content)
    done = osmscope("get", "listeners", path)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("osmscope: ")
    assert "internal error" not in done.err


def test_an_error_quotes_a_hostile_name_harmlessly(osmscope):
    done = osmscope("get", "clusters", "--dump", "x\x1b[31m\u202e")
    assert "\x1b" not in done.err
    assert "\\x1b[31m\\u202e" in done.err


def test_a_closed_pipe_is_quiet(bookbuyer):
    command = f"{sys.executable} -c 'from osmscope.cli.main import main; main()' get routes"
    done = subprocess.run(
        f"set -o pipefail; {command} {bookbuyer} -o json | true",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""
