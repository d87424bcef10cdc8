from __future__ import annotations

import pytest

from osmscope.cli.help_text import examples, table
from osmscope.cli.main import COMMANDS


def test_lines_stay_as_they_are():
    assert examples("a", "b") == "\b\nExamples:\n  a\n  b"
    assert table("Codes", ((0, "x"),), last="y") == "\b\nCodes:\n  0  x\ny"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_example_is_a_line_of_its_own_in_the_help(osmscope, command):
    lines = osmscope(*filter(None, [command]), "--help").out.splitlines()
    start = lines.index("  Examples:") + 1
    shown = [line.strip() for line in lines[start:]]
    shown = shown[: shown.index("")] if "" in shown else shown
    assert shown
    assert all(line.startswith("osmscope ") for line in shown)
    assert all("\b" not in line and "\\b" not in line for line in lines)
