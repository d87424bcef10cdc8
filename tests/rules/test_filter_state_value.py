"""Objects out of format strings, as a table of what Envoy 1.40.0 makes."""

import msgspec
import pytest

from osmscope.resources.filter_state import FilterStateValue
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.filter_state_value import StateChange, set_objects
from osmscope.rules.substitution_format import FormatContext

Fields = dict[str, object]
BEFORE = {"before": StateObject("b")}
IP, CLUSTER = "envoy.network.ip", "envoy.tcp_proxy.cluster"


def value(key: str, text: str, factory: str = "envoy.string", **fields: object) -> Fields:
    source = {"text_format_source": {"inline_string": text}}
    return {"object_key": key, "factory_key": factory, "format_string": source, **fields}


def omitting(key: str, text: str, **fields: object) -> Fields:
    source = {"text_format_source": {"inline_string": text}, "omit_empty_values": True}
    return value(key, text, **{**fields, "format_string": source})


def change(*values: Fields, connection: Connection | None = None) -> StateChange:
    headers = Headers.of([("x-a", "v"), ("x-empty", "")])
    request = Request(connection=connection or Connection(), headers=headers, filter_state=BEFORE)
    context = FormatContext(request=request, route_name="R", cluster="up")
    return set_objects(msgspec.convert(values, tuple[FilterStateValue, ...]), context)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([value("k", "%REQ(x-a)%")], {"k": StateObject("v")}),
        ([value("k", "%REQ(zz)%", skip_if_empty=True)], {"k": StateObject("-")}),
        ([omitting("k", "a%REQ(zz)%b")], {"k": StateObject("ab")}),
        ([omitting("k", "%REQ(zz)%", skip_if_empty=True)], {}),
        ([omitting("k", "%REQ(zz)%")], {"k": StateObject("")}),
        ([value("k", "", skip_if_empty=True)], {}),
        ([value("k", "")], {"k": StateObject("")}),
        ([value("k", "a"), value("k", "b")], {"k": StateObject("b")}),
        (
            [value("k", "a"), value("l", "%FILTER_STATE(k:PLAIN)%c")],
            {"k": StateObject("a"), "l": StateObject("ac")},
        ),
        ([value("k", "%ROUTE_NAME%-%UPSTREAM_CLUSTER%")], {"k": StateObject("R-up")}),
        ([value("envoy.string", "a", "")], {"envoy.string": StateObject("a")}),
        ([value(CLUSTER, "a", "")], {CLUSTER: StateObject("a", CLUSTER)}),
        ([value(CLUSTER, "a")], {CLUSTER: StateObject("a")}),
        ([{**value("k", ""), "format_string": {"text_format": "t"}}], {"k": StateObject("t")}),
        ([value("k", "1.2.3.4", IP)], {"k": StateObject("1.2.3.4:0", IP)}),
        ([value("k", "::1", IP)], {"k": StateObject("[::1]:0", IP)}),
        ([value("k", "nonsense", IP)], {}),
        ([value("k", "true", "envoy.bool")], {"k": StateObject(None, "envoy.bool")}),
        ([value("k", "%START_TIME%")], {"k": StateObject(None)}),
        (
            [{**value("k", ""), "format_string": {"text_format_source": {"filename": "f"}}}],
            {"k": StateObject(None)},
        ),
    ],
)
def test_objects(values: list[Fields], expected: dict[str, StateObject]) -> None:
    assert change(*values) == StateChange({**BEFORE, **expected})


def test_an_object_of_the_connection_stays() -> None:
    connection = Connection(filter_state={"k": StateObject("of the connection")})
    assert change(value("k", "a"), connection=connection) == StateChange(BEFORE)


def test_what_envoy_itself_reads_is_named() -> None:
    assumptions = change(value("envoy.network.upstream_server_name", "a")).assumptions
    assert assumptions == ('the filter state "envoy.network.upstream_server_name" changes nothing',)
