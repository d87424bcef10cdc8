import pytest

from osmscope.errors import SelectorError
from osmscope.source.kubernetes_lists import PodFacts
from osmscope.source.pod_selection import Wanted, nearest, select, wanted


def pod(full_name: str, kind: str = "Deployment", **fields: object) -> PodFacts:
    namespace, name = full_name.split("/")
    workload = name.rsplit("-", 2)[0] if kind == "Deployment" else name.rsplit("-", 1)[0]
    replica_set = name.rsplit("-", 1)[0] if kind == "Deployment" else ""
    facts = {"workload": workload, "workload_kind": kind, "replica_set": replica_set, **fields}
    return PodFacts(namespace=namespace, name=name, **facts)  # type: ignore[arg-type]


PODS = (
    pod("bookbuyer/bookbuyer-aaa-1", app="bookbuyer", service_account="buyer"),
    pod("bookbuyer/bookbuyer-aaa-2", app="bookbuyer", service_account="buyer"),
    pod("bookstore/bookstore-v1-bbb-1", app="bookstore"),
    pod("bookstore/bookstore-v2-ccc-1", app="bookstore"),
    pod("data/mysql-0", "StatefulSet"),
    pod("data/agent-x", "DaemonSet"),
    pod("other/mysql", "Pod", workload="mysql"),
    pod("other/v1.web", "Pod", workload="v1.web"),
)


@pytest.mark.parametrize(
    ("selector", "readings"),
    [
        ("pod-1", [Wanted("pod-1")]),
        ("ns/pod-1", [Wanted("pod-1", "ns")]),
        ("pod-1.ns", [Wanted("pod-1.ns"), Wanted("pod-1", "ns")]),
        ("pod/pod-1", [Wanted("pod-1", kind="Pod"), Wanted("pod-1", "pod")]),
        ("deploy/web", [Wanted("web", kind="Deployment"), Wanted("web", "deploy")]),
        ("Deployment/web", [Wanted("web", kind="Deployment"), Wanted("web", "Deployment")]),
        ("ns/sts/db", [Wanted("db", "ns", "StatefulSet")]),
        (
            "svc/web.ns",
            [
                Wanted("web.ns", kind="Service"),
                Wanted("web", "ns", "Service"),
                Wanted("web.ns", "svc"),
            ],
        ),
        ("trailing.", [Wanted("trailing.")]),
    ],
)
def test_a_selector_may_be_read_in_several_ways(selector: str, readings: list[Wanted]) -> None:
    assert list(wanted(selector)) == readings


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("bookbuyer-aaa-2", "bookbuyer-aaa-2"),
        ("pod/bookbuyer-aaa-2", "bookbuyer-aaa-2"),
        ("bookbuyer/bookbuyer-aaa-2", "bookbuyer-aaa-2"),
        ("bookbuyer-aaa-2.bookbuyer", "bookbuyer-aaa-2"),
        ("bookbuyer", "bookbuyer-aaa-1"),
        ("deploy/bookbuyer", "bookbuyer-aaa-1"),
        ("rs/bookbuyer-aaa", "bookbuyer-aaa-1"),
        ("deployment/bookbuyer.bookbuyer", "bookbuyer-aaa-1"),
        ("buyer", "bookbuyer-aaa-1"),
        ("sa/buyer", "bookbuyer-aaa-1"),
        ("sts/mysql", "mysql-0"),
        ("mysql", "mysql"),
        ("data/mysql", "mysql-0"),
        ("ds/agent", "agent-x"),
        ("v1.web", "v1.web"),
        ("v1.web.other", "v1.web"),
    ],
)
def test_the_most_exact_reading_decides(selector: str, name: str) -> None:
    assert select(selector, PODS)[0].name == name


@pytest.mark.parametrize(
    "selector",
    ["nothing", "pod/bookbuyer", "deploy/mysql", "sts/bookbuyer", "sa/bookbuyer", "other/bookbuyer",
     "rs/bookbuyer", "job/mysql", "svc/bookbuyer", "a/b/c"],
)  # fmt: skip
def test_a_kind_or_a_namespace_is_meant(selector: str) -> None:
    assert select(selector, PODS) == ()


def test_a_workload_whose_kind_is_not_known_may_be_of_any() -> None:
    unknown = pod("n/web-aaa-1", workload_kind="")
    assert select("sts/web", [unknown]) == (unknown,)


def test_a_namespace_at_hand_counts_where_none_is_named() -> None:
    assert select("mysql", PODS, namespace="data")[0].name == "mysql-0"
    assert select("other/mysql", PODS, namespace="data")[0].name == "mysql"
    assert select("bookbuyer", PODS, namespace="data") == ()


def test_a_ready_replica_stands_for_all() -> None:
    pods = [
        pod("n/web-aaa-1", ready=False),
        pod("n/web-aaa-2", ready=None),
        pod("n/web-aaa-3", ready=True),
    ]
    assert [one.name for one in select("web", pods)] == ["web-aaa-2", "web-aaa-3", "web-aaa-1"]


def test_several_workloads_are_an_error_that_lists_them() -> None:
    with pytest.raises(SelectorError, match="'bookstore' fits 2 workloads") as caught:
        select("bookstore", PODS)
    assert caught.value.hint == (
        "name one of bookstore/bookstore-v1-bbb-1, bookstore/bookstore-v2-ccc-1"
    )


@pytest.mark.parametrize(
    ("selector", "pods", "hint"),
    [
        ("bokstore-v1", PODS, "did you mean bookstore-v"),
        ("zzz", PODS[:2], "there are bookbuyer/bookbuyer-aaa-1, bookbuyer/bookbuyer-aaa-2"),
        ("zzz", [pod(f"n/pod-a-{i}") for i in range(12)], "and 2 more"),
        ("zzz", [], "there are no pods"),
    ],
)
def test_what_fits_nothing_is_answered_with_what_is_near(
    selector: str, pods: list[PodFacts], hint: str
) -> None:
    assert hint in nearest(selector, pods)
