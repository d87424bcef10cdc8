"""A newcomer's first five minutes, in a real terminal, and what is copied there in a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 60.0
"""Seconds for a screen to show what is waited for, on a busy machine."""


class Terminal:
    """A terminal in tmux."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]

    def _run(self, *arguments: str) -> str:
        command = [*self._tmux, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Run a command in a terminal of 120 by 40."""
        set_ = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        size = ["-x", "120", "-y", "40"]
        self._run("new-session", "-d", "-s", "main", *size, *set_, shlex.join(command))
        self._run("set-option", "-s", "set-clipboard", "on")

    def press(self, *keys: str) -> None:
        """Press keys by their names."""
        self._run("send-keys", "-t", "main", "--", *keys)

    def write(self, text: str) -> None:
        """Type text."""
        self._run("send-keys", "-t", "main", "-l", "--", text)

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._run("capture-pane", "-p", "-t", "main")

    def until(self, words: str) -> str:
        """Wait until the screen shows words."""
        self._wait(lambda: words in self.screen(), f"{words!r} did not come")
        return self.screen()

    def settle(self) -> None:
        """Wait until the screen stays as it is: what has just come may not have the focus yet."""
        before = ""
        while (now := self.screen()) != before:
            before = now
            time.sleep(0.7)

    def copied(self) -> str:
        """Wait for what is copied (OSC 52)."""
        self._wait(lambda: bool(self._run("list-buffers").strip()), "nothing was copied")
        return self._run("show-buffer")

    def _wait(self, happens: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not happens():
            if time.monotonic() > end:
                raise AssertionError(f"{otherwise}:\n{self.screen()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it and all that runs in it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    made = Terminal(tmp_path / "tmux")
    yield made
    made.stop()


def test_find_follow_trace_change_and_copy(terminal: Terminal, tmp_path: Path) -> None:
    own = {
        "COLUMNS": "120",
        "LINES": "40",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    terminal.start([sys.executable, "-m", "osmscope", "demo"], own)
    terminal.until("bookbuyer-5ccf77f46d-rc5mg")
    terminal.press("Enter")
    terminal.until("Clusters 7")

    terminal.settle()
    terminal.press("/")
    terminal.settle()
    terminal.write("v1")
    terminal.until("Clusters 1 of 7")
    terminal.press("Enter")
    terminal.settle()
    terminal.press("Enter")
    terminal.until("10.244.1.21:14001")
    terminal.settle()
    terminal.press("Enter")
    terminal.until("osmscope › bookstore-v1-7f9c4c8d5-x2jlp › inbound-listener")

    terminal.settle()
    terminal.press(":")
    terminal.settle()
    terminal.write("r /bought")
    terminal.press("Enter")
    terminal.until("Routes 4 of 10")
    terminal.settle()
    terminal.press("t")
    terminal.until("✓ reaches 127.0.0.1:14001")
    terminal.press("i")
    terminal.until("to the path")
    terminal.write("/nope")
    terminal.until("✗ is answered by Envoy: 404 (NR) route_not_found")
    terminal.press("Escape")
    terminal.until("i edit")  # a key right behind escape would be one with Alt
    terminal.press("c")

    command = shlex.split(terminal.copied())
    assert command[:2] == ["osmscope", "trace"]
    done = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True,
        env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "404" in done.stdout
    assert "route_not_found" in done.stdout
