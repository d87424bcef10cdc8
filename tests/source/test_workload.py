import pytest

from osmscope.source.workload import workload_of_owner, workload_of_pod


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("bookbuyer-5ccf77f46d-rc5mg", "bookbuyer"),
        ("bookstore-v1-7f9c4c8d5-x2jlp", "bookstore-v1"),
        ("mysql-0", "mysql"),
        ("my-db-12", "my-db"),
        ("agent-x2jlp", "agent"),
        ("web-front", "web-front"),
        ("a-b", "a-b"),
        ("single", "single"),
    ],
)
def test_only_suffixes_that_kubernetes_makes_are_cut_off(pod: str, workload: str) -> None:
    assert workload_of_pod(pod) == workload


@pytest.mark.parametrize(
    ("kind", "name", "workload"),
    [
        ("ReplicaSet", "bookbuyer-5ccf77f46d", "bookbuyer"),
        ("ReplicaSet", "by-hand", "by-hand"),
        ("StatefulSet", "mysql", "mysql"),
        ("Job", "job-5ccf77f46d", "job-5ccf77f46d"),
    ],
)
def test_a_replica_set_stands_for_its_deployment(kind: str, name: str, workload: str) -> None:
    assert workload_of_owner(kind, name) == workload
