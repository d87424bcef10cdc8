"""SOURCE as a pod's name, asked of a real API server: found, forwarded, traced, or said why not."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from osmscope.errors import SourceError
from osmscope.source import kubeconfig
from osmscope.source.admin import read_admin
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubernetes import Cluster as Live
from tests.cluster import objects
from tests.cluster.bookstore import Bookstore
from tests.cluster.pods import DEADLINE, add_pod, silent_admin
from tests.cluster.running import Address, Cluster
from tests.cluster.users import Credentials

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("nothing_is_left_behind")]

TARGET = "bookstore.bookstore:14001/books"


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
    with silent_admin() as port:
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


@pytest.mark.parametrize("name", ["a/../../secrets", "a?b", "..", "a b", "A", "a#"])
def test_a_name_is_never_a_path(live: Live, name: str) -> None:
    assert live.pod("default", name) is None
    with pytest.raises(SourceError, match="is no name of an object"):
        live.pods(name)
