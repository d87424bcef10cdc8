"""One pod's network and one outside of it, to see which connections the kernel redirects.

Two network namespaces joined by a veth pair. Whatever is sent out of the pod arrives at the other
side, which refuses every connection; so does the pod itself, but for Envoy's two ports, where
somebody accepts. A connection that is accepted was redirected.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator

POD_IP = "10.244.9.9"
OUTBOUND_PORT, INBOUND_PORT = 15001, 15003

_PREFIX = f"osmscope-packets-{os.getpid()}-"
_POD, _OUTSIDE = f"{_PREFIX}pod", f"{_PREFIX}outside"

_ACCEPT = """
import socket, sys, threading
def accept(listener):
    while True:
        listener.accept()[0].close()
for port in map(int, sys.argv[1:]):
    listener = socket.create_server(("0.0.0.0", port), backlog=64)
    threading.Thread(target=accept, args=(listener,)).start()
print("ready", flush=True)
"""
_CONNECT = """
import os, socket, sys
for line in sys.stdin:
    ip, port, user = line.split()
    child = os.fork()
    if not child:
        os.setuid(int(user))
        with socket.socket() as connection:
            connection.settimeout(2)
            os._exit(0 if connection.connect_ex((ip, int(port))) == 0 else 1)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class PodNetwork:
    """The two namespaces; ``pod_network`` makes them."""

    def set_rules(self, rules: str) -> None:
        """Take all rules of the nat table away and set others, as `iptables-restore` reads them."""
        _run("ip", "netns", "exec", _POD, "iptables-restore", text=rules)

    def run_script(self, script: str) -> None:
        """Take all rules of the nat table away and run a shell script in the pod's network."""
        _run("ip", "netns", "exec", _POD, "iptables-restore", text="*nat\nCOMMIT\n")
        _run("ip", "netns", "exec", _POD, "sh", "-e", "-c", script)

    def outbound(self, connections: Iterable[tuple[str, int, int]]) -> list[bool]:
        """Which connections from the pod, to an address and port as a user, are redirected."""
        return self._connect(_POD, connections)

    def inbound(self, ports: Iterable[int]) -> list[bool]:
        """Which connections from outside to a port of the pod are redirected."""
        return self._connect(_OUTSIDE, [(POD_IP, port, 0) for port in ports])

    def _connect(self, namespace: str, connections: Iterable[tuple[str, int, int]]) -> list[bool]:
        text = "".join(f"{ip} {port} {user}\n" for ip, port, user in connections)
        command = ("ip", "netns", "exec", namespace, sys.executable, "-I", "-c", _CONNECT)
        return [line == "0" for line in _run(*command, text=text).splitlines()]


@contextlib.contextmanager
def pod_network() -> Iterator[PodNetwork]:
    """Make the namespaces, and delete them at the end of the block."""
    with contextlib.ExitStack() as stack:
        for name in (_POD, _OUTSIDE):
            _run("ip", "netns", "add", name)
            stack.callback(_run, "ip", "netns", "delete", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _run(
            *("ip", "-n", _POD, "link", "add", "eth0", "type", "veth"),
            *("peer", "name", "eth0", "netns", _OUTSIDE),
        )
        for name, address in ((_POD, POD_IP), (_OUTSIDE, "10.244.9.1")):
            _run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            _run("ip", "-n", name, "link", "set", "eth0", "up")
        _run("ip", "-n", _POD, "route", "add", "default", "via", "10.244.9.1")
        _run("ip", "-n", _OUTSIDE, "route", "add", "local", "default", "dev", "lo")
        ports = (str(OUTBOUND_PORT), str(INBOUND_PORT))
        command = ("ip", "netns", "exec", _POD, sys.executable, "-I", "-c", _ACCEPT, *ports)
        accepting = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
        stack.callback(accepting.kill)
        assert accepting.stdout is not None
        accepting.stdout.readline()
        yield PodNetwork()


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
