"""Formats turned round: what was written is read again."""

from __future__ import annotations

import pytest

from osmscope.replay.json_format import read_format
from osmscope.replay.log_format import (
    ENVOY_TEXT,
    ISTIO_TEXT,
    TextFormat,
    field_of,
)

ENVOY_LINE = (
    '[2016-04-15T20:17:00.310Z] "POST /api/v1/locations?a=b HTTP/2" 204 - 154 0 226 100 '
    '"10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" '
    '"tcp://10.0.2.1:80"'
)
ISTIO_LINE = (
    '[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" '
    '"curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" '
    "outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 "
    "10.44.1.23:46520 - default"
)


def test_envoys_default_text_format() -> None:
    found = TextFormat(ENVOY_TEXT, "").read(ENVOY_LINE.encode())
    assert found is not None
    assert (found.method, found.path, found.protocol) == (
        "POST",
        "/api/v1/locations?a=b",
        "HTTP/2",
    )
    assert (found.code, found.flags, found.authority) == (204, frozenset(), "locations")
    assert found.headers == (
        ("x-forwarded-for", "10.0.35.28"),
        ("user-agent", "nsq2http"),
        ("x-request-id", "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2"),
    )
    assert found.cluster is None  # the format does not hold it
    assert found.start_time == "2016-04-15T20:17:00.310Z"


def test_istios_text_format() -> None:
    found = TextFormat(ISTIO_TEXT, "").read(ISTIO_LINE.encode())
    assert found is not None
    assert found.cluster == "outbound|8000||httpbin.foo.svc.cluster.local"
    assert (found.upstream_host, found.local_address) == ("10.44.1.27:80", "10.0.45.184:8000")
    assert (found.details, found.route, found.server_name) == ("via_upstream", "default", "")


def test_the_two_text_formats_are_told_apart() -> None:
    envoy, istio = TextFormat(ENVOY_TEXT, ""), TextFormat(ISTIO_TEXT, "")
    assert [envoy.fits(ENVOY_LINE.encode()), envoy.fits(ISTIO_LINE.encode())] == [True, False]
    assert [istio.fits(ENVOY_LINE.encode()), istio.fits(ISTIO_LINE.encode())] == [False, True]


@pytest.mark.parametrize("agent", ['a "quoted" agent', "", "\x1b[31m", "ä ö"])
def test_a_value_that_holds_what_stands_behind_it(agent: str) -> None:
    line = ENVOY_LINE.replace("nsq2http", agent)
    found = TextFormat(ENVOY_TEXT, "").read(line.encode())
    assert found is not None
    assert found.authority == "locations"


def test_a_line_that_can_be_read_in_several_ways_is_not_read() -> None:
    line = ENVOY_LINE.replace("nsq2http", 'x" "y')
    assert TextFormat(ENVOY_TEXT, "").read(line.encode()) is None


def test_a_hostile_line_takes_no_time() -> None:
    line = '[x] "' + '" "' * 20_000 + "!"
    assert TextFormat(ISTIO_TEXT, "").read(line.encode()) is None


def test_bytes_that_are_not_utf_8_do_no_harm() -> None:
    found = TextFormat("%REQ(:METHOD)% %REQ(:PATH)%", "").read(b"GET /\xff")
    assert found is not None
    assert found.path == "/\ufffd"


@pytest.mark.parametrize(
    ("command", "argument", "field"),
    [
        ("REQ", ":METHOD", "method"),
        ("REQ", "X-ENVOY-ORIGINAL-PATH?:PATH", "path"),
        ("REQ", "X-ENVOY-ORIGINAL-HOST?:AUTHORITY", "authority"),
        ("REQ", "Host", "authority"),
        ("REQ", "X-Tenant", "header:x-tenant"),
        ("REQUEST_HEADER", ":METHOD", "method"),
        ("REQ", "A?B", ""),
        ("REQ", ":SCHEME", ""),
        ("PATH", "WQ", "path"),
        ("CEL", "xds.virtual_host_name", "virtual_host"),
        ("CEL", "request.size", ""),
        ("RESP", "SERVER", ""),
        ("UPSTREAM_CLUSTER_RAW", "", "cluster"),
        ("DURATION", "", ""),
    ],
)
def test_what_a_command_says(command: str, argument: str, field: str) -> None:
    assert field_of(command, argument) == field


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("%REQ(:METHOD):9% 100%% %ROUTE_NAME%", "GET 100% r", {"method": "GET", "route": "r"}),
        (
            "%START_TIME(%Y-%m (%d))% %REQ(:PATH)%",
            "2026-11 (22) /a",
            {"start_time": "2026-11", "path": "(22) /a"},
        ),
        (
            "%REQ(:METHOD)% http://%REQ(:AUTHORITY)%%REQ(:PATH)%",
            "GET http://a:80/b",
            {"authority": "a:80", "path": "/b"},
        ),
        ("%ROUTE_NAME%\n", "-", {"route": ""}),
        ("%ROUTE_NAME%\\n", "-", {"route": ""}),
        ("%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%", "GET /a b HTTP/2", {"path": "/a b"}),
        ("%REQ(:METHOD)%|%REQ(:PATH)%", "GET|/a|b", {"method": "GET", "path": "/a|b"}),
        ("%REQ(:METHOD)% %REQ(:PATH):4% x", "GET /abc x", {"method": "GET", "path": None}),
        ("%REQ(:METHOD)% %REQ(:PATH):4% x", "GET /ab x", {"method": "GET", "path": "/ab"}),
        (
            "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%:%DOWNSTREAM_LOCAL_PORT% %ROUTE_NAME%",
            "10.0.0.1:80 r",
            {"local_address": "10.0.0.1:80"},
        ),
    ],
)
def test_a_given_format_string(text: str, line: str, expected: dict[str, str]) -> None:
    found = read_format(text).read(line.encode())
    assert found is not None
    assert {name: getattr(found, name) for name in expected} == expected
