"""Header changes of responses, in words."""

import msgspec
import pytest

from osmscope.resources.route import ClusterWeight, Route, RouteConfiguration, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.header_mutation import Level
from osmscope.rules.response_changes import response_changes
from osmscope.rules.substitution_format import FormatContext

REQUEST = Request(connection=Connection(), headers=Headers.of([("x-q", "v")]))
CONTEXT = FormatContext(request=REQUEST, route_name="r")


def adding(kind: type[Level], value: str = "b", **fields: object) -> Level:
    option = {"header": {"key": "x-a", "value": value}, **fields}
    return msgspec.convert({"response_headers_to_add": [option]}, kind)


REMOVING = msgspec.convert({"response_headers_to_remove": ["server", "via"]}, Route)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Route(), []),
        (REMOVING, ['the route removes "server"', 'the route removes "via"']),
        (adding(Route), ['the route adds "x-a: b"']),
        (adding(VirtualHost), ['the virtual host adds "x-a: b"']),
        (adding(RouteConfiguration), ['the route configuration adds "x-a: b"']),
        (adding(ClusterWeight), ['the weighted cluster adds "x-a: b"']),
        (adding(Route, append=True), ['the route adds "x-a: b"']),
        (adding(Route, append=False), ['the route sets "x-a: b"']),
        (adding(Route, append_action="ADD_IF_ABSENT"), ['the route adds, if absent, "x-a: b"']),
        (
            adding(Route, append_action="OVERWRITE_IF_EXISTS_OR_ADD"),
            ['the route sets "x-a: b"'],
        ),
        (
            adding(Route, append_action="OVERWRITE_IF_EXISTS"),
            ['the route sets, if present, "x-a: b"'],
        ),
        (adding(Route, "%REQ(x-q)% %ROUTE_NAME%"), ['the route adds "x-a: v r"']),
        (adding(Route, "%REQ(x-no)%"), []),
        (adding(Route, "%REQ(x-no)%", keep_empty_value=True), ['the route adds "x-a: "']),
        (adding(Route, "%RESP(x)%"), ['the route adds "x-a: %RESP(x)%"']),
        (adding(Route, "%START_TIME%"), ['the route adds "x-a: %START_TIME%"']),
    ],
)
def test_changes(level: Level, expected: list[str]) -> None:
    assert list(response_changes([level], CONTEXT)) == expected


def test_what_replaces_comes_before_what_adds() -> None:
    options = [{"header": {"key": "x-a", "value": "1"}},
               {"header": {"key": "x-a", "value": "2"}, "append": False}]  # fmt: skip
    level = msgspec.convert({"response_headers_to_add": options}, Route)
    changes = list(response_changes([level], CONTEXT))
    assert changes == ['the route sets "x-a: 2"', 'the route adds "x-a: 1"']


def test_levels_come_in_order() -> None:
    changes = list(response_changes([adding(VirtualHost), REMOVING], CONTEXT))
    assert changes[0].startswith("the virtual host")
    assert changes[1].startswith("the route")
