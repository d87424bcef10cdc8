import json

import msgspec
import pytest

from osmscope.errors import UsageError
from osmscope.trace.request import CertificateFacts, TraceRequest, read_request


def read(**fields):
    return read_request(json.dumps(fields), where="line 1")


@pytest.mark.parametrize(
    ("fields", "tls"),
    [
        ({}, False),
        ({"alpn": ["h2"]}, False),
        ({"sni": "a.com"}, True),
        ({"sni": ""}, False),
        ({"client_certificate": {}}, True),
        ({"tls": True}, True),
        ({"tls": False, "sni": "a.com", "client_certificate": {}}, False),
    ],
)
def test_who_starts_tls(fields, tls):
    request = read(**fields)
    assert request.starts_tls is tls
    connection = request.connection()
    assert connection.tls is tls
    assert (connection.server_name, connection.alpn, connection.certificate) == (
        ("" if not tls else fields.get("sni", "")),
        (),
        CertificateFacts().facts() if tls and "client_certificate" in fields else None,
    )


@pytest.mark.parametrize(
    ("fields", "spoken"),
    [({}, "http/1.1"), ({"protocol": "h2"}, "h2"), ({"protocol": "tcp"}, "tcp")],
)
def test_what_is_spoken(fields, spoken):
    assert read(**fields).spoken == spoken


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {":method": ("GET",), ":path": ("/",)}),
        (
            {"method": "PUT", "host": "a", "path": "/x?y"},
            {":method": ("PUT",), ":authority": ("a",), ":path": ("/x?y",)},
        ),
        ({"host": "a", "headers": {"Host": "b"}},
         {":method": ("GET",), ":authority": ("a",), ":path": ("/",)}),
        ({"headers": {"Host": "b"}},
         {":method": ("GET",), ":path": ("/",), ":authority": ("b",)}),
        ({"headers": {"X": ["1", "2"], "x": "3"}},
         {":method": ("GET",), ":path": ("/",), "x": ("1", "2", "3")}),
    ],
)  # fmt: skip
def test_headers_as_sent(fields, headers):
    assert dict(read(**fields).all_headers().items()) == headers


def test_addresses_are_written_as_envoy_writes_them():
    asked = read(dst_ip="FD00:0::A", src_ip="fd00:0:0::7", direct_src_ip="::FFFF:10.0.0.1")
    connection = asked.connection()
    assert (connection.destination_ip, connection.source_ip) == ("fd00::a", "fd00::7")
    assert connection.direct_source_ip == "::ffff:10.0.0.1"


def test_an_extended_connect_names_its_protocol_over_http2():
    asked = read(protocol="h2", method="CONNECT", headers={":protocol": "websocket"})
    assert asked.all_headers().first(":protocol") == "websocket"


def test_the_sni_is_in_lower_case_and_the_peer_is_the_source_unless_said():
    connection = read(sni="A.com", src_ip="10.0.0.1").connection()
    assert (connection.server_name, connection.direct_source_ip) == ("a.com", "10.0.0.1")
    assert read(src_ip="10.0.0.1", direct_src_ip="::1").connection().direct_source_ip == "::1"


@pytest.mark.parametrize(("trusted", "fact"), [(None, True), (True, True), (False, False)])
def test_a_certificate_counts_as_trusted_unless_said(trusted, fact):
    assert CertificateFacts(trusted=trusted).facts().trusted is fact


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dst_ip": "a.com"}, "dst_ip 'a.com' is not an IP address"),
        ({"src_ip": "10.0.0.1:80"}, "src_ip '10.0.0.1:80' is not an IP address"),
        ({"direct_src_ip": ""}, "direct_src_ip '' is not an IP address"),
        ({"dst_port": 65536}, "dst_port 65536 is not a port"),
        ({"src_port": -1}, "src_port -1 is not a port"),
        ({"random_value": -1}, "random_value -1 is not a 64-bit number"),
        ({"random_value": 2**64}, "is not a 64-bit number"),
        ({"now": "noon"}, "now 'noon' is not a time"),
        ({"now": "nan"}, "now 'nan' is not a time"),
        ({"headers": {":path": "/x"}}, "':path' is not a header's name"),
        ({"headers": {":protocol": "x"}}, "':protocol' is not a header's name"),
        ({"headers": {"": "x"}}, "'' is not a header's name"),
        ({"dst_port": "80"}, "cannot be read"),
        ({"dst_port": True}, "cannot be read"),
        ({"direction": "sideways"}, "cannot be read"),
        ({"protocol": "h3"}, "cannot be read"),
        ({"headers": ["x"]}, "cannot be read"),
    ],
)
def test_what_no_request_can_have_is_refused(fields, words):
    with pytest.raises(UsageError) as caught:
        read(**fields)
    assert words in str(caught.value)
    assert caught.value.where == "line 1"


@pytest.mark.parametrize("line", ["", "{", "[]", b"\xff"])
def test_what_is_no_request_is_refused(line):
    with pytest.raises(UsageError, match="the request cannot be read"):
        read_request(line, where="line 1")


def test_fields_of_tomorrow_are_ignored_and_all_of_today_are_read():
    fields = {
        "id": 7, "listener": "l", "direction": "inbound", "dst_ip": "::1", "dst_port": 0,
        "tls": True, "alpn": ["h2"], "random_value": 3, "runtime": {"a": 1},
        "client_certificate": {"uri_sans": ["a"], "trusted": False},
    }  # fmt: skip
    request = read(**fields, tomorrow=1)
    assert request == msgspec.convert(fields, TraceRequest)
    assert hash(request.client_certificate)


@pytest.mark.parametrize(
    ("now", "time"),
    [
        (None, None), (0, 0), (1.5, 1.5), ("12", 12), ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T01:00:10+01:00", 10), ("1970-01-01T00:00:10", 10),
    ],
)  # fmt: skip
def test_the_time_of_a_request(now, time):
    assert read(now=now).time == time
