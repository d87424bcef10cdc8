from __future__ import annotations

import json
import shutil

import pytest

from osmscope.errors import UsageError
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request

TYPED = typed_request("bookstore.bookstore:14001/books-bought", RequestOptions())


@pytest.fixture(scope="module")
def bookbuyer_tracer(bookstore):
    return SidecarTracer(read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore))))


def _trace(tracer, target, **options):
    return tracer.trace(typed_request(target, RequestOptions(**options)))


def test_one_tracer_answers_many_requests_as_fresh_ones_do(bookbuyer_tracer):
    for path in ("/books-bought", "/buy-a-book/new", "/nothing"):
        fresh = SidecarTracer(bookbuyer_tracer.sidecar)
        target = f"bookstore:14001{path}"
        assert _trace(bookbuyer_tracer, target) == _trace(fresh, target)


def test_what_is_prepared_changes_no_answer(bookbuyer_tracer):
    prepared = SidecarTracer(bookbuyer_tracer.sidecar)
    prepared.prepare()
    assert prepared.completion.any_host()
    for target in ("bookstore:14001/books-bought", "nobody.example"):
        assert _trace(prepared, target) == _trace(bookbuyer_tracer, target)


def test_what_was_looked_up_is_told(bookbuyer_tracer):
    traced = _trace(bookbuyer_tracer, "bookstore:14001")
    assert {outcome.verdict for outcome in traced.answer.outcomes} == {"forwarded"}
    assert any("bookstore" in note for note in traced.inferred)


def test_a_destination_that_was_typed_is_not_looked_up(bookbuyer_tracer):
    traced = _trace(bookbuyer_tracer, "bookstore:14001", dst_ip="10.99.0.1")
    assert traced.request.dst_ip == "10.99.0.1"
    assert traced.stand_in == ""


def test_a_request_that_contradicts_itself_is_refused(bookbuyer_tracer):
    with pytest.raises(UsageError):
        _trace(bookbuyer_tracer, "bookstore:14001", tcp=True, http2=True)


def test_a_pods_saved_counters_are_evidence(bookbuyer, tmp_path):
    folder = shutil.copytree(bookbuyer, tmp_path / "pod")
    name = "cluster.bookstore/bookstore-v1|14001.upstream_cx_connect_fail"
    (folder / "stats.txt").write_text(f"{name}: 12\nother: 3\n")
    traced = SidecarTracer(read_sidecar(str(folder), SourceOptions())).trace(TYPED)
    assert [(one.name, one.value) for one in traced.evidence] == [(name, 12)]
    assert traced.no_evidence == ""


def test_a_captures_saved_counters_are_evidence(bookstore, tmp_path):
    mesh = shutil.copytree(bookstore, tmp_path / "mesh")
    pod = next(mesh.glob("pods/*/bookbuyer*"))
    name = "cluster.bookstore/bookstore-v2|14001.upstream_rq_timeout"
    (pod / "stats.json").write_text(json.dumps({"stats": [{"name": name, "value": 1}]}))
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(mesh)))
    assert [one.name for one in SidecarTracer(sidecar).trace(TYPED).evidence] == [name]


def test_counters_that_cannot_be_read_leave_an_answer_an_answer(bookbuyer, tmp_path):
    folder = shutil.copytree(bookbuyer, tmp_path / "pod")
    (folder / "stats.txt").write_text("<html>")
    traced = SidecarTracer(read_sidecar(str(folder), SourceOptions())).trace(TYPED)
    assert traced.evidence == ()
    assert "not an answer of /stats" in traced.no_evidence
    assert traced.answer.outcomes
