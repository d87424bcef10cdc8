"""Which headers are joined, as Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.inline_headers import join_inline


@pytest.mark.parametrize(
    ("name", "protocol", "joined"),
    [
        ("accept", "http/1.1", ("1,2",)),
        ("host", "http/1.1", ("1,2",)),
        ("x-forwarded-for", "http/1.1", ("1,2",)),
        ("x-envoy-max-retries", "http/1.1", ("1,2",)),
        ("cdn-loop", "http/1.1", ("1,2",)),
        ("accept-language", "http/1.1", ("1", "2")),
        ("x-envoy-peer-metadata", "http/1.1", ("1", "2")),
        ("traceparent", "http/1.1", ("1", "2")),
        ("cookie", "http/1.1", ("1", "2")),
        ("cookie", "h2", ("1; 2",)),
        ("x-custom", "h2", ("1", "2")),
    ],
)
def test_repeated_header(name: str, protocol: str, joined: tuple[str, ...]) -> None:
    headers = Headers.of([(name, "1"), (name, "2"), ("once", "1")])
    assert join_inline(headers, protocol).all(name) == joined


def test_empty_lines_leave_no_trace() -> None:
    headers = Headers.of([("via", ""), ("via", "1"), ("via", ""), ("te", ""), ("te", "")])
    joined = join_inline(headers, "http/1.1")
    assert (joined.all("via"), joined.all("te")) == (("1",), ("",))


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("content-type", ("1,2",)),
        ("location", ("1,2",)),
        ("etag", ("1,2",)),
        ("vary", ("1,2",)),
        ("access-control-allow-origin", ("1,2",)),
        ("grpc-status", ("1,2",)),
        ("x-envoy-upstream-service-time", ("1,2",)),
        ("x-envoy-overloaded", ("1", "2")),
        ("set-cookie", ("1", "2")),
        ("www-authenticate", ("1", "2")),
        ("link", ("1", "2")),
        ("accept", ("1", "2")),
        ("x-custom", ("1", "2")),
    ],
)
def test_repeated_response_header(name: str, joined: tuple[str, ...]) -> None:
    headers = Headers.of([(name, "1"), (name, "2")])
    assert join_inline(headers, "http/1.1", response=True).all(name) == joined
