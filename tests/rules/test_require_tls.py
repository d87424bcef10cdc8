"""`require_tls`, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.require_tls import require_tls


def request(protocol: str, *, host: str = "all.com", internal: bool = False) -> Request:
    pairs = [(":path", "/a?x=1"), ("host", host), ("x-forwarded-proto", protocol)]
    return Request(connection=Connection(), headers=Headers.of(pairs), internal=internal)


@pytest.mark.parametrize(
    ("asked_for", "protocol", "internal", "redirected"),
    [
        ("NONE", "http", False, False),
        ("ALL", "http", False, True),
        ("ALL", "http", True, True),
        ("ALL", "https", False, False),
        ("EXTERNAL_ONLY", "http", False, True),
        ("EXTERNAL_ONLY", "http", True, False),
        ("EXTERNAL_ONLY", "https", False, False),
    ],
)
def test_require_tls(asked_for: str, protocol: str, internal: bool, redirected: bool) -> None:
    virtual_host = VirtualHost(require_tls=asked_for)
    reply = require_tls(virtual_host, request(protocol, internal=internal))
    assert (reply is not None) is redirected


def test_the_port_is_kept() -> None:
    reply = require_tls(VirtualHost(require_tls="ALL"), request("http", host="all.com:8080"))
    assert reply is not None
    assert (reply.code, reply.details, reply.flags) == (301, "direct_response", ())
    assert reply.location == "https://all.com:8080/a?x=1"


@pytest.mark.parametrize("asked_for", ["NONE", "ALL"])
def test_an_empty_x_forwarded_proto_has_no_route(asked_for: str) -> None:
    reply = require_tls(VirtualHost(require_tls=asked_for), request(""))
    assert reply is not None
    assert (reply.code, reply.flags, reply.details) == (404, ("NR",), "route_not_found")
