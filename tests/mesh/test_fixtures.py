"""The recorded meshes are those the code describes, and say of each request what its note says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.mesh import requests09, requests12
from tests.mesh.demo import BOOKSTORE, SMALL_BOOKSTORE
from tests.mesh.kubernetes import manifests
from tests.mesh.record import ADMIN_PAGES
from tests.mesh.topology import Mesh

FIXTURES = Path(__file__).parents[2] / "fixtures"
MESHES = [BOOKSTORE, SMALL_BOOKSTORE]


Happening = dict[str, dict[str, object]]


def happenings(mesh: Mesh) -> list[Happening]:
    text = (FIXTURES / mesh.name / "requests.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


EVERY_REQUEST = [
    pytest.param(happening, id=f"{mesh.name}-{happening['id']}")
    for mesh in MESHES
    for happening in happenings(mesh)
]


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_the_recorded_objects_are_those_of_the_topology(mesh: Mesh) -> None:
    for name, manifest in manifests(mesh).items():
        assert json.loads((FIXTURES / mesh.name / name).read_text()) == manifest


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_every_pod_of_the_manifest_has_its_pages(mesh: Mesh) -> None:
    manifest = json.loads((FIXTURES / mesh.name / "manifest.json").read_text())
    assert [pod["name"] for pod in manifest["pods"]] == [pod.name for pod in mesh.pods]
    for pod in manifest["pods"]:
        for page in ADMIN_PAGES:
            assert json.loads((FIXTURES / mesh.name / pod["folder"] / page).read_text())


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_no_private_key_is_recorded(mesh: Mesh) -> None:
    for path in (FIXTURES / mesh.name).rglob("config_dump.json"):
        text = path.read_text()
        assert "PRIVATE KEY" not in text
        assert text.count('"private_key"') == text.count("W3JlZGFjdGVkXQ==") > 0


def test_every_request_is_recorded() -> None:
    for mesh, requests in (
        (BOOKSTORE, requests12.REQUESTS),
        (SMALL_BOOKSTORE, requests09.REQUESTS),
    ):
        notes = [str(happening["note"]) for happening in happenings(mesh)]
        assert notes == [request.note for request in requests]
    assert len(requests12.REQUESTS) >= 60


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_the_shares_are_of_all_that_was_sent(mesh: Mesh) -> None:
    shares = json.loads((FIXTURES / mesh.name / "shares.json").read_text())
    for counts in (shares["clusters"], shares["endpoints"]):
        assert sum(counts.values()) == shares["sent"] == 200


@pytest.mark.parametrize("happening", EVERY_REQUEST)
def test_what_happened_is_what_the_note_says(happening: Happening) -> None:
    note, answer = str(happening["note"]), happening["answer"]
    client, server = happening["client"] or {}, happening["server"] or {}
    code = answer.get("code")
    checks = {
        "404 at the server": (client.get("code"), server.get("details"))
        == (404, "route_not_found"),
        "404 here": (client.get("details"), server) == ("route_not_found", {}),
        "403 at the server": server.get("details") == "rbac_access_denied_matched_policy[none]",
        "400 here": client.get("details") == "http1.codec_error",
        "passed through": (client.get("cluster"), code) == ("passthrough-outbound", None),
        "the server has no chain": server.get("details") == "filter_chain_not_found",
        "no chain here": (client.get("details"), client.get("flags"))
        == ("filter_chain_not_found", ["NR"]),
        "not seen": (code, client) == (200, {}),
        "network RBAC ends it": str(server.get("term")).startswith("rbac_access_denied"),
        "certificate is refused": "CERTIFICATE_VERIFY_FAILED"
        in str(server.get("downstream_failure")),
        "connection refused": "ConnectionRefusedError" in str(answer.get("error")),
        "no cluster, or refused": code == 503,
        "no such route: 404": server.get("code") == 404,
    }
    applicable = [holds for words, holds in checks.items() if words in note]
    assert applicable or code == 200 or answer.get("received")
    assert all(applicable)
