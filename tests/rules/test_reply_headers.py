"""The location of Envoy's own replies, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import (
    HeaderValue,
    HeaderValueOption,
    Route,
    RouteConfiguration,
    VirtualHost,
)
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.reply_headers import change_location
from osmscope.rules.substitution_format import FormatContext

OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"


def add(value: str, action: str = "APPEND_IF_EXISTS_OR_ADD", name: str = "location") -> Route:
    option = HeaderValueOption(header=HeaderValue(key=name, value=value), append_action=action)
    return Route(response_headers_to_add=(option,))


@pytest.mark.parametrize(
    ("route", "before", "after"),
    [
        (Route(), "/a", "/a"),
        (add("zz", name="x-other"), "/a", "/a"),
        (add("zz", OVERWRITE), "/a", "zz"),
        (add("zz"), "/a", "/a,zz"),
        (add("%REQ(x-a)%-%RESP(location)%"), None, "A-"),
        (add("zz", "OVERWRITE_IF_EXISTS"), None, None),
        (Route(response_headers_to_remove=("Location",)), "/a", None),
        (add("%START_TIME%", OVERWRITE), "/a", None),
    ],
)
def test_location(route: Route, before: str | None, after: str | None) -> None:
    request = Request(connection=Connection(), headers=Headers.of([("x-a", "A")]))
    reply = LocalReply(code=301, location=before)
    context = FormatContext(request=request)
    changed = change_location(reply, context, route, VirtualHost(), RouteConfiguration())
    assert (changed.code, changed.location) == (301, after)
