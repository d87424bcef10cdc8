from __future__ import annotations

import pytest

from osmscope.errors import UsageError
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request


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
