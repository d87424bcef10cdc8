"""Lists of Kubernetes objects in a capture: what is kept of an object, and what is not."""

from __future__ import annotations

import json

import msgspec
import pytest

from osmscope.source.capture_lists import LISTS, items_of, list_document
from osmscope.source.kubernetes_lists import read_pods

POD = {
    "metadata": {
        "name": "a",
        "namespace": "n",
        "managedFields": [{"manager": "kubectl"}],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"env":"abc"}}',
            "openservicemesh.io/sidecar-injection": "enabled",
        },
    },
    "spec": {
        "containers": [
            {
                "name": "app",
                "env": [
                    {"name": "GREETING", "value": "abc"},
                    {"name": "PORT", "value": "9901"},
                    {"name": "PIN_PASSWORD", "value": "1234"},
                    {"name": "ENABLED", "value": "true"},
                ],
                "args": ["--token=abc"],
            }
        ]
    },
    "status": {"podIP": "10.0.0.1"},
}


def written(*items: object, redacts: bool = True) -> dict[str, object]:
    raws = [msgspec.Raw(json.dumps(item).encode()) for item in items]
    document: dict[str, object] = json.loads(b"".join(list_document(raws, redacts=redacts)))
    return document


def test_a_pod_keeps_what_a_trace_reads_and_loses_what_may_be_secret() -> None:
    (pod,) = written(POD)["items"]  # type: ignore[misc]
    text = json.dumps(pod)
    assert "abc" not in text
    assert "1234" not in text
    assert pod["metadata"]["annotations"] == {"openservicemesh.io/sidecar-injection": "enabled"}
    values = [each["value"] for each in pod["spec"]["containers"][0]["env"]]
    assert values == ["[redacted]", "9901", "[redacted]", "true"]
    (facts,) = read_pods(json.dumps(written(POD)).encode())
    assert facts.addresses == ("10.0.0.1",)


def test_an_object_is_kept_as_it_is_where_that_is_wanted() -> None:
    assert written(POD, redacts=False)["items"] == [POD]


@pytest.mark.parametrize(
    "item", [{}, {"metadata": 1}, {"metadata": {"annotations": []}}, {"kind": "Service"}]
)
def test_an_object_may_lack_anything(item: object) -> None:
    assert written(item, item)["items"] == [item, item]


def test_a_list_may_be_empty() -> None:
    assert written() == {"apiVersion": "v1", "kind": "List", "items": []}
    assert items_of(b'{"items": null}') == []


@pytest.mark.parametrize("page", [b"", b"[]", b'{"items": 1}'])
def test_what_is_no_list_is_an_error(page: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        items_of(page)


def test_each_list_has_a_kind() -> None:
    assert all(kinds for kinds in LISTS.values())
    assert all(kind.base.startswith(("/api/", "/apis/")) for ks in LISTS.values() for kind in ks)
