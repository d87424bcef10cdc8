"""`osmscope capture` of a live cluster: what it saves, what it costs, and what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.cluster.asking import Asked
from tests.cluster.bookstore import Bookstore
from tests.cluster.running import Address, Cluster
from tests.mesh.comparison import recorded_tracers, server_request
from tests.mesh.record import REQUESTS

pytestmark = pytest.mark.cluster

FIXTURE = Path(__file__).parents[2] / "fixtures/bookstore"
MANY = 200
PATIENCE = 120.0
"""Seconds within which as many are captured, also where others use the machine."""


@pytest.fixture(scope="module")
def many(cluster: Cluster, envoy: Address) -> Iterator[str]:
    """A namespace with many pods, all before one Envoy."""
    cluster.add_namespace("many")
    for number in range(MANY):
        cluster.add_pod(f"pod-{number:03}", namespace="many", admin=envoy, labels={"app": "many"})
    yield "many"
    cluster.remove_pods("many")


def manifest_of(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        manifest: dict[str, object] = json.loads(archive.read("manifest.json"))
        return manifest


class Run:
    """osmscope as a process of its own, watched while it runs."""

    def __init__(self, cluster: Cluster, *arguments: object, folder: Path | None = None) -> None:
        self._cluster = cluster
        self.folder = folder or Path(tempfile.mkdtemp(prefix="osmscope-test-"))
        """Where its temporary files are."""
        self.connections = 0
        """The most that were open at once."""
        self.memory = 0
        """The most that it took, in bytes."""
        environment = os.environ | {
            "KUBECONFIG": str(cluster.kubeconfig("operator")),
            "TMPDIR": str(self.folder),
        }
        command = [sys.executable, "-m", "osmscope", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Look at it until something is so, or it has ended."""
        while self.process.poll() is None and not until():
            open_now = self._cluster.connections_of(self.process.pid)
            self.connections = max(self.connections, open_now)
            with contextlib.suppress(OSError, IndexError, ValueError):
                status = Path(f"/proc/{self.process.pid}/status").read_text()
                self.memory = max(self.memory, int(status.split("VmHWM:")[1].split()[0]) << 10)
            time.sleep(0.05)

    def end(self) -> Asked:
        """Wait for its end, and see that nothing is left of it."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert list(self.folder.iterdir()) == []
        self.folder.rmdir()
        return Asked(self.process.returncode, out, err)


def every_request(bookstore: Bookstore) -> dict[str, list[dict[str, object]]]:
    """All requests of the mesh as lines of a batch, by the pod whose sidecar is asked.

    Of each its client's side, and its server's as the recorded mesh has seen it arrive.
    """
    asked: dict[str, list[dict[str, object]]] = {}
    for number, request in enumerate(REQUESTS["1.2"]):
        pod = bookstore.pod(request.client)
        fields = request.fields(bookstore.mesh.mesh, f"q{number}")
        asked.setdefault(f"{pod.namespace}/{pod.name}", []).append(fields)
    recorded = [json.loads(line) for line in (FIXTURE / "requests.jsonl").read_text().splitlines()]
    tracers = recorded_tracers(FIXTURE)
    for happening in recorded:
        if happening["server"]:
            line = msgspec.to_builtins(server_request(tracers, happening))
            line = {name: value for name, value in line.items() if value is not None}
            asked.setdefault(happening["server"]["pod"], []).append(line)
    return asked


def test_the_capture_of_the_live_bookstore_gives_the_answers_of_the_live_bookstore(
    ask, bookstore: Bookstore, tmp_path: Path
) -> None:
    archive = tmp_path / "mesh.zip"
    done = ask("capture", "-A", "-o", archive)
    assert (done.code, done.err) == (0, ""), done.err
    assert done.out.startswith(f"{archive}: 7 sidecars")
    count = 0
    for name, lines in every_request(bookstore).items():
        requests = tmp_path / "requests.jsonl"
        requests.write_text("\n".join(map(json.dumps, lines)))
        batch = ("--requests", requests, "-o", "jsonl")
        live = ask("trace", name, *batch)
        offline = ask("trace", name, "--from", archive, *batch)
        assert live.code == offline.code == 0, live.err
        assert live.out == offline.out
        assert len(live.out.splitlines()) == len(lines)
        count += len(lines)
    assert count > len(REQUESTS["1.2"])
    print(f"{count} requests: the same answers live and from the capture")


@pytest.mark.parametrize("direction", ["outbound", "inbound"])
def test_the_capture_gives_the_explanations_of_the_live_bookstore(
    ask, bookstore: Bookstore, tmp_path: Path, direction: str
) -> None:
    archive = tmp_path / "mesh.zip"
    assert ask("capture", "-A", "-o", archive).code == 0
    pod = bookstore.pod("bookbuyer" if direction == "outbound" else "bookstore-v1")
    target = ("bookstore.bookstore:14001/books", "--direction", direction, "-o", "json")
    name = f"{pod.namespace}/{pod.name}"
    explained = [
        json.loads(ask("trace", name, *target, *place).out) for place in ((), ("--from", archive))
    ]
    for one in explained:
        del one["data"], one["evidence"]  # counters go on, and the age is what differs
    assert explained[0] == explained[1]
    assert explained[0]["steps"][0]["kind"] == "interception"


def test_a_capture_holds_the_lists_of_the_cluster(
    ask, bookstore: Bookstore, tmp_path: Path
) -> None:
    archive = tmp_path / "mesh.zip"
    assert ask("capture", "deploy/bookstore-v2", "-n", "bookstore", "-o", archive).code == 0
    manifest = manifest_of(archive)
    assert [pod["name"] for pod in manifest["pods"]] == [  # type: ignore[attr-defined]
        "bookstore-v2-845b8d6f9c-h8wqz",
        "bookstore-v2-845b8d6f9c-t5k9n",
    ]
    lists = manifest["lists"]
    assert isinstance(lists, dict)
    assert lists["mesh-configs.json"] == 1
    assert lists["traffic-splits.json"] >= 1
    assert {"pods.json", "services.json", "endpointslices.json", "tcp-routes.json"} <= set(lists)
    with zipfile.ZipFile(archive) as opened:
        text = opened.read("pods.json").decode()
        assert "managedFields" not in text
        folder = f"pods/bookstore/{manifest['pods'][0]['name']}"  # type: ignore[index]
        names = {Path(name).name for name in opened.namelist() if name.startswith(folder)}
    assert names == {
        *("config_dump.json", "clusters.json", "listeners.json", "server_info.json"),
        *("certs.json", "stats.txt", "capture.json"),
    }


def test_two_hundred_sidecars_are_captured_within_a_time(
    cluster: Cluster, many: str, tmp_path: Path
) -> None:
    """In how much, this prints; how long it may take at most is asserted."""
    archive = tmp_path / "many.zip"
    start = time.monotonic()
    running = Run(cluster, "capture", "-n", many, "-o", archive)
    running.watch()
    done = running.end()
    seconds = time.monotonic() - start
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{archive}: {MANY} sidecars")
    print(f"{MANY} sidecars: {seconds:.1f} s, {running.memory >> 20} MiB, ", end="")
    print(f"{running.connections} connections")
    assert seconds < PATIENCE
    assert running.connections <= 8 + 1  # one of each worker, and of the lists
    assert running.memory < 200 << 20
    assert os.listdir(tmp_path) == [archive.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_capture_is_gone_on_with(
    cluster: Cluster, many: str, tmp_path: Path, number: signal.Signals
) -> None:
    archive = tmp_path / "many.zip"
    work = tmp_path / "many.zip.partial"
    first = Run(cluster, "capture", "-n", many, "-o", archive)
    first.watch(until=lambda: len(list(work.glob("pods/many/pod-*"))) >= 20)
    first.process.send_signal(number)
    interrupted = first.end()
    assert interrupted.code == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert interrupted.err.split("\n", 1)[0] == (
        f"osmscope: interrupted; the same command goes on from {work}"
    )
    assert interrupted.err.strip().count("\n") == 0
    assert os.listdir(tmp_path) == [work.name]
    assert not list(work.rglob(".unfinished-*"))
    kept = {path: (path / "capture.json").stat().st_mtime_ns for path in work.glob("pods/many/*")}
    assert 20 <= len(kept) < MANY
    second = Run(cluster, "capture", "-n", many, "-o", archive)
    second.watch()
    done = second.end()
    assert done.code == 0
    assert f"{len(kept)} sidecars of the interrupted run of" in done.err
    manifest = manifest_of(archive)
    pods = manifest["pods"]
    assert isinstance(pods, list)
    assert len(pods) == MANY
    # Each is as old as it is (times are of whole seconds), not as the end of the second run.
    assert sum(pod["recorded_at"] <= manifest["started_at"] for pod in pods) >= len(kept)
    assert os.listdir(tmp_path) == [archive.name]


def test_a_killed_capture_leaves_what_the_next_goes_on_from(
    cluster: Cluster, many: str, tmp_path: Path
) -> None:
    archive = tmp_path / "many.zip"
    work = tmp_path / "many.zip.partial"
    first = Run(cluster, "capture", "-n", many, "-o", archive)
    first.watch(until=lambda: len(list(work.glob("pods/many/pod-*"))) >= 5)
    first.process.kill()
    first.process.communicate()
    assert not archive.exists()
    assert len(list(first.folder.iterdir())) == 1  # of a kill nobody can do it; the next run does
    second = Run(cluster, "capture", "-n", many, "-o", archive, "--jobs", "4", folder=first.folder)
    second.watch()
    assert second.end().code == 0
    assert second.connections <= 4 + 1
    assert os.listdir(tmp_path) == [archive.name]


@pytest.mark.parametrize(
    ("user", "fields", "arguments", "code", "line"),
    [
        (
            "no-portforward",
            {},
            ("pod-000", "-n", "many"),
            4,
            "may not get pods/portforward in namespace many",
        ),
        ("nobody", {}, ("-n", "many"), 4, "may not list pods in namespace many"),
        ("operator", {"credentials": "expired-token"}, ("-n", "many"), 4, "credentials (401)"),
        ("operator", {}, ("-n", "many", "-l", "app=other"), 2, "no pods fit"),
        ("operator", {}, ("pod-999", "-n", "many"), 2, "no pod fits 'pod-999'"),
        ("operator", {}, (), 2, "nothing is to be captured"),
    ],
)
def test_what_cannot_be_captured_is_one_line(
    ask, many: str, tmp_path: Path, user, fields, arguments, code: int, line: str
) -> None:
    done = ask("capture", *arguments, "-o", tmp_path / "x.zip", user=user, **fields)
    assert done.code == code
    assert line in done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert os.listdir(tmp_path) == []


def test_lists_that_may_not_be_read_are_named_and_the_rest_is_captured(
    ask, many: str, tmp_path: Path
) -> None:
    archive = tmp_path / "x.zip"
    done = ask("capture", "pod-000", "-n", many, "-o", archive, user="pods-only")
    assert done.code == 0
    assert "services.json: user 'pods-only' may not list services" in done.err
    manifest = manifest_of(archive)
    assert manifest["lists"] == {
        "pods.json": len(range(MANY)) + manifest["lists"]["pods.json"] - MANY
    }  # type: ignore[index]
    assert "services.json" in manifest["errors"]  # type: ignore[operator]


def test_a_user_of_one_namespace_captures_it_with_its_lists(
    ask, bookstore: Bookstore, tmp_path: Path
) -> None:
    archive = tmp_path / "x.zip"
    done = ask("capture", "-n", "bookstore", "-o", archive, user="one-namespace")
    assert done.code == 0
    lists = manifest_of(archive)["lists"]
    assert isinstance(lists, dict)
    assert lists["pods.json"] == 3
    assert lists["services.json"] >= 2


def test_pods_without_a_sidecar_are_counted_and_named_ones_told(
    ask, cluster: Cluster, envoy: Address, tmp_path: Path
) -> None:
    cluster.add_namespace("mixed")
    application = {"name": "app", "image": "example.org/app:v1"}
    cluster.add_pod("with", namespace="mixed", admin=envoy)
    cluster.add_pod("without", namespace="mixed", containers=(application,))
    cluster.add_pod("pending", namespace="mixed", phase="Pending", ready=False)
    cluster.add_pod("unreachable", namespace="mixed")
    archive = tmp_path / "x.zip"
    done = ask("capture", "-n", "mixed", "-o", archive)
    assert done.code == 1
    assert "2 pods without a running sidecar left out" in done.err
    assert "mixed/unreachable: not captured: " in done.err
    assert done.out.startswith(f"{archive}: 1 sidecar,")
    done = ask("capture", "with", "without", "-n", "mixed", "-o", archive, "--force")
    assert done.code == 1
    assert "mixed/without: not captured: pod mixed/without has no sidecar" in done.err
    cluster.remove_pods("mixed")


def test_an_api_server_that_goes_away_is_told_and_gone_on_with_when_it_is_back(
    cluster: Cluster, many: str, tmp_path: Path
) -> None:
    archive = tmp_path / "many.zip"
    work = tmp_path / "many.zip.partial"
    first = Run(cluster, "capture", "-n", many, "-o", archive, "--request-timeout", "5")
    first.watch(until=lambda: len(list(work.glob("pods/many/pod-*"))) >= 10)
    cluster.stop_api_server()
    try:
        done = first.end()
    finally:
        cluster.start_api_server()
    assert done.code == 4
    given_up, error = done.err.splitlines()
    assert given_up == f"osmscope: given up; the same command goes on from {work}"
    assert error.startswith("osmscope: the API server ")
    assert os.listdir(tmp_path) == [work.name]
    second = Run(cluster, "capture", "-n", many, "-o", archive)
    second.watch()
    done = second.end()
    assert done.code == 0
    assert "sidecars of the interrupted run of" in done.err
    assert len(manifest_of(archive)["pods"]) == MANY  # type: ignore[arg-type]


def test_a_pod_that_is_deleted_meanwhile_is_named(
    cluster: Cluster, envoy: Address, tmp_path: Path
) -> None:
    cluster.add_namespace("short")
    for number in range(12):
        cluster.add_pod(f"pod-{number:02}", namespace="short", admin=envoy)
    archive = tmp_path / "x.zip"
    work = tmp_path / "x.zip.partial"
    running = Run(cluster, "capture", "-n", "short", "-o", archive, "--jobs", "1")
    running.watch(until=lambda: bool(list(work.glob("pods/short/pod-*"))))
    cluster.delete_pod("pod-11", "short")
    running.watch()
    done = running.end()
    assert done.code == 1, done.err
    assert "short/pod-11: not captured: " in done.err
    assert len(manifest_of(archive)["pods"]) == 11  # type: ignore[arg-type]
    cluster.remove_pods("short")
