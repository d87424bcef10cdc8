"""The cluster itself: what its users may do, where port-forwards lead, and what is left of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cluster.api import wait_until
from tests.cluster.bookstore import Bookstore
from tests.cluster.running import Address, Cluster, clean
from tests.cluster.users import Credentials

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]


def kubectl(cluster: Cluster, kubeconfig: Path, *arguments: str) -> tuple[int, str]:
    """Run kubectl; its exit code, and what it says."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cluster.folder)}
    completed = subprocess.run(
        [str(cluster.kubectl), "--kubeconfig", str(kubeconfig), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return completed.returncode, completed.stdout


def answer_through_kubectl(cluster: Cluster, pod: str, path: str) -> str:
    """Forward a port of a pod's admin page with kubectl, and ask."""
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig("operator"))]
    namespace, _, name = pod.partition("/")
    command += ["port-forward", "-n", namespace, name, ":15000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert port, line
        with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}{path}", timeout=20) as answer:
            text: str = answer.read().decode()
            return text
    finally:
        process.terminate()
        process.communicate()


def test_a_port_forward_reaches_an_envoy(cluster: Cluster, envoy: Address) -> None:
    cluster.add_pod("with-sidecar", admin=envoy)
    assert answer_through_kubectl(cluster, "default/with-sidecar", "/ready") == "LIVE\n"


def test_the_bookstore_is_listed_and_its_pods_lead_to_its_sidecars(
    cluster: Cluster, bookstore: Bookstore
) -> None:
    code, text = kubectl(cluster, cluster.kubeconfig("operator"), "get", "pods", "-A", "-o", "json")
    assert code == 0
    listed = {each["metadata"]["name"]: each for each in json.loads(text)["items"]}
    for pod in bookstore.mesh.mesh.pods:
        assert listed[pod.name]["status"]["podIP"] == pod.ip
        text = answer_through_kubectl(cluster, f"{pod.namespace}/{pod.name}", "/server_info")
        assert json.loads(text)["node"]["id"].startswith(pod.proxy_uuid)


@pytest.mark.parametrize(
    ("user", "credentials", "verb", "what", "expected"),
    [
        ("operator", "certificate", "list", "pods", (0, "yes")),
        ("operator", "token", "list", "pods", (0, "yes")),
        ("operator", "exec", "list", "services", (0, "yes")),
        ("operator", "certificate", "create", "pods --subresource=portforward", (0, "yes")),
        ("operator", "certificate", "delete", "pods", (1, "no")),
        ("no-portforward", "certificate", "create", "pods --subresource=portforward", (1, "no")),
        ("pods-only", "certificate", "list", "services", (1, "no")),
        ("get-only", "token", "list", "pods", (1, "no")),
        ("nobody", "certificate", "list", "pods", (1, "no")),
        ("one-namespace", "certificate", "list", "pods", (1, "no")),
        ("operator", "expired-token", "list", "pods", (1, "Unauthorized")),
        ("operator", "expired-certificate", "list", "pods", (1, "Unauthorized")),
    ],
)
def test_users_may_do_what_their_roles_say(
    cluster: Cluster,
    user: str,
    credentials: Credentials,
    verb: str,
    what: str,
    expected: tuple[int, str],
) -> None:
    kubeconfig = cluster.kubeconfig(user, credentials=credentials)
    code, text = kubectl(cluster, kubeconfig, "auth", "can-i", verb, *what.split())
    if credentials.startswith("expired"):
        assert (code, "must be logged in" in text or "Unauthorized" in text) == (1, True)
    else:
        assert (code, text.splitlines()[-1]) == expected


def test_the_user_of_one_namespace_lists_its_pods(cluster: Cluster) -> None:
    kubeconfig = cluster.kubeconfig("one-namespace")
    assert kubectl(cluster, kubeconfig, "-n", "bookstore", "get", "pods")[0] == 0


def test_the_api_server_goes_away_and_comes_back(cluster: Cluster) -> None:
    cluster.add_pod("still-there")
    kubeconfig = cluster.kubeconfig("operator")
    cluster.stop_api_server()
    try:
        code, text = kubectl(cluster, kubeconfig, "get", "pods")
        assert code == 1
        assert "refused" in text
    finally:
        cluster.start_api_server()
    assert "still-there" in kubectl(cluster, kubeconfig, "get", "pods")[1]


def test_a_deleted_pod_ends(cluster: Cluster) -> None:
    cluster.add_pod("short-lived")
    cluster.delete_pod("short-lived")
    assert "short-lived" not in kubectl(cluster, cluster.kubeconfig("operator"), "get", "pods")[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_cluster_however_it_ends(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.cluster", "up"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert any("Ctrl-C ends it" in line for line in process.stdout)
        children = [int(pid) for pid in _children(process.pid)]
        assert len(children) == 3
    finally:
        process.send_signal(number)
        process.communicate(timeout=60)
    wait_until(lambda: not any(map(_is_running, children)), "its processes have ended", seconds=10)
    clean()
    assert not list(Path("/tmp").glob(f"osmscope-cluster-{process.pid}-*"))


def _children(process_id: int) -> list[str]:
    return Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()


def _is_running(process_id: int) -> bool:
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_silent_api_server_answers_again(cluster: Cluster) -> None:
    with cluster.silent_api_server():
        time.sleep(0.1)
        assert not cluster.api.is_ready(seconds=0.5)
    wait_until(cluster.api.is_ready, "the API server answers again")
