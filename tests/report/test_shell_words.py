from __future__ import annotations

import shlex
import subprocess

import pytest

from osmscope.report.shell_words import quoted


@pytest.mark.parametrize("word", ["", "a", "a b", "it's", "$x", "é", "a\nb", "\x1b[1m'\\", "\x9b"])
def test_a_shell_reads_the_word_back(word):
    command = ["bash", "-c", f"printf %s {quoted(word)}"]
    assert subprocess.run(command, capture_output=True, check=True).stdout.decode() == word


def test_control_characters_are_never_written_as_they_are():
    assert quoted("\x1b[2J") == "$'\\x1b[2J'"
    assert shlex.split(quoted("it's")) == ["it's"]
