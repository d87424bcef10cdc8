"""Namespaces, one bridge, and OSM's iptables rules: the part of Kubernetes that a mesh needs.

Everything lives in network namespaces whose names start with ``osmscope-<release>-``, the bridge in
one of its own: nothing of it is visible to the machine, no packet can leave, and deleting the
namespaces deletes all of it. ClusterIPs have a route (or ``connect`` would fail before iptables is
asked) but nobody answers for them; what a sidecar passes through to one fails, as nothing here
stands in for kube-proxy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.mesh.errors import MeshError
from tests.mesh.resources import CONTROLLER
from tests.mesh.topology import Mesh, Pod, Release

ENVOY_USER_ID = 1500
CONTROLLER_IP = "10.96.81.238"
POD_RANGE_LENGTH = 16
SERVICE_RANGE = "10.96.0.0/16"
OUTSIDE_RANGE = "10.250.0.0/16"

_ETC = Path("/etc/netns")
_SYSCTLS = (
    "net.ipv6.conf.all.disable_ipv6=1",
    # An address nobody has is found out after 100 ms instead of 3 s.
    "net.ipv4.neigh.eth0.mcast_solicit=1",
    "net.ipv4.neigh.eth0.retrans_time_ms=100",
)

_IPTABLES_12 = """*nat
:OSM_PROXY_INBOUND - [0:0]
:OSM_PROXY_IN_REDIRECT - [0:0]
:OSM_PROXY_OUTBOUND - [0:0]
:OSM_PROXY_OUT_REDIRECT - [0:0]
-A OSM_PROXY_IN_REDIRECT -p tcp -j REDIRECT --to-port 15003
-A PREROUTING -p tcp -j OSM_PROXY_INBOUND
-A OSM_PROXY_INBOUND -p tcp --dport 15010 -j RETURN
-A OSM_PROXY_INBOUND -p tcp --dport 15901 -j RETURN
-A OSM_PROXY_INBOUND -p tcp --dport 15902 -j RETURN
-A OSM_PROXY_INBOUND -p tcp --dport 15903 -j RETURN
-A OSM_PROXY_INBOUND -p tcp --dport 15904 -j RETURN
-A OSM_PROXY_INBOUND -p tcp -j OSM_PROXY_IN_REDIRECT
-A OSM_PROXY_OUT_REDIRECT -p tcp -j REDIRECT --to-port 15001
-A OSM_PROXY_OUT_REDIRECT -p tcp --dport 15000 -j ACCEPT
-A OUTPUT -p tcp -j OSM_PROXY_OUTBOUND
-A OSM_PROXY_OUTBOUND -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 1500 -j OSM_PROXY_IN_REDIRECT
-A OSM_PROXY_OUTBOUND -o lo -m owner ! --uid-owner 1500 -j RETURN
-A OSM_PROXY_OUTBOUND -m owner --uid-owner 1500 -j RETURN
-A OSM_PROXY_OUTBOUND -d 127.0.0.1/32 -j RETURN
-A OSM_PROXY_OUTBOUND -j OSM_PROXY_OUT_REDIRECT
COMMIT
"""
_IPTABLES_09 = """*nat
:PROXY_INBOUND - [0:0]
:PROXY_IN_REDIRECT - [0:0]
:PROXY_OUTPUT - [0:0]
:PROXY_REDIRECT - [0:0]
-A PROXY_REDIRECT -p tcp -j REDIRECT --to-port 15001
-A PROXY_REDIRECT -p tcp --dport 15000 -j ACCEPT
-A OUTPUT -p tcp -j PROXY_OUTPUT
-A PROXY_OUTPUT -m owner --uid-owner 1500 -j RETURN
-A PROXY_OUTPUT -d 127.0.0.1/32 -j RETURN
-A PROXY_OUTPUT -j PROXY_REDIRECT
-A PROXY_IN_REDIRECT -p tcp -j REDIRECT --to-port 15003
-A PREROUTING -p tcp -j PROXY_INBOUND
-A PROXY_INBOUND -p tcp --dport 15010 -j RETURN
-A PROXY_INBOUND -p tcp --dport 15901 -j RETURN
-A PROXY_INBOUND -p tcp --dport 15902 -j RETURN
-A PROXY_INBOUND -p tcp --dport 15903 -j RETURN
-A PROXY_INBOUND -p tcp -j PROXY_IN_REDIRECT
COMMIT
"""
IPTABLES: dict[Release, str] = {"1.2": _IPTABLES_12, "0.9": _IPTABLES_09}


def prefix(release: Release) -> str:
    """What the names of a mesh's namespaces start with."""
    return f"osmscope-{release}-"


