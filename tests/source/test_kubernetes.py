"""An API server that answers otherwise than it should; the real one is in tests/cluster."""

from __future__ import annotations

import json
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osmscope.errors import ForbiddenError, SourceError, UnreachableError
from osmscope.source.event_loop import EventLoop
from osmscope.source.kubeconfig import find_credentials
from osmscope.source.kubectl_forward import KubectlForward
from osmscope.source.kubernetes import Cluster
from osmscope.source.kubernetes_api import PODS, SERVICES, Question
from osmscope.source.kubernetes_lists import PodFacts
from osmscope.source.kubernetes_names import Asking, LivePodNames, LiveServices
from tests.source.stub_api_server import Answer, StubApiServer, listed, pod, stub_api_server


@pytest.fixture
def stub() -> Iterator[StubApiServer]:
    with stub_api_server(lambda path: (200, listed())) as running:
        yield running


@pytest.fixture
def cluster(stub: StubApiServer, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(find_credentials(stub.kubeconfig(tmp_path / "k")), deadline=5) as found:
        yield found


def status(code: int, message: str) -> Answer:
    return code, json.dumps({"kind": "Status", "message": message}).encode()


def test_a_list_is_read_page_by_page(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: (
        (200, listed(pod("b")))
        if "continue=two" in path
        else (200, listed(pod("a"), further="two"))
    )
    assert [one.workload for one in cluster.pods("default")] == ["a", "b"]
    assert stub.asked == [
        "/api/v1/namespaces/default/pods?limit=500",
        "/api/v1/namespaces/default/pods?limit=500&continue=two",
    ]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (status(500, "etcd is away"), "the API server answers 500: etcd is away"),
        (status(503, ""), "the API server answers 503"),
        ((502, b"<html>bad gateway</html>"), "the API server answers 502"),
        ((200, b"<html>log in</html>"), "cannot be read"),
        ((200, b'{"items": 7}'), "cannot be read"),
        ((200, b'{"items": [{"metadata": 7}]}'), "cannot be read"),
        (status(401, "Unauthorized"), r"does not accept the credentials \(401\)"),
        ((401, b"<html>"), r"does not accept the credentials \(401\)"),
        (status(429, "slow down"), "the API server answers 429: slow down"),
        ((302, b""), "the API server answers 302"),
    ],
)
def test_an_answer_that_is_no_list(
    stub: StubApiServer, cluster: Cluster, answer: Answer, message: str
) -> None:
    stub.answer = lambda path: answer
    with pytest.raises(SourceError, match=message):
        cluster.pods("default")


def test_what_is_forbidden_says_who_may_not_do_what(stub: StubApiServer, cluster: Cluster) -> None:
    text = 'pods is forbidden: User "eve" cannot list resource "pods"'
    stub.answer = lambda path: status(403, text)
    with pytest.raises(ForbiddenError) as caught:
        cluster.pods("bookstore")
    assert caught.value.message == "user 'eve' may not list pods in namespace bookstore"
    assert caught.value.hint == "ask for the verb list on pods in namespace bookstore"
    assert len(stub.asked) == 1


def test_who_is_refused_is_asked_for_credentials_again(
    stub: StubApiServer, cluster: Cluster
) -> None:
    answers = iter([status(401, "no"), (200, listed(pod("a")))])
    stub.answer = lambda path: next(answers)
    assert len(cluster.pods("default")) == 1


def test_a_pod_that_is_not_there_is_none(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: status(404, "not found")
    assert cluster.pod("default", "x") is None
    stub.answer = lambda path: (200, b"[]")
    with pytest.raises(SourceError, match="cannot be read"):
        cluster.pod("default", "x")


def test_an_answer_has_a_deadline(stub: StubApiServer, tmp_path: Path) -> None:
    def slow(path: str) -> Answer:
        time.sleep(2)
        return 200, listed()

    stub.answer = slow
    with Cluster(find_credentials(stub.kubeconfig(tmp_path / "k")), deadline=0.3) as cluster:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match=r"does not answer within 0\.3 seconds"):
            cluster.pods("default")
        assert time.monotonic() - start < 1.9


