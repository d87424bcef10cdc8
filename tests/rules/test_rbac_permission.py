"""RBAC permissions, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.rbac import Permission
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.rbac_permission import match_permission
from osmscope.rules.result import Match, Outcome

CONNECTION = Connection(
    destination_ip="10.0.0.1",
    destination_port=80,
    server_name="a.b",
    detected_server_name="a.b",
    metadata={"ns": {"k": "listener"}},
)
HEADERS = Headers.of([(":path", "/a;x/b?q"), (":authority", "h:80"), ("x", "1")])
REQUEST = Request(connection=CONNECTION, headers=HEADERS, metadata={"ns": {"k": "filter"}})
HTTP = MatcherInputs(connection=CONNECTION, request=REQUEST)
NETWORK = MatcherInputs(connection=CONNECTION)
TEMPLATE = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
UPSTREAM = (
    "type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher"
)


def ask(config: dict[str, object], inputs: MatcherInputs) -> Match:
    return match_permission(decode(Permission, json.dumps(config).encode(), "test"), inputs)


def metadata(value: str) -> dict[str, object]:
    return {"filter": "ns", "path": [{"key": "k"}], "value": {"string_match": {"exact": value}}}


def sourced(source: str, value: str) -> dict[str, object]:
    inner = {"metadata_matcher": metadata(value), "metadata_source": source}
    return {"sourced_metadata": inner}


def template(path_template: str) -> dict[str, object]:
    config = {"@type": TEMPLATE, "path_template": path_template}
    return {"uri_template": {"name": "t", "typed_config": config}}


BY_BOTH = [
    ({"any": True}, True),
    ({}, False),
    ({"and_rules": {"rules": [{"any": True}, {"destination_port": 80}]}}, True),
    ({"and_rules": {"rules": [{"any": True}, {"destination_port": 81}]}}, False),
    ({"or_rules": {"rules": [{"destination_port": 81}, {"destination_port": 80}]}}, True),
    ({"or_rules": {"rules": [{"destination_port": 81}]}}, False),
    ({"or_rules": {}}, False),
    ({"not_rule": {"destination_port": 81}}, True),
    ({"not_rule": {"any": True}}, False),
    ({"destination_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}, True),
    ({"destination_ip": {"address_prefix": "11.0.0.0", "prefix_len": 8}}, False),
    ({"destination_ip": {"address_prefix": "11.0.0.0"}}, True),
    ({"destination_port_range": {"start": 80, "end": 82}}, True),
    ({"destination_port_range": {"start": 79, "end": 80}}, False),
    ({"requested_server_name": {"exact": "a.b"}}, True),
    ({"requested_server_name": {"exact": ""}}, False),
]


@pytest.mark.parametrize("inputs", [HTTP, NETWORK], ids=["http", "network"])
@pytest.mark.parametrize(("config", "fits"), BY_BOTH)
def test_both_filters(config: dict[str, object], fits: bool, inputs: MatcherInputs) -> None:
    assert ask(config, inputs).outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)


@pytest.mark.parametrize(
    ("config", "http", "network"),
    [
        ({"header": {"name": "x", "string_match": {"exact": "1"}}}, True, False),
        ({"header": {"name": "host", "string_match": {"exact": "h:80"}}}, True, False),
        ({"header": {"name": ":path", "string_match": {"exact": "/a;x/b?q"}}}, True, False),
        ({"header": {"name": "y", "string_match": {"exact": "1"}}}, False, False),
        ({"url_path": {"path": {"exact": "/a;x/b"}}}, True, False),
        ({"url_path": {"path": {"exact": "/a/b"}}}, False, False),
        ({"not_rule": {"url_path": {"path": {"exact": "/a/b"}}}}, True, True),
        ({"metadata": metadata("filter")}, True, False),
        ({"metadata": metadata("listener")}, False, True),
        (sourced("DYNAMIC", "filter"), True, False),
        (sourced("ROUTE", "filter"), False, False),
        (template("/{a}/b"), True, False),
        (template("/{a}/c"), False, False),
        ({"matcher": {"name": "u", "typed_config": {"@type": UPSTREAM}}}, False, False),
    ],
)
def test_what_only_requests_have(config: dict[str, object], http: bool, network: bool) -> None:
    assert ask(config, HTTP).outcome is (Outcome.MATCH if http else Outcome.NO_MATCH)
    assert ask(config, NETWORK).outcome is (Outcome.MATCH if network else Outcome.NO_MATCH)


def test_path_parameters_do_not_count_where_the_route_says_so() -> None:
    inputs = msgspec.structs.replace(HTTP, ignore_path_parameters=True)
    assert ask({"url_path": {"path": {"exact": "/a/b"}}}, inputs).is_match


def test_metadata_of_the_route() -> None:
    inputs = msgspec.structs.replace(HTTP, route_metadata={"ns": {"k": "route"}})
    assert ask(sourced("ROUTE", "route"), inputs).is_match
    assert not ask(sourced("ROUTE", "filter"), inputs).is_match


def test_the_handshake_alone_does_not_tell_the_server_name() -> None:
    connection = Connection(tls=True, server_name="a.b", terminated_tls=True)
    inputs = MatcherInputs(connection=connection)
    assert not ask({"requested_server_name": {"exact": "a.b"}}, inputs).is_match
    assert ask({"requested_server_name": {"safe_regex": {"regex": ".*"}}}, inputs).is_match


@pytest.mark.parametrize("config", [{"destination_port": 80}, BY_BOTH[9][0]])
def test_a_destination_that_is_no_ip_has_neither_address_nor_port(
    config: dict[str, object],
) -> None:
    inputs = MatcherInputs(connection=Connection(is_ip=False))
    assert ask(config, inputs).outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({"destination_port": 80}, "the destination port"),
        ({"not_rule": {"destination_port": 80}}, "the destination port"),
        (BY_BOTH[9][0], "the destination IP"),
        (
            {"matcher": {"name": "m", "typed_config": {"@type": "t/a.B"}}},
            "what the matcher a.B decides",
        ),
    ],
)
def test_unknown(config: dict[str, object], missing: str) -> None:
    match = ask(config, MatcherInputs(connection=Connection()))
    assert match.is_unknown
    assert match.missing == missing


def test_a_template_of_another_type_is_unknown() -> None:
    other = {"uri_template": {"name": "t", "typed_config": {"@type": "t/a.B"}}}
    assert ask(other, HTTP).missing == "what the matcher a.B decides"


def test_an_upstream_address_that_an_opaque_filter_may_have_set_is_unknown() -> None:
    request = msgspec.structs.replace(REQUEST, opaque_filters=("wasm",))
    inputs = MatcherInputs(connection=CONNECTION, request=request)
    assert ask({"matcher": {"typed_config": {"@type": UPSTREAM}}}, inputs).is_unknown


def test_the_deciding_field_is_named() -> None:
    config = {"and_rules": {"rules": [{"any": True}, {"not_rule": {"destination_port": 80}}]}}
    match = ask(config, NETWORK)
    assert match.consulted == ("and_rules.rules[1].not_rule.destination_port",)
    assert match.reason == "destination port 80 is 80"
