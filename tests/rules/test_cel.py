"""CEL conditions, as a table of what Envoy 1.40.0 makes of them."""

import sys

import msgspec
import pytest

from osmscope.resources.cel import CelConfig, CelExpr, CelExpression
from osmscope.rules import cel
from osmscope.rules.cel import match_cel, match_expression
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.result import Outcome
from tests.rules.cel_expressions import expression, expression_json

CONNECTION = Connection(source_ip="10.0.0.1", source_port=5)
REQUEST = Request(
    connection=CONNECTION,
    headers=Headers.of(
        [(":path", "/a/b?x=1"), (":method", "GET"), (":authority", "a.com:80"), ("x-a", "v"),
         ("x-m", "1"), ("x-m", "2"), ("x-empty", "")]
    ),
    remote_ip="10.0.0.1",
    remote_port=5,
    metadata={"ns": {"k": "v", "n": 5, "b": True, "l": ["a"], "o": {"p": "q"}}},
    filter_state={"fk": StateObject("fv")},
)  # fmt: skip
INPUTS = MatcherInputs(connection=CONNECTION, request=REQUEST, route_metadata={"r": {"k": "v"}})
TRUE = """
request.headers['x-m'] == '1,2' · request.headers['X-A'] == 'v' · request.headers['x-empty'] == ''
request.method == 'GET' · nope.x == 1 || true · request.nope == 'x' || true
true || request.nope == 'x' · 1/0 == 1 || true · metadata.filter_metadata['ns']['k'] == 'v'
metadata.filter_metadata['ns']['n'] == 5 · metadata.filter_metadata['ns']['b']
metadata.filter_metadata['ns']['l'][0] == 'a' · metadata.filter_metadata.ns.o.p == 'q'
'ns' in metadata.filter_metadata · !('zz' in metadata.filter_metadata)
filter_state['fk'] == b'fv' · 'fk' in filter_state · !('zz' in filter_state)
request.path.startsWith('/a') · request.path.matches('/a/.*') · 'abc'.matches('b')
xds.route_metadata.filter_metadata['r']['k'] == 'v' · has(request.path) · !has(request.referer)
request.host.endsWith('.com:80') · !connection.mtls · connection.requested_server_name == ''
request.headers['x-a'] == 'v' ? true : false · request.query == 'x=1' · 1 == 1.0 · 1 == 1u
dyn('a') != dyn(1) · 'b' in ['a', 'b'] · size('é') == 1 · duration('1s') > duration('0s')
true || request.referer.matches('x') · !(false && request.referer.matches('x'))
request.referer.matches(request.path) || true · request.path.matches('zz') || true
source.address == '10.0.0.1:5' · source.port == 5 · request.headers[5] == 'a' || true · true
"""
FALSE = """
request.headers['x-m'] == '1' · request.headers['zz'] == '' · !(request.headers['zz'] == 'v')
filter_state['fk'] == 'fv' · filter_state['zz'] == '' · request.url_path · 5 · null · false
!(request.referer == 'x') · request.headers['zz'] == 'v' ? true : true · 'a' == dyn(1)
int(request.headers['x-empty']) == 5 · source.address == '' · false || request.referer == 'x'
request.referer.matches('x') || true · true && (request.referer.matches('x') || true)
matches(request.referer, 'x') || true
!(connection.uri_san_peer_certificate == 'x') · metadata.filter_metadata['zz']['k'] == 'v'
"""


def listed(table: str) -> list[str]:
    return [one.strip() for line in table.strip().splitlines() for one in line.split(" · ")]


@pytest.mark.parametrize("text", listed(TRUE))
def test_what_is_true_fits(text: str) -> None:
    assert match_cel(expression(text), INPUTS).outcome is Outcome.MATCH


@pytest.mark.parametrize("text", listed(FALSE))
def test_what_is_false_no_boolean_or_an_error_does_not_fit(text: str) -> None:
    assert match_cel(expression(text), INPUTS).outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("request.size > 0", "request.size, which a CEL condition reads"),
        ("request.size > 0 && connection.id > 0",
         "request.size and connection.id, which a CEL condition reads"),
        ("has(request.size)", "request.size, which a CEL condition reads"),
        ("!has(xds.cluster_name)", "xds.cluster_name, which a CEL condition reads"),
        ("'a' in xds.listener_metadata",
         "xds.listener_metadata.a, which a CEL condition reads"),
        ("has(metadata.filter_metadata)",
         "metadata.filter_metadata, which a CEL condition reads"),
        ("'a' + 'b' == 'ab'", "what a CEL condition decides that adds with +"),
        ("[1].exists(i, i == 1)",
         "what a CEL expression of a form that Envoy 1.40 does not load decides"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_named(text: str, missing: str) -> None:
    inputs = INPUTS
    if "metadata.filter_metadata" in text:
        empty = msgspec.structs.replace(REQUEST, metadata={})
        inputs = msgspec.structs.replace(INPUTS, request=empty)
    assert match_cel(expression(text), inputs).missing == missing


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("request.time > timestamp('1970-01-01T00:00:09Z')", Outcome.MATCH),
        ("request.time > timestamp('1970-01-01T00:00:10.5Z')", Outcome.NO_MATCH),
        ("request.time.getSeconds() == 10", Outcome.MATCH),
        ("has(request.time)", Outcome.MATCH),
    ],
)
def test_the_time_of_a_request(text: str, outcome: Outcome) -> None:
    asked = msgspec.structs.replace(REQUEST, now=10.25)
    inputs = msgspec.structs.replace(INPUTS, request=asked)
    assert match_cel(expression(text), inputs).outcome is outcome
    assert match_cel(expression(text), INPUTS).is_unknown


@pytest.mark.parametrize(
    "text", ["request.size > 0 || true", "has(request.path) || has(request.size) || true"]
)
def test_what_decides_nothing_may_be_unknown(text: str) -> None:
    match = match_cel(expression(text), INPUTS)
    assert match.outcome is (Outcome.UNKNOWN if "has(request.size)" in text else Outcome.MATCH)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("'a' + 'b' == 'ab'", Outcome.MATCH),
        ("'A'.lowerAscii() == 'a'", Outcome.UNKNOWN),
        ("request.method == 'PUT'", Outcome.NO_MATCH),
    ],
)
def test_what_a_configuration_switches_on(text: str, outcome: Outcome) -> None:
    config = CelConfig(enable_string_concat=True)
    assert match_cel(expression(text), INPUTS, config).outcome is outcome


@pytest.mark.parametrize(
    "kind", ["parsed_expr", "checked_expr", "cel_expr_parsed", "cel_expr_checked"]
)
def test_the_expression_of_a_matcher(kind: str) -> None:
    fields = {kind: {"expr": expression_json("request.method == 'GET'")}}
    assert match_expression(msgspec.convert(fields, CelExpression, strict=False), INPUTS).is_match


def test_an_expression_that_stands_there_as_text_is_not_read() -> None:
    assert match_expression(CelExpression(cel_expr_string="true"), INPUTS).is_unknown


def test_without_the_library_all_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    cel._compiled.cache_clear()
    match = match_cel(expression("true"), INPUTS)
    assert (
        match.missing == 'what a CEL condition decides (pip install "osmscope[cel]" evaluates it)'
    )
    cel._compiled.cache_clear()


def test_an_empty_expression_does_not_fit() -> None:
    assert match_cel(CelExpr(), INPUTS).outcome is not Outcome.MATCH