def test_nobody_listens_there(stub: StubApiServer, tmp_path: Path) -> None:
    stub.address = "http://127.0.0.1:1"
    with (
        Cluster(find_credentials(stub.kubeconfig(tmp_path / "k")), deadline=5) as cluster,
        pytest.raises(UnreachableError, match="the API server cannot be reached"),
    ):
        cluster.pods("default")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "the credential plugin failed"),
        ("echo not logged in >&2; exit 1", "the credential plugin failed: not logged in"),
        ("echo 7", "the credential plugin printed none"),
        ("echo hello", "the credential plugin printed none"),
        ("echo '{}'", "the credential plugin printed none"),
        ("sleep 9", "does not answer within"),
    ],
)
def test_a_credential_plugin_that_fails(
    stub: StubApiServer, tmp_path: Path, script: str, message: str
) -> None:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
    }  # fmt: skip
    path = stub.kubeconfig(tmp_path / "k", exec=plugin)
    with (
        Cluster(find_credentials(path), deadline=1) as cluster,
        pytest.raises(UnreachableError, match=message),
    ):
        cluster.pods("default")
    assert stub.asked == []


def test_a_plugin_that_is_not_installed_says_how_to_get_it(
    stub: StubApiServer, tmp_path: Path
) -> None:
    plugin = {"apiVersion": "v1", "command": "no-such-plugin", "installHint": "brew\ninstall it"}
    path = stub.kubeconfig(tmp_path / "k", exec=plugin)
    with (
        Cluster(find_credentials(path), deadline=5) as cluster,
        pytest.raises(UnreachableError, match="the credentials need 'no-such-plugin'") as caught,
    ):
        cluster.pods("default")
    assert caught.value.hint == "brew install it"


def test_passwords_are_of_the_past(stub: StubApiServer, tmp_path: Path) -> None:
    path = stub.kubeconfig(tmp_path / "k", username="a", password="b")
    with (
        Cluster(find_credentials(path), deadline=5) as cluster,
        pytest.raises(UnreachableError, match="the credentials cannot be used: username/password"),
    ):
        cluster.pods("default")


def test_a_closed_cluster_is_closed_twice(stub: StubApiServer, tmp_path: Path) -> None:
    cluster = Cluster(find_credentials(stub.kubeconfig(tmp_path / "k")), deadline=5)
    assert cluster.pods("default") == []
    cluster.close()
    cluster.close()


# --- what is asked beside the dump ------------------------------------------------------------


