"""What the connection manager asks of host and path, as Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.request_checks import check, low_version, with_default_host


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({":method": "GET", ":path": "/", ":authority": "a"}, None),
        ({":method": "GET", ":path": "/", ":authority": ""}, None),
        ({":method": "GET", ":path": "/"}, (400, "missing_host_header")),
        ({":method": "GET", ":authority": "a"}, (404, "missing_path_rejected")),
        ({":method": "CONNECT", ":authority": "a:1"}, None),
        ({":method": "OPTIONS", ":path": "*", ":authority": "a"}, (404, "absolute_path_rejected")),
        ({":method": "GET", ":path": "?x", ":authority": "a"}, (404, "absolute_path_rejected")),
        (
            {":method": "QUERY", ":path": "/", ":authority": "a"},
            (400, "query_missing_content_type"),
        ),
        ({":method": "QUERY", ":path": "/", ":authority": "a", "content-type": "b"}, None),
    ],
)
def test_request(headers: dict[str, str], expected: tuple[int, str] | None) -> None:
    reply = check(Headers.of(headers.items()))
    assert (reply and (reply.code, reply.details)) == expected
    assert reply is None or reply.flags == ()


@pytest.mark.parametrize(
    ("protocol", "accepted", "refused"),
    [("http/1.0", False, True), ("http/1.0", True, False), ("http/1.1", False, False)],
)
def test_http_10(protocol: str, accepted: bool, refused: bool) -> None:
    options = {"accept_http_10": accepted, "default_host_for_http_10": "d" if accepted else ""}
    manager = msgspec.convert({"http_protocol_options": options}, HttpConnectionManager)
    reply = low_version(manager, protocol)
    assert (reply is not None) is refused
    if reply is not None:
        assert (reply.code, reply.flags, reply.details) == (426, ("DPE",), "low_version")
    host = with_default_host(manager, protocol, Headers()).first(":authority")
    assert host == ("d" if accepted else None)
    named = Headers.of([("host", "a")])
    assert with_default_host(manager, protocol, named) == named
