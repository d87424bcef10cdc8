import json
from pathlib import Path

import pytest

from osmscope.errors import SelectorError, SourceError
from osmscope.source.snapshot import PodFiles, Snapshot, open_snapshot

PODS = {
    "bookbuyer/bookbuyer-5ccf77f46d-rc5mg": ("bookbuyer", "10.0.0.1"),
    "bookbuyer/bookbuyer-5ccf77f46d-x2jlp": ("bookbuyer", "10.0.0.2"),
    "bookstore/bookstore-v1-7f9c4c8d5-x2jlp": ("bookstore", "10.0.0.3"),
    "bookstore/bookstore-v2-7f9c4c8d5-x2jlp": ("bookstore", "10.0.0.4"),
    "other/bookbuyer": ("tester", "10.0.0.4"),
}


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    """A mesh of five pods, whose API server knew them."""
    pods = []
    for full_name, (app, address) in PODS.items():
        namespace, name = full_name.split("/")
        (tmp_path / "pods" / full_name).mkdir(parents=True)
        (tmp_path / "pods" / full_name / "config_dump.json").write_text(full_name)
        owner = {"kind": "ReplicaSet", "name": name.rpartition("-")[0] or name}
        pods.append(
            {
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"app": app},
                    "ownerReferences": [owner],
                },
                "spec": {"serviceAccountName": f"{app}-account"},
                "status": {"podIP": address},
            }
        )
    (tmp_path / "pods.json").write_text(json.dumps({"items": pods}))
    return tmp_path


@pytest.fixture
def snapshot(mesh: Path) -> Snapshot:
    return open_snapshot(str(mesh))


@pytest.mark.parametrize(
    ("selector", "pod"),
    [
        ("bookbuyer-5ccf77f46d-rc5mg", "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"),
        ("pod/bookbuyer-5ccf77f46d-x2jlp", "bookbuyer/bookbuyer-5ccf77f46d-x2jlp"),
        ("bookbuyer/bookbuyer-5ccf77f46d-x2jlp", "bookbuyer/bookbuyer-5ccf77f46d-x2jlp"),
        ("bookbuyer-5ccf77f46d-x2jlp.bookbuyer", "bookbuyer/bookbuyer-5ccf77f46d-x2jlp"),
        ("bookbuyer", "other/bookbuyer"),
        ("bookbuyer/bookbuyer", "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"),
        ("bookbuyer.bookbuyer", "bookbuyer/bookbuyer-5ccf77f46d-rc5mg"),
        ("bookstore-v2", "bookstore/bookstore-v2-7f9c4c8d5-x2jlp"),
        ("bookstore/bookstore-v2", "bookstore/bookstore-v2-7f9c4c8d5-x2jlp"),
        ("tester", "other/bookbuyer"),
        ("tester-account", "other/bookbuyer"),
    ],
)
def test_the_most_exact_reading_of_a_name_decides(
    snapshot: Snapshot, selector: str, pod: str
) -> None:
    assert snapshot.find(selector).full_name == pod


def test_replicas_of_one_workload_are_alike_and_the_choice_is_told(snapshot: Snapshot) -> None:
    pod = snapshot.find("bookbuyer/bookbuyer")
    assert pod.name == "bookbuyer-5ccf77f46d-rc5mg"
    assert pod.chosen_of == ("bookbuyer-5ccf77f46d-rc5mg", "bookbuyer-5ccf77f46d-x2jlp")
    assert snapshot.find("bookstore-v1").chosen_of == ()


def test_several_workloads_are_an_error_that_lists_them(snapshot: Snapshot) -> None:
    with pytest.raises(SelectorError, match="fits 2 workloads") as caught:
        snapshot.find("bookstore")
    assert "bookstore/bookstore-v1-7f9c4c8d5-x2jlp" in caught.value.hint


@pytest.mark.parametrize(
    ("selector", "hint"),
    [("bookstor", "did you mean bookstore-v"), ("zzz", "there are bookbuyer/")],
)
def test_a_name_that_fits_nothing_shows_the_nearest(
    snapshot: Snapshot, selector: str, hint: str
) -> None:
    with pytest.raises(SelectorError, match="no pod fits") as caught:
        snapshot.find(selector)
    assert caught.value.hint.startswith(hint)


def test_a_hostile_name_is_shown_harmlessly(snapshot: Snapshot) -> None:
    with pytest.raises(SelectorError) as caught:
        snapshot.find("\x1b[31m")
    assert str(caught.value).isprintable()


def test_a_pod_is_found_by_its_address(snapshot: Snapshot) -> None:
    pod = snapshot.pod_of_address("10.0.0.2")
    assert pod is not None
    assert pod.name == "bookbuyer-5ccf77f46d-x2jlp"
    assert snapshot.pod_of_address("10.9.9.9") is None


