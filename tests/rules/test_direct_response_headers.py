"""Headers of direct responses, as a table of what Envoy 1.40.0 answers."""

import msgspec
import pytest

from osmscope.resources.network_filters import DataSource
from osmscope.resources.route import HeaderValue, HeaderValueOption, Route
from osmscope.rules.direct_response_headers import direct_response_headers
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.substitution_format import FormatContext

CONTEXT = FormatContext(request=Request(connection=Connection(), headers=Headers()))
JSON = HeaderValue(key="content-type", value="application/json")
OVERWRITE = HeaderValueOption(header=JSON, append_action="OVERWRITE_IF_EXISTS_OR_ADD")
APPEND = HeaderValueOption(header=JSON)


@pytest.mark.parametrize(
    ("body", "changes", "headers"),
    [
        ("Success!", {}, {"content-type": "text/plain", "content-length": "8"}),
        ("ü", {}, {"content-type": "text/plain", "content-length": "2"}),
        (
            "{}",
            {"response_headers_to_add": (OVERWRITE,)},
            {"content-type": "application/json", "content-length": "2"},
        ),
        (
            "{}",
            {"response_headers_to_add": (APPEND,)},
            {"content-type": "application/json", "content-length": "2"},
        ),
        (
            "{}",
            {"response_headers_to_remove": ("content-type", "content-length")},
            {"content-type": "text/plain", "content-length": "2"},
        ),
        ("", {"response_headers_to_add": (APPEND,)}, {}),
        (None, {}, {}),
    ],
)
def test_the_body_decides_after_the_changes(body, changes, headers):
    reply = LocalReply(code=200)
    source = None if body is None else DataSource(inline_string=body)
    found = direct_response_headers(reply, source, (Route(**changes),), CONTEXT)
    assert dict(found.headers.items()) == {
        ":status": ("200",), **{name: (value,) for name, value in headers.items()}
    }  # fmt: skip


def test_bytes_count_as_they_are_decoded():
    source = DataSource(inline_bytes="aGVsbG8=")
    found = direct_response_headers(LocalReply(code=200), source, (), CONTEXT).headers
    assert found.first("content-length") == "5"


def test_a_redirect_has_its_location_unless_it_is_changed():
    reply = LocalReply(code=301, location="http://a/")
    assert (
        direct_response_headers(reply, None, (), CONTEXT).headers.first("location") == "http://a/"
    )
    level = Route(response_headers_to_remove=("location",))
    assert "location" not in direct_response_headers(reply, None, (level,), CONTEXT).headers


def test_the_code_is_not_known_yet_and_the_details_are():
    add = [
        {"header": {"key": "x", "value": f"%{name}%"}}
        for name in ("RESPONSE_CODE", "RESPONSE_CODE_DETAILS")
    ]
    level = msgspec.convert({"response_headers_to_add": add}, Route)
    reply = LocalReply(code=404, details="direct_response")
    found = direct_response_headers(reply, None, (level,), CONTEXT)
    assert (found.headers.all("x"), found.missing) == (("0", "direct_response"), ())


def test_what_is_not_known_is_named():
    add = [{"header": {"key": "x", "value": "%START_TIME%"}}]
    level = msgspec.convert({"response_headers_to_add": add}, Route)
    found = direct_response_headers(LocalReply(code=404), None, (level,), CONTEXT)
    assert (found.headers.all("x"), found.missing) == ((), ("%START_TIME%",))
