from __future__ import annotations

import msgspec
import pytest

from osmscope.errors import UsageError
from osmscope.report.curl_command import curl_command
from osmscope.session.command_line import same_request
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import CertificateFacts, TraceRequest

_HOST = {"host": "a:81", "dst_ip": "10.0.0.1", "dst_port": 81}
_OWN = {"user-agent": "x", "accept": "y"}


def _text(**fields: object) -> str:
    return curl_command(TraceRequest(**{**_HOST, **fields})).text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"dst_ip": None}, "curl http://a:81/"),
        ({}, "curl --connect-to a:81:10.0.0.1:81 http://a:81/"),
        ({"host": "a"}, "curl -H 'host: a' --connect-to a:81:10.0.0.1:81 http://a:81/"),
        ({"host": "a", "dst_port": 80}, "curl --connect-to a:80:10.0.0.1:80 http://a/"),
        ({"host": "10.0.0.1:81"}, "curl http://10.0.0.1:81/"),
        ({"host": "a b"}, "curl -H 'host: a b' http://10.0.0.1:81/"),
        ({"dst_ip": "fd00::1"}, "curl --connect-to 'a:81:[fd00::1]:81' http://a:81/"),
        ({"dst_ip": None, "method": "POST", "path": "/x?y=1"}, "curl -X POST 'http://a:81/x?y=1'"),
        ({"dst_ip": None, "method": "HEAD"}, "curl --head http://a:81/"),
        ({"dst_ip": None, "headers": {"x": ("1", "")}}, "curl -H 'x: 1' -H 'x;' http://a:81/"),
        ({"dst_ip": None, "path": "/a/../b"},
         "curl --path-as-is --request-target /a/../b http://a:81/"),
        ({"dst_ip": None, "path": "/{x}"}, "curl --globoff 'http://a:81/{x}'"),
        ({"dst_ip": None, "protocol": "h2"}, "curl --http2-prior-knowledge http://a:81/"),
        ({"dst_ip": None, "tls": True, "sni": "b", "host": "a"},
         "curl -H 'host: a' https://b:81/"),
        ({"dst_ip": None, "tls": True, "sni": "a", "protocol": "h2"}, "curl --http2 https://a:81/"),
        ({"dst_ip": None, "tls": True, "sni": "a", "alpn": ("http/1.1",)},
         "curl --http1.1 https://a:81/"),
    ],
)  # fmt: skip
def test_a_request_becomes_a_command(fields, text):
    assert _text(**fields) == text


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"host": "a"}, {"method": "PUT", "path": "/x?y=1#z"}, {"path": "/a/../b/[c]"},
        {"protocol": "h2"}, {"headers": {**_OWN, "x": ("1", "2")}}, {"host": "a b"},
        {"dst_ip": "fd00::1"}, {"host": "[fd00::1]:81", "dst_ip": "fd00::1"},
    ],
)  # fmt: skip
def test_osmscope_reads_the_command_back_as_the_request(fields):
    headers = {**_OWN, **fields.get("headers", {})}
    request = TraceRequest(**{**_HOST, **fields, "headers": headers})
    typed = typed_request(None, RequestOptions(curl=curl_command(request).text))
    assert same_request(typed.finished(typed.request), request)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({}, "curl adds user-agent and accept of its own"),
        ({"direction": "inbound"}, "it asks the sidecar of a server"),
        ({"client_certificate": CertificateFacts()}, "--cert and --key"),
        ({"tls": True}, "curl sends the URL's host as SNI"),
        ({"tls": True, "sni": "a", "alpn": ("osm",)}, "curl cannot offer the ALPN osm"),
        ({"src_ip": "10.0.0.9"}, "the client's address"),
        ({"random_value": 1}, "random number"),
        ({"listener": "l"}, "the listener is chosen by the address alone"),
    ],
)
def test_what_curl_cannot_say_is_named(fields, note):
    notes = curl_command(TraceRequest(**{**_HOST, **fields})).notes
    assert any(note in one for one in notes)


def test_a_command_that_says_everything_has_no_notes():
    assert curl_command(TraceRequest(**_HOST, headers=_OWN)).notes == ()


def test_an_address_that_stands_for_another_is_not_written():
    command = curl_command(msgspec.structs.replace(TraceRequest(**_HOST)), stand_in="10.0.0.1")
    assert command.text == "curl http://a:81/"
    assert any("DNS" in note for note in command.notes)


@pytest.mark.parametrize(
    "fields",
    [{"protocol": "tcp"}, {"host": None}, {"method": "CONNECT", "headers": {":protocol": "x"}}],
)
def test_what_curl_cannot_ask_is_refused(fields):
    with pytest.raises(UsageError, match="curl speaks HTTP"):
        _text(**fields)