def namespace(release: Release, pod: Pod) -> str:
    """The network namespace of a pod."""
    return f"{prefix(release)}{pod.name}"


def create(mesh: Mesh) -> None:
    """Make the bridge and the pods' namespaces.

    Raises:
        MeshError: A command failed; what exists by then is for ``destroy``.
    """
    bridge = f"{prefix(mesh.release)}bridge"
    _run("ip", "netns", "add", bridge)
    _run("ip", "-n", bridge, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
    _run("ip", "-n", bridge, "link", "set", "br0", "up")
    for number, pod in enumerate(mesh.pods):
        _create_pod(mesh, pod, bridge, f"veth{number}")


def destroy(release: Release) -> list[str]:
    """Kill what runs in a mesh's namespaces and delete them; also those a killed run left.

    Returns:
        The names of the namespaces that existed.
    """
    found = [name for name in _namespaces() if name.startswith(prefix(release))]
    for name in found:
        for process_id in _run("ip", "netns", "pids", name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process_id), signal.SIGKILL)
        _run("ip", "netns", "delete", name)
    for folder in _ETC.glob(f"{prefix(release)}*"):
        shutil.rmtree(folder)
    return found


def _namespaces() -> list[str]:
    return [line.split()[0] for line in _run("ip", "netns", "list").splitlines() if line]


def _create_pod(mesh: Mesh, pod: Pod, bridge: str, veth: str) -> None:
    name = namespace(mesh.release, pod)
    _write_etc(mesh, pod, name)
    _run("ip", "netns", "add", name)
    peer = ("type", "veth", "peer", "name", "eth0", "netns", name)
    _run("ip", "-n", bridge, "link", "add", veth, *peer)
    _run("ip", "-n", bridge, "link", "set", veth, "master", "br0", "up")
    commands = (
        "link set lo up",
        f"address add {pod.ip}/{POD_RANGE_LENGTH} dev eth0",
        "link set eth0 up",
        f"route add {SERVICE_RANGE} dev eth0",
        f"route add {OUTSIDE_RANGE} dev eth0",
    )
    _run("ip", "-n", name, "-batch", "-", text="\n".join(commands))
    _run("ip", "netns", "exec", name, "sysctl", "-qw", *_SYSCTLS)
    _run("ip", "netns", "exec", name, "iptables-restore", "--noflush", text=IPTABLES[mesh.release])


def _write_etc(mesh: Mesh, pod: Pod, name: str) -> None:
    """Names as the cluster's DNS resolves them; ``ip netns exec`` mounts these over /etc."""
    folder = _ETC / name
    folder.mkdir(parents=True)
    lines = ["127.0.0.1 localhost", f"{pod.ip} {pod.name}", f"{CONTROLLER_IP} {CONTROLLER}"]
    for service in mesh.services:
        names = service.domains(bare_name=service.namespace == pod.namespace)
        lines.append(" ".join([service.cluster_ip, *names]))
    (folder / "hosts").write_text("\n".join(lines) + "\n")
    (folder / "resolv.conf").write_text("# no name server\n")


def _run(*command: str, text: str = "") -> str:
    completed = subprocess.run(command, input=text, capture_output=True, text=True)
    if completed.returncode != 0:
        raise MeshError(f"{' '.join(command)}: {completed.stderr.strip()}")
    return completed.stdout
