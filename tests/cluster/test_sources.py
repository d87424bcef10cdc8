"""SOURCE as a pod's name, asked of a real API server: found, forwarded, traced, or said why not."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from osmscope.errors import SourceError, UnreachableError
from osmscope.source import kubeconfig
from osmscope.source.admin import read_admin
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubernetes import Cluster as Live
from osmscope.source.kubernetes_lists import PodFacts
from tests.cluster import objects
from tests.cluster.api import wait_until
from tests.cluster.bookstore import Bookstore
from tests.cluster.running import Address, Cluster
from tests.cluster.users import Credentials

pytestmark = pytest.mark.cluster

TARGET = "bookstore.bookstore:14001/books"
DEADLINE = 20.0


@pytest.fixture
def live(cluster: Cluster) -> Iterator[Live]:
    """The cluster as osmscope sees it."""
    with Live(find_credentials(str(cluster.kubeconfig("operator"))), deadline=DEADLINE) as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No folders, threads or processes of a forward outlive a test."""
    temporary, threads = tmp_path_factory.mktemp("t"), threading.active_count()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield

    def have_ended() -> bool:
        gc.collect()  # a cluster that is forgotten is closed, when its loop has let go of it too
        return threading.active_count() <= threads

    wait_until(have_ended, "the threads have ended", seconds=5)
    assert list(temporary.iterdir()) == []
    keepers = ["pgrep", "-P", str(os.getpid()), "-f", "keeper.py"]
    assert subprocess.run(keepers, capture_output=True).stdout == b""


def add_pod(
    cluster: Cluster, name: str, admin: Address, *, is_open: bool = True, **fields: object
) -> None:
    """Make a pod, and wait until KWOK knows where its port leads."""
    cluster.add_pod(name, admin=admin, **fields)  # type: ignore[arg-type]
    port = int(fields.get("admin_port", 15000))  # type: ignore[call-overload]
    with Live(find_credentials(str(cluster.kubeconfig("operator"))), deadline=DEADLINE) as live:
        facts = live.pod("default", name)
        assert facts is not None
        wait_until(lambda: _leads(live, facts, port, is_open), f"port {port} of {name} leads on")


def _leads(live: Live, facts: PodFacts, port: int, is_open: bool) -> bool:
    """Whether a connection stays open, or is refused by the one it leads to."""
    try:
        with live.forward(facts, port) as address:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(0.3)
                connection.connect(address.removeprefix("unix://"))
                try:
                    closed = connection.recv(1) == b""
                except TimeoutError:
                    closed = False
            if closed:
                raise UnreachableError("closed")
            return True
    except UnreachableError as error:
        return not is_open and "nothing listens" in error.message


# --- the bookstore mesh -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "options", "said"),
    [
        ("bookbuyer", (), "is the only pod of Deployment bookbuyer"),
        ("bookbuyer/bookbuyer", (), ""),
        ("bookbuyer.bookbuyer", (), ""),
        ("deploy/bookbuyer", ("-n", "bookbuyer"), "is the only pod of Deployment bookbuyer"),
        ("bookbuyer", ("--via", "kubectl"), ""),
    ],
)
def test_a_pod_is_traced_by_its_names(
    ask, bookstore: Bookstore, selector: str, options: tuple[str, ...], said: str
) -> None:
    asked = ask("trace", selector, TARGET, *options)
    assert asked.code == 0, asked.err
    assert "✓ bookbuyer → GET bookstore.bookstore:14001/books" in asked.out
    assert "service bookstore/bookstore has the ClusterIP" in asked.text
    assert said in asked.text
    for pod in bookstore.mesh.mesh.pods:  # pods are named, not only addressed
        if pod.workload.startswith("bookstore-v"):
            assert pod.name in asked.out


def test_a_pod_itself_is_found_in_every_form(ask, bookstore: Bookstore) -> None:
    pod = bookstore.pod("bookbuyer")
    for selector in (
        pod.name, f"pod/{pod.name}", f"{pod.namespace}/{pod.name}", f"{pod.name}.{pod.namespace}",
    ):  # fmt: skip
        assert ask("info", selector).code == 0


def test_any_ready_pod_of_a_workload_or_service_stands_for_it(ask, bookstore: Bookstore) -> None:
    assert "stands for 2 pods of Deployment bookstore-v2" in ask(
        "trace", "deploy/bookstore-v2", TARGET, "--direction", "inbound", "-n", "bookstore"
    ).text  # fmt: skip
    assert "pods of service bookstore/bookstore" in ask(
        "trace", "svc/bookstore", TARGET, "--direction", "inbound"
    ).text  # fmt: skip


