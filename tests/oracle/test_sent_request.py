from __future__ import annotations

import pytest

from osmscope.oracle.sent_request import SentRequest
from osmscope.trace.answer import UpstreamRequest
from osmscope.trace.request import TraceRequest

TWICE = (("x-b", "2"), ("x-b", "3"))


def received(head: str) -> SentRequest:
    return SentRequest.received(head.replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    ("head", "line", "headers"),
    [
        ("GET /a?b=c HTTP/1.1\nhost: h:1", "GET h:1/a?b=c", ()),
        ("CONNECT h:1 HTTP/1.1\nHost: h:1", "CONNECT h:1h:1", ()),
        ("PUT /a b HTTP/1.1", "PUT /a b", ()),
        (
            "GET / HTTP/1.1\nX-B: 2\na: 1\nX-B:  3 ",
            "GET /",
            (("a", "1"), ("x-b", "2"), ("x-b", "3")),
        ),
        ("GET / HTTP/1.1\nx-request-id: new\nconnection: close\nx: :", "GET /", (("x", ":"),)),
    ],
)
def test_a_head_is_read(head, line, headers):
    assert received(head) == SentRequest(line=line, headers=headers)


def test_what_the_trace_says_is_what_the_client_sent_with_its_changes():
    asked = TraceRequest(headers={"Keep": "1", "Gone": "2", "Twice": ["3", "4"], "Set": "5"})
    sent = UpstreamRequest(
        method="GET", host="h", path="/", headers={"set": ("6",)}, removed_headers=("gone",)
    )
    expected = SentRequest.expected(asked, sent, "other")
    assert expected.line == "GET other/"
    assert expected.by_name() == {"keep": ["1"], "twice": ["3", "4"], "set": ["6"]}
    assert expected.beyond(received("GET / HTTP/1.1\nkeep: 1\ntwice: 3\nset: 6")) == (
        "twice: 3, 4",
    )
