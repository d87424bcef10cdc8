"""A way to a pod's port through `kubectl port-forward`, where kr8s' own does not work.

Decision: kubectl runs under a keeper, which ends it however osmscope ends. Its end here is a port
of the loopback, which, unlike a socket in a folder, others on the machine can reach as long as it
is open.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from typing import IO

from osmscope.errors import ForbiddenError, UnreachableError
from osmscope.source import keeper
from osmscope.source.kubernetes_lists import PodFacts

_FORWARDING = re.compile(r"Forwarding from (?P<address>127\.0\.0\.1:\d+) -> ")
_LOGGED = re.compile(r'err="(?P<message>(?:[^"\\]|\\.)*)"')
_FAILED = re.compile(r"error|lost connection|unable", re.IGNORECASE)
_STOP_DEADLINE = 5.0


class KubectlForward:
    """One pod's port, as `kubectl port-forward` offers it.

    Args:
        flags: What tells kubectl which cluster: --context, --kubeconfig.
        pod: Which pod.
        port: Which port on its loopback.
        deadline: Seconds until it has to be there.
    """

    def __init__(self, flags: tuple[str, ...], pod: PodFacts, port: int, deadline: float) -> None:
        self.pod = pod
        self._flags = flags
        self._port = port
        self._deadline = deadline
        self._said: list[str] = []
        self._address = ""
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    @property
    def failure(self) -> UnreachableError | None:
        """What kubectl said last of what went wrong."""
        errors = [line for line in self._said if _FAILED.search(line)]
        # What happened to a connection comes first, that the way is lost last.
        return self._error(errors[0]) if errors else None

    def start(self) -> str:
        """Start kubectl.

        Returns:
            The address here, "http://127.0.0.1:PORT".

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: kubectl is not installed, fails, or is not ready in time.
        """
        program = shutil.which("kubectl")
        if program is None:
            raise UnreachableError("kubectl is not installed", hint="leave --via kubectl out")
        options = (*self._flags, "-n", self.pod.namespace, "--address", "127.0.0.1")
        command = [program, "port-forward", *options, f"pod/{self.pod.name}", f":{self._port}"]
        self._process = subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, "", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for osmscope, which then ends it
        )
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        in_time = self._ready.wait(self._deadline)
        if self._address:
            return f"http://{self._address}"
        self.stop()
        if not in_time:
            raise UnreachableError(
                f"kubectl port-forward is not ready within {self._deadline:g} seconds",
                where=f"pod {self.pod.full_name}",
                hint="check the network and the VPN, or give a longer --request-timeout",
            )
        raise self._error(self._said[-1] if self._said else "it ended without a word")

    def stop(self) -> None:
        """End kubectl, and return when it has ended."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _listen(self, output: IO[str]) -> None:
        """Read what kubectl says until it ends."""
        with output:
            for line in output:
                found = _FORWARDING.search(line)
                if found is not None:
                    self._address = found["address"]
                    self._ready.set()
                elif line.strip():
                    self._said.append(" ".join(line.split()))
        self._ready.set()

    def _error(self, line: str) -> UnreachableError:
        where = f"kubectl, pod {self.pod.full_name}"
        logged = _LOGGED.search(line)
        said = logged["message"].replace('\\"', '"') if logged else line.removeprefix("error: ")
        if "is forbidden" in line:
            hint = "ask for the verbs get and create on pods/portforward"
            return ForbiddenError(f"kubectl: {said}", where=where, hint=hint)
        if "connection refused" in line:
            return UnreachableError(
                f"nothing listens on port {self._port} of pod {self.pod.full_name}",
                where=where,
                hint="check that its sidecar runs, or give --admin-port",
            )
        return UnreachableError(f"kubectl: {said}", where=where, hint="try again")
