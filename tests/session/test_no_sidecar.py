"""A pod without a sidecar: its requests go straight, and whatever asks for a dump is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from osmscope.errors import SelectorError
from osmscope.session.no_sidecar import NoSidecarError, read_for_trace
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request


@pytest.fixture
def options(bookstore: Path, tmp_path: Path) -> SourceOptions:
    """A snapshot that lists a pod without a sidecar, and one whose dump is not in it."""
    folder = tmp_path / "mesh"
    shutil.copytree(bookstore, folder)
    listed = json.loads((folder / "pods.json").read_text())
    listed["items"].append(
        {
            "metadata": {"name": "bare", "namespace": "shop"},
            "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            "status": {"phase": "Running", "podIP": "10.244.9.9"},
        }
    )
    (folder / "pods.json").write_text(json.dumps(listed))
    shutil.rmtree(next(folder.glob("pods/bookthief/*")))
    return SourceOptions(from_=str(folder))


def test_a_trace_says_that_it_goes_straight(options: SourceOptions) -> None:
    sidecar = read_for_trace("shop/bare", options)
    assert (sidecar.name, sidecar.namespace, sidecar.address) == ("bare", "shop", "10.244.9.9")
    typed = typed_request("bookstore.bookstore:14001/books", RequestOptions())
    traced = SidecarTracer(sidecar).trace(typed)
    assert traced.answer.intercepted is False
    assert [outcome.verdict for outcome in traced.answer.outcomes] == ["unknown"]
    (step,) = traced.explanation.steps
    assert step.chosen == "straight to 10.96.18.11:14001"
    assert step.reason == "pod shop/bare has no sidecar, only app"
    assert traced.data is not None
    assert traced.data.captured_at
    assert sidecar.again is not None
    assert sidecar.again().name == "bare"


def test_whoever_asks_for_its_dump_is_told(options: SourceOptions) -> None:
    with pytest.raises(NoSidecarError, match="pod shop/bare has no sidecar, only app: its"):
        read_sidecar("bare", options)


def test_a_dump_that_is_not_in_the_snapshot_is_another_matter(options: SourceOptions) -> None:
    with pytest.raises(SelectorError, match=r"bookthief-.* is listed, but its dump is not here"):
        read_for_trace("bookthief", options)


def test_other_sidecars_are_read_as_ever(options: SourceOptions) -> None:
    assert read_for_trace("bookbuyer", options).name == "bookbuyer"
    with pytest.raises(SelectorError, match="no pod fits"):
        read_for_trace("nobody", options)