def test_the_answer_is_that_of_a_file(ask, bookstore: Bookstore, live: Live, tmp_path) -> None:
    pod = bookstore.pod("bookbuyer")
    facts = live.pod(pod.namespace, pod.name)
    assert facts is not None
    with live.forward(facts, 15000) as address:
        dump, clusters = (read_admin(address, what) for what in ("config_dump", "clusters"))
    (tmp_path / "config_dump.json").write_bytes(dump.data)
    (tmp_path / "clusters.json").write_bytes(clusters.data)
    target = (TARGET, "-o", "jsonl")
    assert ask("trace", pod.name, *target).out == ask("trace", str(tmp_path), *target).out


@pytest.mark.parametrize(
    ("user", "denied"),
    [
        ("pods-only", ("services in namespace bookstore",)),
        ("one-namespace", ()),
        ("get-only", ("services in namespace bookstore", "pods of bookbuyer, bookstore")),
    ],
)
def test_what_a_user_may_not_read_is_named_once(
    ask, bookstore: Bookstore, user: str, denied: tuple[str, ...]
) -> None:
    pod = bookstore.pod("bookstore-v1" if user == "one-namespace" else "bookbuyer")
    asked = ask("trace", f"{pod.namespace}/{pod.name}", TARGET, user=user)
    assert asked.code == 0, asked.err
    for what in denied:
        assert what in asked.text
    assert len(set(asked.err.splitlines())) == len(asked.err.splitlines())


def test_udp_goes_straight(ask, bookstore: Bookstore) -> None:
    asked = ask("trace", "bookbuyer/bookbuyer", "udp://bookstore.bookstore:53")
    assert (asked.code, asked.err) == (3, "")
    assert "? bookbuyer → udp bookstore.bookstore:53 goes past the sidecar" in asked.text
    assert "✗ interception straight to 10.96.18.11:53 no rule redirects UDP" in asked.text


def test_a_mesh_config_that_changed_since_is_told(
    ask, cluster: Cluster, bookstore: Bookstore
) -> None:
    (config,) = cluster.api.list("MeshConfig", "osm-system")
    path = f"{objects.collection('MeshConfig', 'osm-system')}/osm-mesh-config"
    spec = config["spec"]
    assert isinstance(spec, dict)
    for excluded in ([14001], []):
        spec["traffic"]["outboundPortExclusionList"] = excluded
        config = cluster.api.request("PUT", path, config | {"spec": spec})
        asked = ask("trace", "bookbuyer/bookbuyer", TARGET)
        assert asked.code == 0, asked.err
        told = "for a pod that is made now, the MeshConfig leaves port 14001 out"
        assert (told in asked.text) == bool(excluded)
    silent = ask("trace", "bookbuyer/bookbuyer", TARGET, user="pods-only")
    assert "meshconfigs" not in silent.text


# --- what stands against it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "fields", "message"),
    [
        (
            "no-portforward",
            {},
            "user 'no-portforward' may not get pods/portforward in namespace default",
        ),
        ("nobody", {}, "may not list pods in"),
        ("operator", {"credentials": "expired-token"}, "does not accept the credentials (401)"),
        (
            "operator",
            {"credentials": "expired-certificate"},
            "does not accept the credentials (401)",
        ),
        ("operator", {"credentials": "none"}, "user 'system:anonymous' may not list pods"),
    ],
)
def test_a_user_who_may_not_is_told_what_to_ask_for(
    cluster: Cluster, envoy: Address, ask, user: str, fields: dict[str, object], message: str
) -> None:
    add_pod(cluster, "refusing", envoy)
    asked = ask("trace", "refusing", TARGET, user=user, **fields)
    assert asked.code == 4
    assert message in asked.err
    assert asked.err.count("\n") == 1


@pytest.mark.parametrize("credentials", ["token", "exec"])
def test_tokens_and_plugins_say_who_asks(
    cluster: Cluster, envoy: Address, ask, credentials: Credentials
) -> None:
    add_pod(cluster, "asked-with-a-token", envoy)
    asked = ask("info", "asked-with-a-token", credentials=credentials)
    assert asked.code == 0, asked.err


