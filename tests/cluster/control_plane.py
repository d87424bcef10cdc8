"""The processes of a cluster: etcd, kube-apiserver and KWOK, each on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.credentials import ISSUER, CertificateAuthority, TokenSigner
from tests.cluster.errors import ClusterError

LOOPBACK = "127.0.0.1"
STOP_DEADLINE = 20.0
SERVICE_RANGE = "10.96.0.0/16"

_KWOK_CONFIGURATION = """\
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: pod-delete
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
  next:
    delete: true
---
# KWOK looks after the pods of the nodes that it looks after, which takes a stage of theirs.
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: node-delete
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
  next:
    delete: true
"""


class Process:
    """A program of the cluster; it dies with this one, and can be started again."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self._command = ["setpriv", "--pdeathsig=KILL", *command]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"{Path(command[0]).name}.log"

    def start(self) -> None:
        """Start it."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever takes the cluster down
            )

    def check(self) -> None:
        """See that it runs.

        Raises:
            ClusterError: It has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise ClusterError(f"{self.log.name} ends with:\n{self.log.read_text()[-3000:]}")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP is a program that takes connections and never answers."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        """End it; safe to call in any state."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait(STOP_DEADLINE)
        self._process = None


def etcd(binaries: Binaries, folder: Path, *, port: int, peer_port: int) -> Process:
    """The store of the API server."""
    client, peer = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{peer_port}"
    arguments = {
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "log-level": "error",
    }
    return Process(folder, [str(binaries.etcd), *_options(arguments)])


def api_server(
    binaries: Binaries,
    folder: Path,
    authority: CertificateAuthority,
    signer: TokenSigner,
    *,
    port: int,
    etcd_port: int,
) -> Process:
    """The API server; RBAC decides who may do what."""
    certificate, key = authority.issue("kube-apiserver", is_server=True)
    kubelet_certificate, kubelet_key = authority.issue("apiserver-kubelet-client")
    arguments = {
        "etcd-servers": f"http://{LOOPBACK}:{etcd_port}",
        "bind-address": LOOPBACK,
        "advertise-address": LOOPBACK,
        "secure-port": str(port),
        "cert-dir": str(folder),
        "tls-cert-file": str(certificate),
        "tls-private-key-file": str(key),
        "client-ca-file": str(authority.root),
        "kubelet-client-certificate": str(kubelet_certificate),
        "kubelet-client-key": str(kubelet_key),
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": ISSUER,
        "service-account-key-file": str(signer.key_file),
        "service-account-signing-key-file": str(signer.key_file),
        "authorization-mode": "RBAC",
        "disable-admission-plugins": "ServiceAccount",  # nobody makes service accounts here
        "endpoint-reconciler-type": "none",  # a loopback address is no endpoint
        "service-cluster-ip-range": SERVICE_RANGE,
        "shutdown-delay-duration": "0s",
        "feature-gates": "WatchList=false",  # takes a newer etcd than Debian's 3.4
    }
    return Process(folder, [str(binaries.api_server), *_options(arguments)])


def kwok(binaries: Binaries, folder: Path, kubeconfig: Path, *, port: int) -> Process:
    """The kubelet of every node: it ends deleted pods and leads port-forwards to Envoys."""
    configuration = folder / "kwok.yaml"
    configuration.write_text(_KWOK_CONFIGURATION)
    arguments = {
        "kubeconfig": str(kubeconfig),
        "config": str(configuration),
        "server-address": f"{LOOPBACK}:{port}",
        "manage-all-nodes": "true",
        "node-ip": LOOPBACK,
        "node-port": str(port),
        "enable-crds": "PortForward",
    }
    return Process(folder, [str(binaries.kwok), *_options(arguments)])


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((LOOPBACK, 0))
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def listening_socket() -> socket.socket:
    """A socket that listens on a port of the loopback, for a program to inherit."""
    return socket.create_server((LOOPBACK, 0))


def wait_for_port(process: Process, port: int, *, deadline: float) -> None:
    """Wait until a process listens.

    Raises:
        ClusterError: It has ended, or does not listen in time.
    """
    while True:
        process.check()
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        if time.monotonic() > deadline:
            raise ClusterError(f"{process.log.name}: nobody listens on port {port}")
        time.sleep(0.05)


def _options(arguments: dict[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in arguments.items()]
