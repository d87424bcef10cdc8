from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from osmscope.errors import UsageError
from osmscope.session.command_line import spelled
from osmscope.session.request_form import (
    FIELDS,
    RequestForm,
    form_of,
    read_form,
    with_fields,
)
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import CertificateFacts, TraceRequest
from tests.session.test_command_line import _REQUESTS


@settings(max_examples=200, deadline=None)
@given(_REQUESTS)
def test_a_form_says_what_the_options_say_that_it_was_written_of(request_):
    try:
        said = spelled(request_)
    except UsageError:
        return
    form = form_of(said.target, said.options)
    if any(text != text.strip() for text in form.values.values()):
        return  # what stands around a text counts for nothing in a form
    reading = read_form(form)
    assert reading.errors == {}
    assert reading.typed == typed_request(said.target, said.options)


@pytest.mark.parametrize("method", ["", "-", "--", "-a"])
def test_a_text_of_dashes_is_told_from_an_empty_one(method):
    options = RequestOptions(method=method)
    assert read_form(form_of("a", options)).options == options


def _form(*headers: str, **values: str) -> RequestForm:
    return RequestForm(values, headers)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        (_form(target="a:1"), {}),
        (_form("x: 1", " ", target="a", method="PUT"), {"method": "PUT", "headers": ("x: 1",)}),
        (_form(target="a", direction="in"), {"direction": "inbound"}),
        (_form(target="a", tls="No"), {"tls": False}),
        (_form(target="a", sni="-"), {"sni": ""}),
        (_form(target="a", protocol="h2"), {"http2": True}),
        (_form(target="a", protocol="HTTP"), {"http1": True}),
        (_form(target="a", client_cert_uri="spiffe://a 'b c'"),
         {"client_cert_uri": ("spiffe://a", "b c")}),
        (_form(target="a", runtime="k=1 l=x"), {"runtime": ("k=1", "l=x")}),
        (_form(target="a", random_value="7", dst_port="80"), {"random_value": 7, "dst_port": 80}),
    ],
)  # fmt: skip
def test_fields_are_read(form, options):
    reading = read_form(form)
    assert (reading.errors, reading.options) == ({}, RequestOptions(**options))
    assert reading.typed is not None


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        (_form(target="a b"), {"target": "a target has no blanks and is not empty"}),
        (_form(target="a:x"), {"target": "'x' is not a port"}),
        (_form(target="a", src_ip="10.0"), {"src_ip": "not an IP address"}),
        (_form(target="a", dst_port="x"), {"dst_port": "not a number from 0 to 65535"}),
        (_form(target="a", dst_port="65536"), {"dst_port": "not a number from 0 to 65535"}),
        (_form(target="a", direction="up"), {"direction": "outbound or inbound"}),
        (_form(target="a", protocol="h"), {"protocol": "http/1.1, h2, tcp or udp"}),
        (_form(target="a", tls="maybe"), {"tls": "yes or no"}),
        (_form("ok: 1", "nothing", target="a"), {"headers.1": "name: value"}),
        (_form(":path: /", target="a"), {"headers.0": "name: value"}),
        (_form(target="a", client_cert_dns="'a"), {"client_cert_dns": "a quotation mark is open"}),
        (_form(target="a", runtime="k"), {"runtime": "key=value, not k"}),
        (_form(target="curl http://a -x p"),
         {"target": "curl's option -x cannot be followed:"
                    " the request would go to that proxy first"}),
        (_form(target="tcp://a:1", protocol="h2"), {}),
        (_form(src_ip="x"), {"src_ip": "not an IP address"}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_of_its_field(form, errors):
    reading = read_form(form)
    assert dict(reading.errors) == errors
    assert (reading.typed is None) is bool(errors or not form.text("target"))


def test_without_a_target_there_is_no_request_and_no_error():
    reading = read_form(RequestForm())
    assert (reading.typed, reading.errors, reading.target) == (None, {}, None)


def test_a_pasted_curl_command_stands_for_the_target():
    reading = read_form(_form(target="curl -H 'a: b' http://web:81/x", method="PUT"))
    assert reading.typed is not None
    assert reading.typed.request.host == "web:81"
    assert reading.typed.request.method == "PUT"
    assert reading.options.curl is not None


@pytest.mark.parametrize(
    ("before", "fields", "after"),
    [
        (_form(target="a:1/x"), {"host": "b:2"}, _form(target="b:2/x")),
        (_form(target="http://a/x"), {"host": "b:2"}, _form(target="http://b:2/x")),
        (_form("Host: z", "x: 1", target="a"), {"host": "b"}, _form("x: 1", target="b")),
        (_form(target="a b"), {"host": "b"}, _form(target="b")),
        (_form(target="a/x"), {"path": "/y"}, _form(target="a/x", path="/y")),
        (_form(target="a"), {"method": "PUT"}, _form(target="a", method="PUT")),
        (_form("host: z", "x: 1", target="a"), {"headers": {"x": "2", "y": ("1", "")}},
         _form("host: z", "x: 2", "y: 1", "y;", target="a")),
        (_form(target="a", sni="s"), {"tls": False, "sni": None}, _form(target="a", tls="no")),
        (_form(target="a"), {"alpn": ("osm", "h2")}, _form(target="a", alpn="osm,h2")),
        (_form(target="a"), {"dst_port": 81}, _form(target="a", dst_port="81")),
        (_form(target="a"), {"client_certificate": CertificateFacts(trusted=True, dns_sans=("n",))},
         _form(target="a", client_cert_dns="n", client_cert_trusted="yes")),
        (_form(target="a", client_cert_dns="n"), {"client_certificate": None}, _form(target="a")),
    ],
)  # fmt: skip
def test_a_near_miss_changes_the_form(before, fields, after):
    assert with_fields(before, fields) == after


def test_a_field_without_a_place_in_the_form_is_refused():
    with pytest.raises(UsageError, match="no place in the form"):
        with_fields(RequestForm(), {"id": 1})


def test_the_form_has_a_field_for_everything_that_options_say():
    names = {field.name for field in FIELDS} | {"headers", "curl", "tcp", "udp", "http1", "http2"}
    assert set(RequestOptions.__struct_fields__) <= names
    request_fields = {field.name for field in FIELDS} | {"client_certificate", "headers", "host"}
    assert set(TraceRequest.__struct_fields__) - {"id"} <= request_fields


def test_the_first_fields_are_not_folded_away():
    assert not any(field.is_folded for field in FIELDS[:6])
    assert msgspec.to_builtins(FIELDS[0])["name"] == "target"
