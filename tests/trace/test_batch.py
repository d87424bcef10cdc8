from __future__ import annotations

import json

import pytest

from osmscope.errors import DumpError
from osmscope.trace.answer import Answer, EndpointShare, OutcomeAnswer
from osmscope.trace.batch import Batch, qualified, undecided
from osmscope.trace.inference import Inference
from osmscope.trace.request import TraceRequest


class Tracer:
    """Forwards everything; some hosts hurt."""

    def answer(self, request):
        if request.host == "broken":
            raise DumpError("cluster 'a' cannot be read")
        if request.host == "bug":
            raise KeyError("oops")
        outcome = OutcomeAnswer(probability=1.0, verdict="forwarded", cluster=request.dst_ip)
        return Answer(id=request.id, exact=True, assumptions=(), outcomes=(outcome,))


class Completion:
    """Knows two hosts."""

    def complete(self, request):
        if request.host == "both":
            return request, Inference(candidates=("a", "b"), notes=("2 chains",))
        if request.host == "far":
            return request, Inference(assumed=True, notes=("far is 192.0.2.1",))
        return request, Inference()


def _answers(*lines):
    batch = Batch(Tracer(), Completion())
    return [json.loads(line) for line in batch.answer_lines(lines)], batch.failed


def test_every_line_gets_one_answer_in_order():
    answers, failed = _answers(b'{"id": "x", "dst_ip": "10.0.0.1"}', b"{}\n", b'{"id": 7}')
    assert [answer["id"] for answer in answers] == ["x", 2, 7]
    assert {answer["schema"] for answer in answers} == {1}
    assert answers[0]["outcomes"][0]["cluster"] == "10.0.0.1"
    assert not failed


@pytest.mark.parametrize(
    ("line", "identity", "words"),
    [
        (b"{", 1, "cannot be read"),
        (b"", 1, "cannot be read"),
        (b"\xff", 1, "cannot be read"),
        (b"[]", 1, "cannot be read"),
        (b'{"id": "a", "dst_port": "x"}', "a", "cannot be read"),
        (b'{"id": "a", "dst_ip": "x"}', "a", "not an IP address"),
        (b'{"id": "a", "host": "broken"}', "a", "cluster 'a' cannot be read"),
        (b'{"id": "a", "host": "bug"}', "a", "internal error: KeyError"),
    ],
)
def test_a_line_that_cannot_be_answered_costs_the_others_nothing(line, identity, words):
    answers, failed = _answers(line, b'{"id": "next"}')
    assert failed
    assert answers[0]["id"] == identity
    assert words in answers[0]["error"]
    assert answers[1]["id"] == "next"


def test_an_ambiguous_host_is_unknown_with_its_candidates():
    (answer,), failed = _answers(b'{"host": "both"}')
    assert answer["outcomes"][0]["verdict"] == "unknown"
    assert answer["assumptions"] == ["2 chains", "candidate: a", "candidate: b"]
    assert not failed


def test_an_assumed_destination_is_an_assumption():
    (answer,), _ = _answers(b'{"host": "far"}')
    assert (answer["exact"], answer["assumptions"]) == (False, ["far is 192.0.2.1"])


def test_a_destination_that_was_looked_up_is_none():
    answer = undecided(TraceRequest(id=1), Inference())
    assert qualified(answer, Inference(dst_ip="10.0.0.1", notes=("looked up",))) is answer


@pytest.mark.parametrize(("address", "exact"), [("192.0.2.1:80", False), ("10.0.0.9:80", True)])
def test_an_answer_that_lands_on_a_stand_in_is_not_exact(address, exact):
    endpoint = EndpointShare(address=address, probability=1.0, priority=0, health="HEALTHY")
    outcome = OutcomeAnswer(probability=1.0, verdict="forwarded", endpoints=(endpoint,))
    answer = Answer(id=1, exact=True, assumptions=(), outcomes=(outcome,))
    found = Inference(dst_ip="192.0.2.1", is_stand_in=True, notes=("192.0.2.1 stands for it",))
    told = qualified(answer, found)
    assert (told.exact, told.assumptions) == (exact, () if exact else found.notes)
