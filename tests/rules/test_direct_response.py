"""Direct responses, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import DirectResponseAction, Route
from osmscope.rules.direct_response import direct_response
from osmscope.rules.facts import Connection, Headers, Request


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (200, None),
        (201, "http://h.com/d?x=1"),
        (204, None),
        (301, "http://h.com/d?x=1"),
        (304, "http://h.com/d?x=1"),
        (404, None),
    ],
)
def test_created_and_redirections_have_a_location(status: int, location: str | None) -> None:
    headers = Headers.of(
        [
            (":scheme", "http"),
            ("x-forwarded-proto", "http"),
            (":path", "/d?x=1"),
            ("host", "h.com"),
        ]
    )
    reply = direct_response(
        Route(direct_response=DirectResponseAction(status=status)),
        Request(connection=Connection(), headers=headers),
    )
    assert (reply.code, reply.flags, reply.details) == (status, (), "direct_response")
    assert reply.location == location


def test_a_request_without_path_has_no_location() -> None:
    request = Request(connection=Connection(), headers=Headers.of([("host", "h.com")]))
    route = Route(direct_response=DirectResponseAction(status=301))
    assert direct_response(route, request).location is None
