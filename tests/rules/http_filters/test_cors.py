"""CORS preflights, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import Cors, CorsPolicy
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.cors import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

Fields = dict[str, object]
NAMES = {
    "method": ":method",
    "origin": "origin",
    "access_control_request_method": "access-control-request-method",
}
FORWARDING = msgspec.convert({"route": {"cluster": "c"}}, Route)
OFF: Fields = {"filter_enabled": {"default_value": {"numerator": 0}}}
HALF: Fields = {"filter_enabled": {"default_value": {"numerator": 50}}}


def origins(*names: str, **fields: object) -> Fields:
    return {"allow_origin_string_match": [{"exact": name} for name in names], **fields}


def preflight(sent_origin: str, **changed: str | None) -> Request:
    headers: dict[str, str | None] = {
        ":method": "OPTIONS",
        "origin": sent_origin,
        "access-control-request-method": "GET",
        **{NAMES[name]: value for name, value in changed.items()},
    }
    pairs = [(name, value) for name, value in headers.items() if value is not None]
    return Request(connection=Connection(), headers=Headers.of(pairs))


def ask(
    request: Request,
    *levels: Fields,
    route: Route | None = FORWARDING,
    virtual_host: VirtualHost | None = None,
) -> tuple[FilterResult, ...]:
    policies: tuple[Resource, ...] = tuple(msgspec.convert(f, CorsPolicy) for f in levels)
    context = FilterContext(
        config=policies[-1] if policies else Cors(),
        own_config=Cors(),
        levels=policies,
        route=route,
        virtual_host=virtual_host,
    )
    return evaluate(request, context)


def is_answered(results: tuple[FilterResult, ...]) -> bool:
    (result,) = results
    if result.reply is not None:
        assert (result.reply.code, result.reply.flags) == (200, ())
        assert result.reply.details == "cors_response"
    return result.reply is not None


VHOST = origins("v")


@pytest.mark.parametrize(
    ("route_policy", "origin", "expected"),
    [
        (origins("r"), "r", True),
        (origins("r"), "v", False),
        (origins("r"), "x", False),
        ({"allow_methods": "GET"}, "r", False),
        ({"allow_methods": "GET"}, "v", True),
        (origins("r", **OFF), "r", False),
        (origins("r", **OFF), "v", False),
        (origins("r", forward_not_matching_preflights=False), "x", True),
        (origins("r", forward_not_matching_preflights=True), "x", False),
        (origins("*"), "x", True),
        ({"allow_origin": ["r"]}, "r", True),
        ({"allow_origin_string_match": [{"safe_regex": {"regex": ".*"}}]}, "x", True),
    ],
)
def test_the_route_comes_before_the_virtual_host(
    route_policy: Fields, origin: str, expected: bool
) -> None:
    assert is_answered(ask(preflight(origin), VHOST, route_policy)) is expected


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"origin": None},
        {"access_control_request_method": None},
        {"access_control_request_method": ""},
    ],
)
def test_what_is_no_preflight_goes_on(changed: dict[str, str | None]) -> None:
    strict = origins("r", forward_not_matching_preflights=False)
    assert not is_answered(ask(preflight("x", **changed), strict))


def test_a_policy_without_origins_allows_none() -> None:
    assert not is_answered(ask(preflight("r"), {"allow_methods": "GET"}))


def test_a_route_that_does_not_forward_has_no_cors() -> None:
    answering = msgspec.convert({"direct_response": {"status": 200}}, Route)
    assert not is_answered(ask(preflight("r"), origins("r"), route=answering))
    assert not is_answered(ask(preflight("r"), origins("r"), route=None))
    assert not is_answered(ask(preflight("r")))


def test_the_cors_fields_count_without_typed_policies() -> None:
    route = msgspec.convert({"route": {"cors": origins("r")}}, Route)
    host = msgspec.convert({"cors": origins("v")}, VirtualHost)
    assert is_answered(ask(preflight("r"), route=route, virtual_host=host))
    assert not is_answered(ask(preflight("v"), route=route, virtual_host=host))
    assert is_answered(ask(preflight("v"), virtual_host=host))
    assert not is_answered(ask(preflight("r"), origins("t"), route=route))


def test_a_policy_for_half_of_the_requests() -> None:
    answered, forwarded = ask(preflight("r"), origins("r", **HALF))
    assert (answered.probability, answered.reply is not None) == (0.5, True)
    assert (forwarded.probability, forwarded.reply) == (0.5, None)
    assert not is_answered(ask(preflight("x"), origins("r", **HALF)))