def test_an_address_that_pods_share_is_nobodys(snapshot: Snapshot) -> None:
    assert snapshot.pod_of_address("10.0.0.4") is None
    assert "10.0.0.4" not in snapshot.pod_names()


def test_endpoint_slices_tell_addresses_too(mesh: Path) -> None:
    (mesh / "pods.json").unlink()
    endpoint = {
        "addresses": ["10.0.0.1"],
        "targetRef": {"kind": "Pod", "name": "bookbuyer-5ccf77f46d-rc5mg"},
    }
    endpoint_slice = {"metadata": {"namespace": "bookbuyer"}, "endpoints": [endpoint]}
    (mesh / "endpointslices.json").write_text(json.dumps({"items": [endpoint_slice]}))
    snapshot = open_snapshot(str(mesh))
    assert snapshot.pod_names()["10.0.0.1"] == "bookbuyer-5ccf77f46d-rc5mg"
    pod = snapshot.pod_of_address("10.0.0.1")
    assert pod is not None
    assert pod.name == "bookbuyer-5ccf77f46d-rc5mg"


def test_without_the_api_servers_list_names_tell_the_workload(mesh: Path) -> None:
    (mesh / "pods.json").unlink()
    snapshot = open_snapshot(str(mesh))
    assert snapshot.find("bookstore-v1").workload == "bookstore-v1"
    assert snapshot.problems == []
    with pytest.raises(SelectorError, match="no pod fits"):
        snapshot.find("tester")


def test_a_list_that_cannot_be_read_is_a_problem_and_no_failure(mesh: Path) -> None:
    (mesh / "pods.json").write_text("not json")
    (mesh / "services.json").write_text('{"items": 3}')
    snapshot = open_snapshot(str(mesh))
    assert len(snapshot.pods) == len(PODS)
    assert snapshot.services() == ()
    assert [problem.split()[0] for problem in snapshot.problems] == ["pods.json", "services.json"]


def test_files_are_read_when_asked_for(snapshot: Snapshot) -> None:
    pod = snapshot.find("bookstore-v1")
    source = snapshot.read(pod, "config_dump")
    assert source is not None
    assert source.data.decode() == pod.full_name
    assert snapshot.read(pod, "clusters") is None


def test_loose_dumps_are_joined_with_the_list_of_pods(mesh: Path) -> None:
    for name in PODS:
        pod = name.rpartition("/")[2]
        (mesh / "pods" / name / "config_dump.json").rename(mesh / f"{pod}.json")
    (mesh / "pods").rename(mesh / ".empty")
    snapshot = open_snapshot(str(mesh))
    assert {pod.full_name for pod in snapshot.pods} == PODS.keys()


def test_services_of_a_bug_report_come_from_its_table(tmp_path: Path) -> None:
    namespace = tmp_path / "namespaces" / "n"
    (namespace / "commands").mkdir(parents=True)
    (namespace / "pods/p/commands").mkdir(parents=True)
    (namespace / "pods/p/commands/osm_proxy_get_config_dump_p_-n_n").write_text("{}")
    table = "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE\ns ClusterIP 10.0.0.1 <none> 80/TCP 3m\n"
    (namespace / "commands/kubectl_get_svc_-n_n").write_text(table)
    (service,) = open_snapshot(str(tmp_path)).services()
    assert (service.namespace, service.name, service.cluster_ip) == ("n", "s", "10.0.0.1")


def test_a_folder_without_dumps_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no config dumps"):
        open_snapshot(str(tmp_path))


def test_the_bookstore_snapshot_is_read() -> None:
    snapshot = open_snapshot(str(Path(__file__).parents[2] / "fixtures" / "bookstore"))
    assert len(snapshot.pods) == 7
    assert snapshot.find("bookbuyer").namespace == "bookbuyer"
    assert {service.name for service in snapshot.services()} >= {"bookstore", "bookstore-v1"}
    for pod in snapshot.pods:
        (address,) = pod.addresses
        assert snapshot.pod_of_address(address) == pod
    assert snapshot.problems == []


def test_a_pod_is_as_old_as_its_own_record_says_else_as_the_manifest(mesh: Path) -> None:
    def moment(pod: PodFiles | None = None) -> str:
        found = open_snapshot(str(mesh)).recorded_at(pod)
        return "" if found is None else found.isoformat()

    (pod, *_) = open_snapshot(str(mesh)).pods
    record = mesh / "pods" / pod.full_name / "capture.json"
    assert (moment(), moment(pod)) == ("", "")
    record.write_text("{")
    assert moment(pod) == ""
    (mesh / "manifest.json").write_text('{"recorded_at": "2026-11-25T12:00:00Z"}')
    record.write_text('{"name": "x"}')
    assert moment(pod) == moment() == "2026-11-25T12:00:00+00:00"
    record.write_text('{"recorded_at": "2026-11-24T12:00:00Z"}')
    assert moment(pod) == "2026-11-24T12:00:00+00:00"
    assert moment() == "2026-11-25T12:00:00+00:00"