def test_a_pod_of_the_cluster_asks_as_its_service_account(
    cluster: Cluster, envoy: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pod(cluster, "asked-from-within", envoy)
    (tmp_path / "token").write_text(cluster.token("operator"))
    shutil.copy(cluster.folder / "ca.crt", tmp_path)
    (tmp_path / "namespace").write_text("default")
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    host, _, port = cluster.server.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    with Live(find_credentials(), deadline=DEADLINE) as live:
        facts = live.pod("default", "asked-from-within")
        assert facts is not None
        with live.forward(facts, 15000) as address:
            assert read_admin(address, "server_info").data
    assert (tmp_path / "ca.crt").exists()


def test_keys_in_the_kubeconfig_leave_no_files(
    cluster: Cluster, envoy: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64
    import json

    add_pod(cluster, "with-inline-keys", envoy)
    config = json.loads(cluster.kubeconfig("operator").read_text())
    for part, names in (
        ("user", ("client-certificate", "client-key")),
        ("cluster", ("certificate-authority",)),
    ):
        body = config[f"{part}s"][0][part]
        for name in names:
            content = Path(body.pop(name)).read_bytes()
            body[f"{name}-data"] = base64.b64encode(content).decode()
    path = tmp_path / "kubeconfig.json"
    path.write_text(json.dumps(config))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with Live(find_credentials(str(path)), deadline=DEADLINE) as live:
        facts = live.pod("default", "with-inline-keys")
        assert facts is not None
        with live.forward(facts, 15000) as address:
            assert read_admin(address, "server_info").data
            assert [one.name for one in temporary.rglob("*") if one.is_file()] == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("via", ["api", "kubectl"])
def test_a_port_that_nobody_listens_on(cluster: Cluster, ask, via: str) -> None:
    with running_admin() as port:
        pass
    add_pod(cluster, "listens-nowhere", ("127.0.0.1", port), is_open=False)
    asked = ask("trace", "listens-nowhere", TARGET, "--via", via, "--request-timeout", "10")
    assert asked.code == 4
    assert "nothing listens on port 15000 of pod default/listens-nowhere" in asked.err


def test_a_pod_without_sidecar_sends_straight(cluster: Cluster, ask) -> None:
    cluster.add_pod("bare", containers=(objects.APPLICATION,))
    asked = ask("trace", "bare", TARGET)
    assert (asked.code, asked.err) == (3, "")
    assert "? bare → GET bookstore.bookstore:14001/books goes past the sidecar" in asked.text
    assert "✗ interception straight to " in asked.text
    assert "pod default/bare has no sidecar, only app" in asked.text
    asked = ask("get", "clusters", "bare")
    assert asked.code == 4
    assert "pod default/bare has no sidecar, only app: its traffic goes straight" in asked.err


def test_an_admin_port_may_be_told(cluster: Cluster, envoy: Address, ask) -> None:
    add_pod(cluster, "elsewhere", envoy, admin_port=7777, containers=(objects.APPLICATION,))
    assert ask("info", "elsewhere", "--admin-port", "7777").code == 0


def test_a_pod_that_does_not_run(cluster: Cluster, ask) -> None:
    cluster.add_pod("waiting", phase="Pending", ready=False)
    asked = ask("trace", "waiting", TARGET)
    assert asked.code == 4
    assert "pod default/waiting is Pending, not Running" in asked.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trace", "zzz", TARGET), "no pod fits 'zzz' in all namespaces"),
        (("trace", "zzz", TARGET, "-n", "default"), "no pod fits 'zzz' in namespace default"),
        (("trace", "svc/zzz", TARGET), "there is no service 'zzz'"),
        (("trace", "svc/near-serv", TARGET), "did you mean svc/near-service"),
        (("trace", "near-mis", TARGET), "did you mean near-miss"),
        (("trace", "x", TARGET, "--context", "operato"), "did you mean operator"),
    ],
)
def test_a_name_that_fits_nothing(
    cluster: Cluster, ask, arguments: tuple[str, ...], message: str
) -> None:
    cluster.add_pod("near-miss")
    metadata = {"name": "near-service", "namespace": "default"}
    spec = {"ports": [{"port": 80}]}
    cluster.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    asked = ask(*arguments)
    assert asked.code == 2
    assert message in asked.err
    assert asked.err.count("\n") == 1


def test_a_name_that_fits_several(cluster: Cluster, ask) -> None:
    for name in ("several-1", "several-2"):
        cluster.add_pod(name, labels={"app": "several"})
    asked = ask("trace", "several", TARGET)
    assert asked.code == 2
    assert "'several' fits 2 workloads" in asked.err
    assert "default/several-1, default/several-2" in asked.err


def test_a_user_of_one_namespace_is_told_to_name_it(cluster: Cluster, ask) -> None:
    asked = ask("trace", "zzz", TARGET, user="one-namespace", namespace="bookstore")
    assert asked.code == 2
    assert "give -n NAMESPACE" in asked.err


