"""What other tools save is a `--from` source, and can be captured: the same mesh, as each has it.

The bookstore's dumps are put where `osm support bug-report`, `istioctl bug-report`, `egctl`,
`kumactl` or a loop of `kubectl exec … curl` would have put them.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

BOOKSTORE = Path(__file__).parents[2] / "fixtures/bookstore"
PODS = sorted(path.parent for path in BOOKSTORE.glob("pods/*/*/config_dump.json"))
REQUEST = ("http://10.96.18.11:14001/books", "-H", "host: bookstore.bookstore:14001")
"""By its address, which not every tool saves."""


def clusters_text(pod: Path) -> str:
    """`/clusters` as Envoy writes it without format=json, as far as hosts are told."""
    lines: list[str] = []
    for status in json.loads((pod / "clusters.json").read_text())["cluster_statuses"]:
        name = status["name"]
        lines.append(f"{name}::observability_name::{name}")
        added = str(status.get("added_via_api", False)).lower()
        lines.append(f"{name}::added_via_api::{added}")
        for host in status.get("host_statuses", ()):
            address = host["address"]["socket_address"]
            left = f"{name}::{address['address']}:{address['port_value']}"
            lines += [
                f"{left}::health_flags::healthy",
                f"{left}::weight::{host.get('weight', 1)}",
                f"{left}::priority::{host.get('priority', 0)}",
            ]
    return "\n".join(lines) + "\n"


def without_endpoints(pod: Path) -> str:
    """A dump that was asked for without include_eds."""
    dump = json.loads((pod / "config_dump.json").read_text())
    dump["configs"] = [each for each in dump["configs"] if "Endpoints" not in each["@type"]]
    return json.dumps(dump, indent=1)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class _AsKubectl(yaml.SafeDumper):
    """Writes no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def pack(folder: Path, *, root: str = "") -> Path:
    archive = folder.with_name("report.tar.gz")
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, arcname=root or folder.name)
    return archive


def osm_bug_report(folder: Path) -> Path:
    """osm runs commands and saves what each prints, in a file named like the command."""
    root = folder / "osm_bug_report_123"
    for pod in PODS:
        namespace, name = pod.parent.name, pod.name
        commands = root / "namespaces" / namespace / "pods" / name / "commands"
        for what, text in (
            ("config_dump", without_endpoints(pod)),
            ("clusters", clusters_text(pod)),
            ("ready", "LIVE\n"),
            ("stats", "cluster.a.upstream_cx_total: 1\n"),
            ("certs", (pod / "certs.json").read_text()),
        ):
            write(commands / f"osm_proxy_get_{what}_{name}_-n_{namespace}", text)
        write(commands / f"kubectl_logs_{name}_-n_{namespace}_-c_envoy", "[info] starting\n")
    system = root / "namespaces/osm-system/commands"
    write(system / "kubectl_get_meshconfig_-n_osm-system_-o_yaml", MESH_CONFIG)
    return pack(root)


MESH_CONFIG = """\
apiVersion: v1
items:
- apiVersion: config.openservicemesh.io/v1alpha2
  kind: MeshConfig
  metadata:
    name: osm-mesh-config
  spec:
    traffic:
      outboundPortExclusionList:
      - 3306
kind: List
"""