def service(name: str, namespace: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": "10.96.0.1"}}


def test_services_are_asked_for_one_by_one_and_once(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: (200, listed(service("web", "shop")))
    services = LiveServices(Asking(cluster))
    for _ in range(2):
        assert services.find("shop", "web") is not None
        assert services.named("web") != []
    assert services.find("", "web") is None
    assert services.named("web.shop") == []
    assert stub.asked == [
        "/api/v1/namespaces/shop/services?fieldSelector=metadata.name%3Dweb&limit=500",
        "/api/v1/services?fieldSelector=metadata.name%3Dweb&limit=500",
    ]


def test_many_services_are_listed(stub: StubApiServer, cluster: Cluster) -> None:
    services = LiveServices(Asking(cluster))
    for number in range(50):
        services.find("shop", f"service-{number}")
    assert len(stub.asked) == 17
    assert stub.asked[-1] == "/api/v1/namespaces/shop/services?limit=500"


def test_what_may_not_be_read_is_noted_once(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: status(403, 'User "eve"')
    asking = Asking(cluster)
    services = LiveServices(asking)
    for name in "abc":
        assert services.find("shop", name) is None
    assert asking.notes == [
        "user 'eve' may not list services in namespace shop: addresses are told from the dump alone"
    ]
    assert len(stub.asked) == 1


def test_a_cluster_that_is_lost_is_not_asked_again(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: status(500, "away")
    asking = Asking(cluster)
    assert asking.pages(Question(kind=PODS)) is None
    assert asking.pages(Question(kind=SERVICES)) is None
    assert len(stub.asked) == 1
    assert "not looked up any more" in asking.notes[0]


def test_a_pods_name_is_looked_up_by_its_address(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: (200, listed(pod("web")))
    names = LivePodNames(Asking(cluster), lambda: ())
    assert names.get("10.244.0.5") == "web-5ccf77f46d-rc5mg"
    assert names.get("10.244.0.5") == "web-5ccf77f46d-rc5mg"
    assert names.get("web.example.org") is None
    assert (len(names), list(names)) == (1, ["10.244.0.5"])
    assert stub.asked == ["/api/v1/pods?fieldSelector=status.podIP%3D10.244.0.5&limit=500"]


def test_an_address_of_several_pods_has_no_name(stub: StubApiServer, cluster: Cluster) -> None:
    stub.answer = lambda path: (200, listed(pod("a"), pod("b")))
    assert LivePodNames(Asking(cluster), lambda: ()).get("10.244.0.5") is None


def test_namespaces_are_asked_where_all_together_may_not_be(
    stub: StubApiServer, cluster: Cluster
) -> None:
    def answer(path: str) -> Answer:
        return (200, listed(pod("web"))) if "/shop/" in path else status(403, "")

    stub.answer = answer
    asking = Asking(cluster)
    assert LivePodNames(asking, lambda: ("other", "shop")).get("10.244.0.5") is not None
    assert asking.notes == []
    assert LivePodNames(asking, lambda: ("other",)).get("10.244.0.5") is None
    assert asking.notes == ["pods of other may not be listed: endpoints there have no names"]


# --- kubectl ----------------------------------------------------------------------------------


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], KubectlForward]:
    """Make a kubectl of a shell script, and a forward that runs it."""

    def forward(script: str) -> KubectlForward:
        program = tmp_path / "kubectl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return KubectlForward(("--context=c",), PodFacts(namespace="n", name="p"), 15000, 1.0)

    return forward


def test_kubectl_says_where_it_forwards(kubectl: Callable[[str], KubectlForward]) -> None:
    forward = kubectl('echo "Forwarding from 127.0.0.1:4711 -> 15000"; echo "$@" >&2; sleep 60')
    try:
        assert forward.start() == "http://127.0.0.1:4711"
        assert forward.failure is None
    finally:
        start = time.monotonic()
        forward.stop()
    assert time.monotonic() - start < 5
    forward.stop()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "kubectl: it ended without a word"),
        ("echo 'error: pod not found' >&2; exit 1", "kubectl: pod not found"),
        ("sleep 60", "kubectl port-forward is not ready within 1 seconds"),
        ("echo 'pods \"p\" is forbidden: no' >&2; exit 1", "is forbidden"),
    ],
)
def test_a_kubectl_that_does_not_forward(
    kubectl: Callable[[str], KubectlForward], script: str, message: str
) -> None:
    with pytest.raises(UnreachableError, match=message) as caught:
        kubectl(script).start()
    assert isinstance(caught.value, ForbiddenError) == ("forbidden" in message)


def test_what_kubectl_says_of_a_connection_is_the_failure(
    kubectl: Callable[[str], KubectlForward],
) -> None:
    forward = kubectl(
        'echo "Forwarding from 127.0.0.1:4711 -> 15000";'
        'echo \'E1 portforward.go:4] "Unhandled Error" err="dial \\"x\\": connection refused"\';'
        "echo 'error: lost connection to pod'"
    )
    forward.start()
    end = time.monotonic() + 5
    while forward.failure is None and time.monotonic() < end:
        time.sleep(0.02)
    assert forward.failure is not None
    assert forward.failure.message == "nothing listens on port 15000 of pod n/p"
    forward.stop()


def test_without_kubectl_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    forward = KubectlForward((), PodFacts(namespace="n", name="p"), 15000, 1.0)
    with pytest.raises(UnreachableError, match="kubectl is not installed"):
        forward.start()


# --- the loop ---------------------------------------------------------------------------------


def test_a_loop_runs_for_other_threads_and_ends() -> None:
    import asyncio

    async def three() -> int:
        await asyncio.sleep(0)
        return 3

    loop = EventLoop()
    assert loop.run(three(), 1) == 3
    with pytest.raises(TimeoutError):
        loop.run(asyncio.sleep(5), 0.05)
    loop.close()
    loop.close()
    assert sys.version_info
