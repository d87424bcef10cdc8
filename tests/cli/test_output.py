from __future__ import annotations

import subprocess
import sys

import pytest

from osmscope.cli import output


@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_is_decided_by_option_then_environment_then_terminal(
    monkeypatch, choice, environment, wanted
):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert output.wants_color(choice) is wanted


def test_the_width_is_that_of_columns_and_never_too_small(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert output.width() == 120
    monkeypatch.setenv("COLUMNS", "3")
    assert output.width() == output.NARROWEST


def _shell(command, bookbuyer):
    """Run a line of a shell in which `osmscope` and `$dump` stand for themselves."""
    return subprocess.run(
        ["sh", "-c", f'osmscope() {{ "{sys.executable}" -m osmscope "$@"; }}; {command}'],
        env={"dump": str(bookbuyer / "config_dump.json"), "PATH": "/bin:/usr/bin"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('osmscope get routes "$dump" >&-', "the answer cannot be written: it is closed"),
        ('osmscope trace "$dump" web -o jsonl >&-', "the answer cannot be written: it is closed"),
        ('osmscope get routes "$dump" >/dev/full', "No space left on device"),
        ("osmscope --help >/dev/full", "No space left on device"),
        ("osmscope get routes - <&-", "the file is empty (standard input)"),
    ],
)
def test_a_stream_that_cannot_be_used_is_one_line(bookbuyer, command, words):
    done = _shell(command, bookbuyer)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_utf_8_gets_replacements(bookbuyer, encoding):
    done = _shell(f'PYTHONIOENCODING={encoding} osmscope trace "$dump" web', bookbuyer)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("? ")