def test_a_pod_that_is_deleted_in_the_middle(cluster: Cluster, live: Live) -> None:
    with running_admin() as admin:
        address = cluster.relay("deleted", f"127.0.0.1:{admin}")
        add_pod(cluster, "deleted", address)
        facts = live.pod("default", "deleted")
        assert facts is not None

        def end() -> None:
            cluster.delete_pod("deleted")
            cluster.cut("deleted")

        ending = threading.Timer(0.5, end)

        def read() -> None:
            with live.forward(facts, 15000) as way:
                ending.start()
                read_admin(way, "config_dump", deadline=DEADLINE)

        start = time.monotonic()
        with pytest.raises(UnreachableError, match="was deleted in the meantime"):
            read()
        assert time.monotonic() - start < DEADLINE  # the API server tells, not the clock
        ending.join()


def test_a_watched_pod_that_is_replaced(cluster: Cluster, envoy: Address, tmp_path: Path) -> None:
    """It is told once that it was deleted, then which one stands for it."""
    add_pod(cluster, "watched-1", cluster.relay("watched-1", _socket_of(envoy)), labels=WATCHED)
    environment = os.environ | {
        "KUBECONFIG": str(cluster.kubeconfig("operator")), "TMPDIR": str(tmp_path),
        "PYTHONUNBUFFERED": "1", "COLUMNS": "160",
    }  # fmt: skip
    command = [sys.executable, "-m", "osmscope", "trace", "watched", TARGET, "--watch", "0.5"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            assert any("watched-1 is the only pod of" in line for line in lines)
            cluster.delete_pod("watched-1")
            cluster.cut("watched-1")
            assert "! pod default/watched-1 was deleted in the meantime" in next(
                line for line in lines if " ! " in line
            )
            cluster.add_pod("watched-2", admin=envoy, labels=WATCHED)
            told = [next(lines) for _ in range(1)]
            while not any("back" in line for line in told):
                told.append(next(lines))
            assert "watched-2 is the only pod of" in next(lines)
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 130


WATCHED = {"app": "watched"}


def _socket_of(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


class running_admin:  # noqa: N801
    """A server that takes a question, and never answers."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port: int = self._socket.getsockname()[1]
        return port

    def __exit__(self, *error: object) -> None:
        self._socket.close()


def test_an_api_server_that_is_silent_has_a_deadline(cluster: Cluster) -> None:
    credentials = find_credentials(str(cluster.kubeconfig("operator")))
    with cluster.silent_api_server(), Live(credentials, deadline=1.0) as live:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="does not answer within 1 seconds"):
            live.pods("default")
        assert time.monotonic() - start < 10
    assert credentials.server


def test_an_api_server_that_goes_away_and_comes_back(
    cluster: Cluster, envoy: Address, live: Live
) -> None:
    add_pod(cluster, "before-and-after", envoy)
    assert live.pod("default", "before-and-after") is not None
    cluster.stop_api_server()
    try:
        with pytest.raises(UnreachableError, match="cannot be reached"):
            live.pod("default", "before-and-after")
    finally:
        cluster.start_api_server()
    facts = live.pod("default", "before-and-after")
    assert facts is not None
    wait_until(lambda: _leads(live, facts, 15000, True), "KWOK knows its ports again")
    with live.forward(facts, 15000) as address:
        assert read_admin(address, "server_info").data


# --- many, and interrupted --------------------------------------------------------------------


def test_many_pods_at_once_from_threads(cluster: Cluster, envoy: Address, live: Live) -> None:
    pods = []
    for number in range(40):
        add_pod(cluster, f"many-{number}", envoy)
        facts = live.pod("default", f"many-{number}")
        assert facts is not None
        pods.append(facts)

    def size(facts: PodFacts) -> int:
        with live.forward(facts, 15000) as address:
            return len(read_admin(address, "config_dump").data)

    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(size, pods))
    assert min(sizes) > 1000


@pytest.mark.parametrize("via", ["api", "kubectl"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_trace_leaves_nothing_behind(
    cluster: Cluster, tmp_path: Path, via: str, number: signal.Signals, code: int
) -> None:
    with running_admin() as admin:
        name = f"interrupted-{via}-{number}"
        add_pod(cluster, name, cluster.relay(name, f"127.0.0.1:{admin}"))
        environment = os.environ | {
            "KUBECONFIG": str(cluster.kubeconfig("operator")), "TMPDIR": str(tmp_path),
        }  # fmt: skip
        command = [sys.executable, "-m", "osmscope", "trace", name, TARGET, "--via", via]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        time.sleep(3)
        process.send_signal(number)
        assert process.wait(15) == code
        assert process.stderr is not None
        process.stderr.close()
        cluster.cut(name)
    time.sleep(0.5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a/../../secrets", "a?b", "..", "a b", "A", "a#"])
def test_a_name_is_never_a_path(live: Live, name: str) -> None:
    assert live.pod("default", name) is None
    with pytest.raises(SourceError, match="is no name of an object"):
        live.pods(name)
