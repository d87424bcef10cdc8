from __future__ import annotations

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(osmscope, shell):
    done = osmscope("completion", shell)
    assert done.code == 0
    assert f"_OSMSCOPE_COMPLETE={shell}_complete" in done.out


def test_another_shell_is_refused(osmscope):
    assert osmscope("completion", "tcsh").code == 2


def test_the_shell_gets_the_commands(osmscope, monkeypatch):
    monkeypatch.setenv("_OSMSCOPE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "osmscope tr")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert osmscope().out == "plain,trace\n"
