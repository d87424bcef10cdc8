from __future__ import annotations

import pytest

from osmscope.errors import UsageError
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import CertificateFacts


def _request(target, **options):
    return typed_request(target, RequestOptions(**options)).request


@pytest.mark.parametrize(
    ("target", "options", "fields"),
    [
        ("a:1/x", {}, {"host": "a:1", "dst_port": 1, "path": "/x", "dst_ip": None, "tls": None}),
        ("a", {}, {"host": "a", "dst_port": None, "path": None}),
        ("http://a", {}, {"host": "a", "dst_port": 80}),
        ("https://a", {}, {"host": "a", "dst_port": 443, "tls": True, "sni": "a"}),
        ("https://10.0.0.1", {}, {"tls": True, "sni": None, "dst_ip": "10.0.0.1"}),
        ("https://a", {"tls": False}, {"tls": False, "sni": None}),
        ("https://a", {"sni": "b"}, {"sni": "b"}),
        ("a", {"sni": "b"}, {"tls": True, "sni": "b"}),
        ("a", {"tls": True, "direction": "inbound"}, {"tls": True, "sni": None}),
        ("10.0.0.1:80", {}, {"dst_ip": "10.0.0.1", "host": "10.0.0.1"}),
        ("tcp://a:1", {}, {"protocol": "tcp"}),
        ("a:1", {"tcp": True}, {"protocol": "tcp"}),
        ("a", {"http2": True}, {"protocol": "h2"}),
        ("a/x", {"path": "/y?z"}, {"path": "/y?z"}),
        ("a", {"dst_ip": "::1", "dst_port": 9, "src_ip": "10.0.0.2"},
         {"dst_ip": "::1", "dst_port": 9, "src_ip": "10.0.0.2"}),
        ("a", {"headers": ("X: 1", "x:2", "Y;")}, {"headers": {"x": ("1", "2"), "y": ""}}),
        ("u:p@a", {}, {"headers": {"authorization": "Basic dTpw"}}),
        ("a", {"alpn": ("h2,http/1.1", "x")}, {"alpn": ("h2", "http/1.1", "x")}),
        ("a", {"client_cert_dns": ("x",)},
         {"client_certificate": CertificateFacts(dns_sans=("x",))}),
        ("a", {"method": "PUT", "listener": "l", "random_value": 3},
         {"method": "PUT", "listener": "l", "random_value": 3}),
    ],
)  # fmt: skip
def test_options_make_a_request(target, options, fields):
    request = _request(target, **options)
    assert {name: getattr(request, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"headers": ("nonsense",)}, "cannot be read"),
        ({"headers": (": x",)}, "cannot be read"),
        ({"dst_ip": "a"}, "not an IP address"),
        ({"dst_port": 70000}, "70000"),
        ({"tcp": True, "http2": True}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(UsageError, match=words):
        _request("a", **options)


def test_a_curl_command_stands_for_the_target_and_options_win():
    typed = typed_request(
        None,
        RequestOptions(curl="curl -X PUT --resolve a:443:10.0.0.9 https://a/x", method="POST"),
    )
    request = typed.request
    assert (request.method, request.dst_ip, request.dst_port) == ("POST", "10.0.0.9", 443)
    assert (request.tls, request.sni, request.alpn) == (True, "a", ("h2", "http/1.1"))
    assert request.protocol is None
    assert "speaks what is agreed on" in typed.notes[0]


def test_the_host_header_has_the_port_that_was_found():
    typed = typed_request("bookstore", RequestOptions())
    completed = typed_request("bookstore:14001", RequestOptions()).request
    assert typed.finished(completed).host == "bookstore:14001"


def test_a_host_header_that_was_typed_wins():
    typed = typed_request("a:1", RequestOptions(headers=("Host: b",)))
    assert typed.request.host == "a:1"
    assert typed.finished(typed.request).host == "b"
    assert typed.request.headers is None
