"""External authorization, as a table of what Envoy 1.40.0 does without its service's answer."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import ExtAuthz, ExtAuthzPerRoute
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.ext_authz import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

Fields = dict[str, object]
HEALTH = {"up": (1, 2), "empty": (0, 0), "down": (0, 1)}
ERROR = (403, ("UAEX",), "ext_authz_error")
ASKED = ('the external authorization service of "f" lets the request go on unchanged',)
ROUTE = Route()
DENY = {"default_value": True, "runtime_key": "deny"}
WANTED = {"filter": "ns", "path": [{"key": "k"}], "value": {"string_match": {"exact": "v"}}}


def http_service(cluster: str) -> Fields:
    return {"http_service": {"server_uri": {"cluster": cluster}}}


def grpc_service(cluster: str) -> Fields:
    return {"grpc_service": {"envoy_grpc": {"cluster_name": cluster}}}


def percent(numerator: int) -> Fields:
    return {"filter_enabled": {"default_value": {"numerator": numerator}}}


def ask(
    fields: Fields, per_route: Fields | None = None, route: Route | None = ROUTE, **facts: object
) -> tuple[FilterResult, ...]:
    own: Resource = msgspec.convert(fields, ExtAuthz)
    config = own if per_route is None else msgspec.convert(per_route, ExtAuthzPerRoute)
    request = msgspec.structs.replace(Request(connection=Connection(), headers=Headers()), **facts)
    context = FilterContext(
        filter_name="f", config=config, own_config=own, route=route, cluster_health=HEALTH.get
    )
    return evaluate(request, context)


def verdict(result: FilterResult) -> object:
    if result.reply is None:
        return result.assumptions
    return result.reply.code, result.reply.flags, result.reply.details


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (http_service("up"), ASKED),
        (http_service("down"), ASKED),
        (grpc_service("up"), ASKED),
        ({"grpc_service": {"google_grpc": {}}}, ASKED),
        ({}, ASKED),
        (http_service("nope"), ERROR),
        (http_service("empty"), ERROR),
        (grpc_service("nope"), ERROR),
        (
            http_service("nope") | {"status_on_error": {"code": "ServiceUnavailable"}},
            (503, *ERROR[1:]),
        ),
        (http_service("nope") | {"status_on_error": {"code": 500}}, (500, *ERROR[1:])),
        (http_service("nope") | {"status_on_error": {}}, ERROR),
        (http_service("nope") | {"failure_mode_allow": True}, ()),
        (percent(0), ()),
        (percent(0) | {"deny_at_disable": DENY}, ERROR),
        (percent(0) | {"deny_at_disable": {**DENY, "runtime_key": "off"}}, ()),
        (percent(100), ASKED),
        ({"filter_enabled_metadata": WANTED}, ()),
        ({"filter_enabled_metadata": WANTED, "deny_at_disable": DENY}, ERROR),
    ],
)
def test_without_an_answer(fields: Fields, expected: object) -> None:
    (result,) = ask(fields, runtime={"off": False})
    assert verdict(result) == expected


@pytest.mark.parametrize(
    ("per_route", "expected"),
    [
        ({"disabled": True}, ()),
        ({"check_settings": http_service("up")}, ASKED),
        ({"check_settings": grpc_service("up")}, ASKED),
        ({"check_settings": {}}, ERROR),
    ],
)
def test_per_route(per_route: Fields, expected: object) -> None:
    (result,) = ask(http_service("nope"), per_route)
    assert verdict(result) == expected


def test_without_a_route_it_is_not_asked() -> None:
    (result,) = ask(http_service("nope"), route=None)
    assert verdict(result) == ()


@pytest.mark.parametrize(
    ("metadata", "opaque", "expected"),
    [
        ({"ns": {"k": "v"}}, (), ASKED),
        ({"ns": {"k": "w"}}, (), ()),
        ({}, ("wasm",), (ASKED[0] + ' (the metadata "k" of "ns", which wasm may set decides)',)),
    ],
)
def test_wanted_by_metadata(metadata: Fields, opaque: tuple[str, ...], expected: object) -> None:
    fields = {"filter_enabled_metadata": WANTED}
    (result,) = ask(fields, metadata=metadata, opaque_filters=opaque)
    assert verdict(result) == expected


def test_drawn() -> None:
    results = ask(http_service("nope") | percent(25))
    assert [(verdict(one), one.probability) for one in results] == [(ERROR, 0.25), ((), 0.75)]


@pytest.mark.parametrize(("add", "value"), [(True, "true"), (False, None)])
def test_a_failure_that_is_allowed_may_be_told(add: bool, value: str | None) -> None:
    fields = {"failure_mode_allow": True, "failure_mode_allow_header_add": add}
    (result,) = ask(http_service("nope") | fields)
    assert result.request.headers.first("x-envoy-auth-failure-mode-allowed") == value


def test_what_is_asked_may_leave_metadata() -> None:
    (result,) = ask(http_service("up"))
    assert result.request.opaque_filters == ("f",)


def test_another_configuration_asks_nobody() -> None:
    request = Request(connection=Connection(), headers=Headers())
    (result,) = evaluate(request, FilterContext(config=Cors(), own_config=Cors()))
    assert result.assumptions == ()
