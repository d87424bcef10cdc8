"""Descriptors of rate limits, as a table of what Envoy 1.40.0 makes."""

import msgspec
import pytest

from osmscope.resources.rate_limit import RateLimitPolicy
from osmscope.resources.resource import Opaque
from osmscope.resources.route import Route, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.rate_limit_descriptors import Descriptors, descriptors_of, policies_of, text_of

Fields = dict[str, object]
HEADERS = Headers.of([(":path", "/a?q=1"), (":method", "GET"), ("x-a", "v"), ("x-empty", "")])
REQUEST = Request(
    connection=Connection(),
    headers=HEADERS,
    remote_ip="10.1.2.3",
    metadata={"ns": {"k": "mv", "n": 5}},
)
ROUTE = msgspec.convert({"metadata": {"filter_metadata": {"r": {"k": "rv"}}}}, Route)
CONTEXT = FilterContext(
    config=Opaque(), own_config=Opaque(), route=ROUTE, cluster="up", node_cluster="c"
)
GET: list[Fields] = [{"name": ":method", "string_match": {"exact": "GET"}}]
POST: list[Fields] = [{"name": ":method", "string_match": {"exact": "POST"}}]
Q1: list[Fields] = [{"name": "q", "string_match": {"exact": "1"}}]


def key(value: str) -> Fields:
    return {"generic_key": {"descriptor_value": value}}


def header(name: str, **fields: object) -> Fields:
    return {"request_headers": {"header_name": name, "descriptor_key": "h", **fields}}


def query(name: str) -> Fields:
    return {"query_parameters": {"query_parameter_name": name, "descriptor_key": "p"}}


def headers(matchers: list[Fields], **fields: object) -> Fields:
    return {"header_value_match": {"descriptor_value": "hv", "headers": matchers, **fields}}


def queries(matchers: list[Fields], **fields: object) -> Fields:
    config = {"descriptor_value": "qv", "query_parameters": matchers, **fields}
    return {"query_parameter_value_match": config}


def metadata(*path: str, **fields: object) -> Fields:
    steps = [{"key": one} for one in path[1:]]
    where = {"key": path[0], "path": steps}
    return {"metadata": {"descriptor_key": "m", "metadata_key": where, **fields}}


def descriptors(
    *actions: Fields, request: Request = REQUEST, context: FilterContext = CONTEXT, **fields: object
) -> Descriptors:
    policy = msgspec.convert({"actions": actions, **fields}, RateLimitPolicy)
    return descriptors_of((policy,), 0, request, context)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([{"source_cluster": {}}], [("source_cluster", "c")]),
        ([{"destination_cluster": {}}], [("destination_cluster", "up")]),
        ([{"remote_address": {}}], [("remote_address", "10.1.2.3")]),
        ([{"masked_remote_address": {"v4_prefix_mask_len": 8}}],
         [("masked_remote_address", "10.0.0.0/8")]),
        ([key("x")], [("generic_key", "x")]),
        ([{"generic_key": {"descriptor_value": "x", "descriptor_key": "g"}}], [("g", "x")]),
        ([header("x-a")], [("h", "v")]),
        ([header(":path")], [("h", "/a?q=1")]),
        ([header("x-a"), key("x")], [("h", "v"), ("generic_key", "x")]),
        ([header("zz"), key("x")], None),
        ([header("zz", skip_if_absent=True), key("x")], [("generic_key", "x")]),
        ([header("zz", skip_if_absent=True)], []),
        ([query("q")], [("p", "1")]),
        ([query("z")], None),
        ([headers(GET)], [("header_match", "hv")]),
        ([headers(POST)], None),
        ([headers(POST, expect_match=False)], [("header_match", "hv")]),
        ([headers(GET, descriptor_key="k")], [("k", "hv")]),
        ([queries(Q1)], [("query_match", "qv")]),
        ([queries(Q1, expect_match=False)], None),
        ([metadata("ns", "k")], [("m", "mv")]),
        ([metadata("ns", "n")], None),
        ([metadata("ns", "z", skip_if_absent=True), key("x")], [("generic_key", "x")]),
        ([metadata("ns", "z", default_value="d")], [("m", "d")]),
        ([metadata("r", "k", source="ROUTE_ENTRY")], [("m", "rv")]),
        ([metadata("r", "z", source="ROUTE_ENTRY")], None),
        ([{"dynamic_metadata": metadata("ns", "k")["metadata"]}], [("m", "mv")]),
    ],
)  # fmt: skip
def test_actions(actions: list[Fields], expected: list[tuple[str, str]] | None) -> None:
    found = descriptors(*actions)
    assert found == Descriptors(() if expected is None else (tuple(expected),))


def test_a_network_of_ipv6() -> None:
    request = msgspec.structs.replace(REQUEST, remote_ip="2001:db8::1")
    found = descriptors({"masked_remote_address": {"v6_prefix_mask_len": 32}}, request=request)
    assert found.listed == ((("masked_remote_address", "2001:db8::/32"),),)


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        ({"source_cluster": {}}, "the cluster of the node"),
        ({"remote_address": {}}, "the remote address"),
        (metadata("other", "k", default_value="d"), 'the metadata "other"'),
        ({"extension": {}}, "what an action of a rate limit gives"),
    ],
)
def test_unknown(action: Fields, missing: str) -> None:
    request = msgspec.structs.replace(REQUEST, remote_ip=None, opaque_filters=("wasm",))
    context = FilterContext(config=Opaque(), own_config=Opaque())
    assert descriptors(action, request=request, context=context).missing == (missing,)


@pytest.mark.parametrize("fields", [{"stage": 1}, {"apply_on_stream_done": True}])
def test_limits_of_other_stages_make_no_descriptor(fields: Fields) -> None:
    assert descriptors(key("x"), **fields) == Descriptors()


def test_the_stage_of_a_filter_s_own_limits_does_not_matter() -> None:
    policy = msgspec.convert({"actions": [key("x")], "stage": 1}, RateLimitPolicy)
    found = descriptors_of((policy,), None, REQUEST, CONTEXT)
    assert found == Descriptors(((("generic_key", "x"),),))


@pytest.mark.parametrize(
    ("own", "option", "route", "host", "included", "expected"),
    [
        ("", "OVERRIDE", "r", "v", None, "r"),
        ("", "OVERRIDE", "", "v", None, "v"),
        ("", "OVERRIDE", "r", "v", True, "rv"),
        ("", "INCLUDE", "r", "v", None, "rv"),
        ("", "IGNORE", "", "v", None, ""),
        ("o", "INCLUDE", "r", "v", True, "o"),
        ("", "OVERRIDE", None, "v", None, "v"),
    ],
)
def test_whose_limits_count(
    own: str, option: str, route: str | None, host: str, included: bool | None, expected: str
) -> None:
    def limits(names: str | None) -> list[Fields]:
        return [{"actions": [key(name)]} for name in names or ""]

    action = {"rate_limits": limits(route), "include_vh_rate_limits": included}
    fields = {"direct_response": {"status": 200}} if route is None else {"route": action}
    context = FilterContext(
        config=Opaque(),
        own_config=Opaque(),
        route=msgspec.convert(fields, Route),
        virtual_host=msgspec.convert({"rate_limits": limits(host)}, VirtualHost),
    )
    policies = policies_of(
        msgspec.convert(tuple(limits(own)), tuple[RateLimitPolicy, ...]), option, context
    )
    found = descriptors_of(policies, 0, REQUEST, context)
    assert "".join(value for ((_, value),) in found.listed) == expected


def test_words() -> None:
    assert text_of((("a", "b"), ("c", "d"))) == 'a="b", c="d"'
