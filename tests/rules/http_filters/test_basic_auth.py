"""Basic authentication, as a table of what Envoy 1.40.0 does."""

import base64

import pytest

from osmscope.resources.http_filters.authentication import BasicAuth
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.basic_auth import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult


def ask(value: str | None, own: Resource, header: str = "authorization") -> FilterResult:
    headers = Headers.of([(header, value)] if value is not None else [])
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(config=own, own_config=own))
    return result


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "no_credential"),
        ("", "invalid_scheme"),
        ("Basic", "invalid_scheme"),
        (f"basic {encoded('u:p')}", "invalid_scheme"),
        ("Bearer x", "invalid_scheme"),
        (f"Basic {encoded('up')}", "invalid_format"),
        ("Basic !!!", "invalid_format"),
        (f"Basic  {encoded('u:p')}", "invalid_format"),
    ],
)
def test_what_is_refused(value: str | None, problem: str) -> None:
    reply = ask(value, BasicAuth()).reply
    assert reply is not None
    assert (reply.code, reply.flags) == (401, ())
    assert reply.details == f"{problem}_for_basic_auth"


def test_credentials_are_assumed_to_be_right() -> None:
    own = BasicAuth(forward_username_header="x-user", authentication_header="x-auth")
    result = ask(f"Basic {encoded('u:p')}", own, "x-auth")
    assert result.reply is None
    assert result.assumptions == ('the user and password in "x-auth" are right',)
    assert result.request.headers.first("x-user") == "u"
    plain = ask(f"Basic {encoded('u:p')}", Cors())
    assert "x-user" not in plain.request.headers
