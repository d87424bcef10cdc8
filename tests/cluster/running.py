"""A cluster that runs: started, filled, disturbed, and taken down whatever happens."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

from tests.cluster import control_plane, objects, relay, users
from tests.cluster.api import Api, wait_until
from tests.cluster.binaries import Binaries, find_binaries
from tests.cluster.control_plane import LOOPBACK, free_ports, wait_for_port
from tests.cluster.credentials import CertificateAuthority, TokenSigner
from tests.cluster.objects import Manifest
from tests.cluster.users import Credentials

START_DEADLINE = 60.0
NODE = "node-0"

Address = tuple[str, int]

_PREFIX = "osmscope-cluster-"


class Cluster:
    """A started cluster; ``running_cluster`` makes one."""

    def __init__(self, binaries: Binaries, folder: Path) -> None:
        self.folder = folder
        etcd_port, peer_port, self._port, self.kubelet_port = free_ports(4)
        self.server = f"https://{LOOPBACK}:{self._port}"
        self._authority = CertificateAuthority(folder)
        self._signer = TokenSigner(folder)
        self._etcd_port = etcd_port
        self._numbers = count(1)
        self._relays: dict[str, subprocess.Popen[bytes]] = {}
        certificate = self._authority.issue(users.ADMIN, group="system:masters")
        self.api = Api(self.server, self._authority.root, certificate)
        self._etcd = control_plane.etcd(binaries, folder, port=etcd_port, peer_port=peer_port)
        self._api_server = control_plane.api_server(
            binaries, folder, self._authority, self._signer, port=self._port, etcd_port=etcd_port
        )
        self._kwok = control_plane.kwok(
            binaries, folder, self.kubeconfig(users.ADMIN), port=self.kubelet_port
        )
        self._definition = binaries.port_forward_definition
        self.kubectl = binaries.kubectl
        """Of the API server's own version."""

    # --- who asks -----------------------------------------------------------------------------

    def kubeconfig(
        self,
        user: str = "operator",
        *,
        credentials: Credentials = "certificate",
        namespace: str = "default",
    ) -> Path:
        """A kubeconfig file of a user's.

        Args:
            user: One of ``users.RULES``, ``users.ONE_NAMESPACE`` or ``users.ADMIN``.
            credentials: How it says who asks. Only those of ``users.RULES`` and
                ``users.ONE_NAMESPACE`` have tokens.
            namespace: That of the context.
        """
        content = users.kubeconfig(
            server=self.server,
            authority=str(self._authority.root),
            user=user,
            namespace=namespace,
            credentials=self._credentials(user, credentials),
        )
        path = self.folder / f"kubeconfig-{next(self._numbers)}.json"
        path.touch(0o600)
        path.write_text(json.dumps(content, indent=1))
        return path

    def _credentials(self, user: str, credentials: Credentials) -> Manifest:
        if credentials == "none":
            return {}
        if credentials in ("certificate", "expired-certificate"):
            expires = timedelta(days=1 if credentials == "certificate" else -1)
            group = "system:masters" if user == users.ADMIN else ""
            certificate, key = self._authority.issue(user, group=group, expires=expires)
            return {"client-certificate": str(certificate), "client-key": str(key)}
        token = self.token(user, expires=-3600 if credentials == "expired-token" else 86400)
        return users.exec_plugin(token) if credentials == "exec" else {"token": token}

    def token(self, user: str, *, expires: float = 86400) -> str:
        """A token of a user's, which expires in that many seconds, or has."""
        account = self.api.get("ServiceAccount", user, users.TOKENS)
        metadata = account["metadata"]
        assert isinstance(metadata, dict)
        return self._signer.sign(users.TOKENS, user, metadata["uid"], expires=expires)

    # --- what is there ------------------------------------------------------------------------

    def add_namespace(self, name: str) -> None:
        """Make a namespace, where there is none of this name yet."""
        known = {_name(each) for each in self.api.list("Namespace")}
        if name not in known:
            metadata = {"name": name}
            self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def add_node(self, name: str) -> None:
        """Make a node, whose kubelet is KWOK."""
        self.api.create(objects.node(name, address=LOOPBACK, port=self.kubelet_port))

    def add_pod(
        self,
        name: str,
        *,
        namespace: str = "default",
        admin: Address | None = None,
        admin_port: int = 15000,
        ip: str = "",
        **fields: object,
    ) -> Manifest:
        """Make a pod that runs and is ready.

        Args:
            name: Its name.
            namespace: Its namespace, which exists.
            admin: Where a port-forward to its admin port leads; None: it is refused.
            admin_port: The port that is asked for.
            ip: Its address; one of its own where none is given.
            **fields: See ``objects.pod``: ready, phase, containers, labels, annotations, …
        """
        number = next(self._numbers)
        ip = ip or f"10.244.{100 + number // 250}.{number % 250 + 1}"
        manifest = objects.pod(name, namespace=namespace, node_name=NODE, ip=ip, **fields)  # type: ignore[arg-type]
        return self.put_pod(manifest, admin=admin, admin_port=admin_port)

    def put_pod(
        self, manifest: Manifest, *, admin: Address | None, admin_port: int = 15000
    ) -> Manifest:
        """Make a pod of a manifest that holds its status; as ``add_pod`` else."""
        if admin is not None:
            self.lead(_namespace(manifest), _name(manifest), {admin_port: admin})
        return self.api.create(manifest)

    def lead(self, namespace: str, name: str, ports: dict[int, Address]) -> None:
        """Lead port-forwards to a pod's ports to addresses of this machine."""
        forwards = [
            {"ports": [port], "target": {"address": address[0], "port": address[1]}}
            for port, address in ports.items()
        ]
        manifest: Manifest = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "PortForward",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"forwards": forwards},
        }
        self.api.create(manifest)

    def relay(self, key: str, target: str, *, network_namespace: str = "") -> Address:
        """An address of the loopback that leads to another, until it is cut.

        Args:
            key: What ``cut`` knows it by.
            target: Where it leads to: "HOST:PORT", or the path of a Unix socket.
            network_namespace: The target is seen from there.
        """
        listener = control_plane.listening_socket()
        command = [sys.executable, "-I", str(relay.__file__), str(listener.fileno()), target]
        if network_namespace:
            command = ["ip", "netns", "exec", network_namespace, *command]
        with listener:
            address: Address = listener.getsockname()
            self._relays[key] = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return address

    def cut(self, key: str) -> None:
        """End a relay and all its connections, as the end of a pod does; twice does no harm."""
        process = self._relays.pop(key, None)
        if process is not None:
            process.kill()
            process.wait()

    # --- what happens -------------------------------------------------------------------------

    def delete_pod(self, name: str, namespace: str = "default") -> None:
        """Delete a pod, as ``kubectl delete`` does; return when it is gone."""
        self.api.delete("Pod", name, namespace, grace=1)

    def remove_pods(self, namespace: str) -> None:
        """Remove all pods of a namespace, and where port-forwards to them lead, at once."""
        for kind in ("Pod", "PortForward"):
            self.api.delete_all(kind, namespace)

    def start(self) -> None:
        """Start everything; return when pods can be made.

        Raises:
            ClusterError: A program does not start.
        """
        deadline = time.monotonic() + START_DEADLINE
        self._etcd.start()
        wait_for_port(self._etcd, self._etcd_port, deadline=deadline)
        self._start_api_server()
        self.add_namespace("default")
        self.add_namespace(users.TOKENS)
        self.add_namespace("bookstore")
        for manifest in (self._port_forwards(), *objects.osm_definitions(), *users.roles()):
            self.api.create(manifest)
        for user in (*users.RULES, users.ONE_NAMESPACE):
            self._add_service_account(user)
        self._wait_for_definitions()
        self._start_kwok()
        self.add_node(NODE)

    def start_api_server(self) -> None:
        """Let the API server come back, and return when pods can be made again.

        Raises:
            ClusterError: It does not become ready.
        """
        self._start_api_server()
        self._kwok.stop()  # it would take its time to look for changes again
        self._start_kwok()

    def _start_kwok(self) -> None:
        self._kwok.start()
        wait_for_port(self._kwok, self.kubelet_port, deadline=time.monotonic() + START_DEADLINE)

    def _start_api_server(self) -> None:
        self._api_server.start()

        def is_ready() -> bool:
            self._api_server.check()
            return self.api.is_ready()

        wait_until(is_ready, "the API server is ready", seconds=START_DEADLINE)

    def stop_api_server(self) -> None:
        """Let the API server go away: nobody listens on its port any more."""
        self._api_server.stop()

    @contextlib.contextmanager
    def silent_api_server(self) -> Iterator[None]:
        """Within the block, the API server takes connections and answers nothing."""
        self._api_server.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._api_server.signal(signal.SIGCONT)

    def connections_of(self, process_id: int) -> int:
        """How many connections to the API server a process has open.

        Those of others say nothing of it: KWOK and the API server itself connect anew at times.
        """
        server, established = f"0100007F:{self._port:04X}", "01"
        rows = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        sockets = {f"socket:[{row[9]}]" for row in rows if row[2:4] == [server, established]}
        return len(sockets & set(_open_files(process_id)))

    def stop(self) -> None:
        """Take everything down; safe to call in any state, more than once."""
        for key in list(self._relays):
            self.cut(key)
        for process in (self._kwok, self._api_server, self._etcd):
            process.stop()
        self.api.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _port_forwards(self) -> Manifest:
        import yaml

        definition: Manifest = yaml.safe_load(self._definition.read_text())
        return definition

    def _add_service_account(self, user: str) -> None:
        metadata = {"name": user, "namespace": users.TOKENS}
        self.api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})

    def _wait_for_definitions(self) -> None:
        for kind in ("PortForward", *objects.OSM_KINDS):
            path = objects.collection(kind)
            wait_until(lambda path=path: self.api.exists(path), f"{path} is served")  # type: ignore[misc]


def _open_files(process_id: int) -> Iterator[str]:
    """What the descriptors of a process lead to; nothing where it has ended."""
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{process_id}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield os.readlink(path)


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A running cluster, gone again at the end of the block, of the process, or of the next start.

    Raises:
        ClusterError: It cannot run here, or does not start.
    """
    binaries = find_binaries()
    clean()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    cluster = Cluster(binaries, folder)
    atexit.register(cluster.stop)
    try:
        cluster.start()
        yield cluster
    finally:
        with _uninterrupted():
            cluster.stop()
        atexit.unregister(cluster.stop)


def clean() -> list[str]:
    """Remove the folders of killed runs, and return their names; their processes died with them."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
            found.append(folder.name)
    return found


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off while taking down."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["name"])


def _namespace(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["namespace"])
