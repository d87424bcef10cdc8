"""Nothing is left of an Envoy, however its starter ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from osmscope.oracle import envoy_process
from osmscope.oracle.envoy_process import EnvoyProcess, envoy_path
from osmscope.oracle.not_comparable import NotComparableError

pytestmark = pytest.mark.envoy

STARTER = """
import time
from osmscope.oracle.envoy_process import EnvoyProcess
with EnvoyProcess() as envoy:
    admin = {"address": {"pipe": {"path": str(envoy.folder / "admin.sock")}}}
    envoy.start({"admin": admin}, time.monotonic() + 20)
    print(envoy.folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_goes_with_its_starter(end):
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=-1, stderr=-1, text=True)
    assert starter.stdout is not None
    folder = Path(starter.stdout.readline().strip())
    assert running(folder)
    starter.send_signal(end)
    starter.communicate(timeout=10)
    until = time.monotonic() + 10
    while running(folder) or folder.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_goes_with_its_keeper():
    with EnvoyProcess() as envoy:
        admin = {"address": {"pipe": {"path": str(envoy.folder / "admin.sock")}}}
        envoy.start({"admin": admin}, time.monotonic() + 20)
        (keeper,) = (one for one in processes(envoy.folder) if "keeper.py" in command_of(one))
        os.kill(keeper, signal.SIGKILL)
        until = time.monotonic() + 10
        while running(envoy.folder):
            assert time.monotonic() < until
            time.sleep(0.05)


def running(folder: Path) -> list[str]:
    return [command_of(process) for process in processes(folder)]


def processes(folder: Path) -> list[int]:
    numbers = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if str(folder) in command_of(number)]


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "[d][1][critical][main] [server.cc:449] error `goo.gle/debugproto\nname: 3\n"
            ": Proto constraint validation failed (X.Y: too short)` initializing config 'z'",
            "Proto constraint validation failed (X.Y: too short)",
        ),
        ("error `basic auth: bad` initializing config 'a\nb'", "basic auth: bad"),
        ("[d][1][error][envoy_bug] [r.cc:1] a guard\n[d][1][critical][main] [s.cc:1] no", "no"),
        ("Illegal instruction", "Illegal instruction"),
        ("", "it said nothing"),
    ],
)
def test_of_all_that_envoy_says_the_refusal_is_told(said, reason):
    assert envoy_process._refusal(said) == reason


def test_a_refused_bootstrap_says_why():
    bootstrap: dict[str, object] = {"static_resources": {"listeners": 3}}
    with EnvoyProcess() as envoy:
        folder = envoy.folder
        with pytest.raises(NotComparableError, match=r"refuses.*listeners"):
            envoy.start(bootstrap, time.monotonic() + 20)
    assert not folder.exists()


def test_too_little_time_says_how_to_give_more():
    with EnvoyProcess() as envoy, pytest.raises(NotComparableError, match="--timeout"):
        envoy.start({}, time.monotonic())


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch):
    assert envoy_path().is_file()
    monkeypatch.setattr(envoy_process.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotComparableError, match=r"pip install 'osmscope\[envoy\]'"):
        envoy_path()
