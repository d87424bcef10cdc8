"""What stands for headers that a log does not hold."""

from __future__ import annotations

import json

import pytest

from osmscope.dump.sections import Dump
from osmscope.replay.logged import Logged
from osmscope.replay.unlogged_headers import UnloggedHeaders
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import OutcomeAnswer

OUTCOME = OutcomeAnswer(
    probability=1.0, verdict="forwarded", route_config="table", virtual_host="host"
)
REQUEST = Logged(method="GET", headers=(("logged", ""),))


def headers(*matchers: dict[str, object], **match: object) -> UnloggedHeaders:
    routes = [{"match": {"prefix": "/", "headers": [one], **match}} for one in matchers]
    host = {"name": "host", "domains": ["*"], "routes": routes}
    section = {
        "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
        "dynamic_route_configs": [{"route_config": {"name": "table", "virtual_hosts": [host]}}],
    }
    text = json.dumps({"configs": [section]}).encode()
    return UnloggedHeaders(Proxy(Dump.read(text, where="a dump")))


@pytest.mark.parametrize(
    ("matcher", "example"),
    [
        ({"string_match": {"exact": "v"}}, "v"),
        ({"string_match": {"prefix": "v"}}, "v"),
        ({"exact_match": "v"}, "v"),
        ({"string_match": {"safe_regex": {"regex": "bookbuyer"}}}, "bookbuyer"),
        ({"string_match": {"safe_regex": {"regex": ".*-http-client/*.*"}}}, "x-http-client/*x"),
        ({"string_match": {"safe_regex": {"regex": r"a\.b.+"}}}, "a.bx"),
        ({"present_match": True}, "x"),
        ({"string_match": {"exact": "v"}, "invert_match": True}, "x"),
    ],
)
def test_an_example_of_what_a_route_asks_for(matcher: dict[str, object], example: str) -> None:
    found = headers({"name": "h", **matcher}).of(REQUEST, OUTCOME)
    assert found.names == {"h"}
    assert [dict(one) for one in found.examples] == [{"h": example}]
    assert found.complete


@pytest.mark.parametrize(
    "matcher",
    [
        {"string_match": {"safe_regex": {"regex": "[0-9]{3}"}}},
        {"present_match": False},
        {"range_match": {"start": 1, "end": 9}},
    ],
)
def test_what_has_no_example_cannot_be_told(matcher: dict[str, object]) -> None:
    found = headers({"name": "h", **matcher}).of(REQUEST, OUTCOME)
    assert (found.examples, found.complete) == ((), False)


def test_a_logged_header_is_not_open() -> None:
    found = headers({"name": "Logged", "string_match": {"exact": "v"}}).of(REQUEST, OUTCOME)
    assert (found.names, found.complete) == (frozenset(), True)


def test_a_header_that_decides_otherwise_cannot_be_told() -> None:
    found = headers({"name": "logged", "present_match": True}, grpc={}).of(REQUEST, OUTCOME)
    assert (found.names, found.complete) == ({"content-type"}, False)


@pytest.mark.parametrize(
    ("line", "table"), [(Logged(), "table"), (REQUEST, None), (REQUEST, "another")]
)
def test_where_no_route_table_is_read_nothing_is_open(line: Logged, table: str | None) -> None:
    outcome = OutcomeAnswer(probability=1.0, verdict="responded", route_config=table)
    assert headers({"name": "h", "present_match": True}).of(line, outcome).complete
