"""Host rewriting, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.authority import (
    needs_destination_port,
    rewrite_authority,
    with_connect_port,
    with_rewritten_authority,
)
from osmscope.rules.facts import Connection, Headers, Request

HOSTS = [
    # as sent, matching port 80, any port, any port and trailing dot, trailing dot
    ("a.com", "a.com", "a.com", "a.com", "a.com"),
    ("a.com.", "a.com.", "a.com.", "a.com", "a.com"),
    ("a.com:80", "a.com", "a.com", "a.com", "a.com:80"),
    ("a.com:81", "a.com:81", "a.com", "a.com", "a.com:81"),
    ("a.com.:80", "a.com.", "a.com.", "a.com", "a.com:80"),
    ("a.com..", "a.com..", "a.com..", "a.com.", "a.com."),
    ("a.com:", "a.com:", "a.com:", "a.com:", "a.com:"),
    ("a.com:abc", "a.com:abc", "a.com:abc", "a.com:abc", "a.com:abc"),
    ("[::1]:80", "[::1]", "[::1]", "[::1]", "[::1]:80"),
    ("[::1]", "[::1]", "[::1]", "[::1]", "[::1]"),
    ("::1:80", "::1", "::1", "::1", "::1:80"),
    ("a.com:080", "a.com", "a.com", "a.com", "a.com:080"),
    ("a.com:65536", "a.com:65536", "a.com", "a.com", "a.com:65536"),
    ("a.com:99999999999",) * 5,
    (".", ".", ".", "", ""),
    ("", "", "", "", ""),
    (".:80", ".", ".", "", ":80"),
    ("a:80.", "a:80.", "a:80.", "a", "a:80"),
    (":80", "", "", "", ":80"),
    ("a.com:80:80", "a.com:80", "a.com:80", "a.com:80", "a.com:80:80"),
]
OPTIONS = [
    {"strip_matching_host_port": True},
    {"strip_any_host_port": True},
    {"strip_any_host_port": True, "strip_trailing_host_dot": True},
    {"strip_trailing_host_dot": True},
]


@pytest.mark.parametrize("row", HOSTS, ids=lambda row: row[0])
def test_host(row: tuple[str, ...]) -> None:
    rewritten = tuple(
        rewrite_authority(msgspec.convert(options, HttpConnectionManager), row[0], 80)
        for options in OPTIONS
    )
    assert rewritten == row[1:]
    assert rewrite_authority(HttpConnectionManager(), row[0], 80) == row[0]


@pytest.mark.parametrize(
    ("strip", "host", "needed"), [(True, "a:80", True), (True, "a", False), (False, "a:80", False)]
)
def test_the_destination_port_counts_where_there_is_a_port(
    strip: bool, host: str, needed: bool
) -> None:
    manager = HttpConnectionManager(strip_matching_host_port=strip)
    assert needs_destination_port(manager, host) is needed


UPGRADE = {":method": "GET", "connection": "upgrade", "upgrade": "websocket"}


@pytest.mark.parametrize(
    ("protocol", "headers", "host", "seen", "sent"),
    [
        ("http/1.1", {":method": "GET"}, "a:80", "a", "a"),
        ("http/1.1", {":method": "CONNECT"}, "a:80", "a", "a:80"),
        ("http/1.1", {":method": "CONNECT"}, "a.:80", "a", "a:80"),
        ("http/1.1", {":method": "CONNECT"}, "a.", "a", "a"),
        ("http/1.1", {":method": "CONNECT"}, "a", "a", "a"),
        ("http/1.1", UPGRADE, "a:80", "a", "a"),
        ("h2", UPGRADE, "a:80", "a", "a:80"),
        ("h2", {":method": "CONNECT"}, "a:80", "a", "a:80"),
        ("h2", {":method": "GET"}, "a:80", "a", "a"),
    ],
)
def test_the_router_puts_the_port_of_a_connect_back(
    protocol: str, headers: dict[str, str], host: str, seen: str, sent: str
) -> None:
    manager = HttpConnectionManager(strip_any_host_port=True, strip_trailing_host_dot=True)
    fields = Headers.of([(":authority", host), *headers.items()])
    request = Request(connection=Connection(), headers=fields, protocol=protocol)
    rewritten = with_rewritten_authority(manager, request)
    assert rewritten.host == seen
    assert with_connect_port(rewritten).first(":authority") == sent


def test_a_filter_may_have_taken_the_authority_away() -> None:
    gone = Request(connection=Connection(), headers=Headers(), connect_port=80)
    assert with_connect_port(gone) == Headers()