def istioctl_bug_report(folder: Path) -> Path:
    """Istioctl saves admin URLs, in files named like them."""
    root = folder / "bug-report"
    for pod in PODS:
        proxy = root / "proxies" / pod.parent.name / pod.name
        write(proxy / "config_dump?include_eds", (pod / "config_dump.json").read_text())
        write(proxy / "clusters", clusters_text(pod))
        write(proxy / "listeners", "15001::0.0.0.0:15001\n")
        write(proxy / "istio-proxy.log", "info\n")
    items = [
        item
        for kind in ("pods", "services")
        for item in json.loads((BOOKSTORE / f"{kind}.json").read_text())["items"]
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    write(root / "cluster/k8s-resources", yaml.dump(listed, Dumper=_AsKubectl))
    return pack(root)


def egctl_collect(folder: Path) -> Path:
    for pod in PODS:
        text = (pod / "config_dump.json").read_text()
        write(folder / "mesh/config-dumps" / pod.parent.name / f"{pod.name}.json", text)
    return pack(folder / "mesh")


def folder_a_pod(folder: Path) -> Path:
    """For pod in …; do kubectl exec $pod -- curl localhost:15000/… > $pod/….json; done."""
    for pod in PODS:
        for what in ("config_dump", "clusters"):
            target = folder / "dumps" / pod.name / f"{what}.json"
            write(target, (pod / f"{what}.json").read_text())
    return folder / "dumps"


def loose_files(folder: Path) -> Path:
    """The same, into one folder."""
    for pod in PODS:
        write(folder / "dumps" / f"{pod.name}.json", (pod / "config_dump.json").read_text())
        write(folder / "dumps" / f"{pod.name}.clusters.txt", clusters_text(pod))
    return folder / "dumps"


def loose_yaml(folder: Path) -> Path:
    """As `istioctl proxy-config all -o yaml` and `egctl config … -o yaml` print it."""
    for pod in PODS:
        dump = json.loads((pod / "config_dump.json").read_text())
        write(folder / "dumps" / f"{pod.name}.yaml", yaml.safe_dump(dump))
    return folder / "dumps"


def loose_packed(folder: Path) -> Path:
    for pod in PODS:
        target = folder / "dumps" / f"{pod.name}.json.gz"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(gzip.compress((pod / "config_dump.json").read_bytes()))
    return folder / "dumps"


TOOLS: tuple[Callable[[Path], Path], ...] = (
    osm_bug_report,
    istioctl_bug_report,
    egctl_collect,
    folder_a_pod,
    loose_files,
    loose_yaml,
    loose_packed,
)


@pytest.fixture(params=TOOLS, ids=lambda tool: tool.__name__)
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """What a tool saved."""
    folder = tmp_path / "saved"
    folder.mkdir()
    yield request.param(folder)
    shutil.rmtree(folder)


def answer(osmscope, *arguments: object) -> dict[str, object]:
    done = osmscope("trace", *arguments, *REQUEST, "-o", "jsonl")
    assert done.code == 0, done.err
    found: dict[str, object] = msgspec.json.decode(done.out)
    return found


def test_what_a_tool_saved_is_traced_as_the_mesh(osmscope, saved: Path) -> None:
    own = answer(osmscope, "bookbuyer", "--from", BOOKSTORE)
    assert answer(osmscope, "bookbuyer", "--from", saved)["outcomes"] == own["outcomes"]


def test_what_a_tool_saved_is_captured(osmscope, saved: Path, tmp_path: Path) -> None:
    """Without its secrets, and in osmscope's own form."""
    archive = tmp_path / "mesh.zip"
    done = osmscope("capture", "--from", saved, "-o", archive)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{archive}: {len(PODS)} sidecars")
    own = answer(osmscope, "bookbuyer", "--from", BOOKSTORE)
    assert answer(osmscope, "bookbuyer", "--from", archive)["outcomes"] == own["outcomes"]


@pytest.mark.parametrize("depth", [0, 1, 2], ids=["kumactl", "osm verify", "egctl config"])
def test_what_a_tool_prints_of_one_sidecar_is_traced(osmscope, tmp_path: Path, depth: int) -> None:
    """As it is, or within objects by namespace and pod."""
    pod = next(each for each in PODS if each.name.startswith("bookbuyer"))
    dump: object = json.loads((pod / "config_dump.json").read_text())
    for name in (pod.name, pod.parent.name)[:depth]:
        dump = {name: dump}
    printed = tmp_path / "printed.json"
    printed.write_text(json.dumps(dump))
    own = answer(osmscope, "bookbuyer", "--from", BOOKSTORE)
    assert answer(osmscope, printed)["outcomes"] == own["outcomes"]


def test_an_istioctl_bug_report_tells_of_the_cluster(osmscope, tmp_path: Path) -> None:
    """ClusterIPs, the names of pods, and what the pods are redirected by."""
    report = istioctl_bug_report(tmp_path / "saved")
    name = "bookstore.bookstore:14001/books"
    done = osmscope("trace", "bookbuyer", name, "--from", report)
    assert done.code == 0, done.err
    assert "service bookstore/bookstore has the ClusterIP 10.96.18.11" in done.out
    assert "bookstore-v1-7f9c4c8d5-x2jlp" in done.out
    assert "interception" in done.out
    archive = tmp_path / "mesh.zip"
    assert osmscope("capture", "--from", report, "-o", archive).code == 0
    again = osmscope("trace", "bookbuyer", name, "--from", archive)
    assert again.out.replace("captured", "") == done.out.replace("captured", "")


@pytest.mark.parametrize(("port", "is_told"), [(14001, False), (3306, True)])
def test_an_osm_bug_report_tells_what_the_mesh_leaves_out(
    osmscope, tmp_path: Path, port: int, is_told: bool
) -> None:
    report = osm_bug_report(tmp_path / "saved")
    asked = f"tcp://10.96.18.11:{port}"
    found = msgspec.json.decode(
        osmscope("trace", "bookbuyer", asked, "--from", report, "-o", "jsonl").out
    )
    told = "whether the pod was made since the MeshConfig leaves port 3306 out is not known"
    assert any(told in one for one in found["assumptions"]) == is_told
