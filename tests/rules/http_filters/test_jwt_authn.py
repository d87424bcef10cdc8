"""JSON web tokens, as a table of what Envoy 1.40.0 does."""

import base64

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtAuthentication, JwtPerRouteConfig
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.jwt_authn import NAMESPACE, evaluate

Fields = dict[str, object]
P: Fields = {"provider_name": "p"}
Q: Fields = {"provider_name": "q"}
MISSING_OK: Fields = {"allow_missing": {}}
PAYLOAD = base64.urlsafe_b64encode(b'{"sub":"me"}').decode()


def any_of(*requirements: Fields) -> Fields:
    return {"requires_any": {"requirements": requirements}}


def all_of(*requirements: Fields) -> Fields:
    return {"requires_all": {"requirements": requirements}}


REQUIREMENTS: dict[str, Fields] = {
    "/anymiss": {"requires": any_of(P, MISSING_OK)},
    "/any": {"requires": any_of(P, Q)},
    "/allmiss": {"requires": all_of(P, MISSING_OK)},
    "/all": {"requires": all_of(P, Q)},
    "/miss": {"requires": MISSING_OK},
    "/mof": {"requires": {"allow_missing_or_failed": {}}},
    "/none": {},
    "/aud": {"requires": {"provider_and_audiences": {"provider_name": "p", "audiences": ["a"]}}},
    "/map": {"requirement_name": "m"},
    "/q": {"requires": Q},
    "/": {"requires": P},
}
PROVIDERS: Fields = {
    "p": {"payload_in_metadata": "claims", "forward_payload_header": "x-claims"},
    "q": {"from_headers": [{"name": "x-t"}], "forward": True, "clear_route_cache": True},
}
OWN = msgspec.convert(
    {
        "providers": PROVIDERS,
        "rules": [{"match": {"prefix": p}, **fields} for p, fields in REQUIREMENTS.items()],
        "requirement_map": {"m": P, "z": Q},
    },
    JwtAuthentication,
)


def ask(
    path: str, sent: dict[str, str], per_route: Resource | None = None, own: Resource = OWN
) -> FilterResult:
    headers = Headers.of([(":path", path), *sent.items()])
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(config=per_route or own, own_config=own))
    return result


def verdict(result: FilterResult) -> object:
    if result.reply is None:
        return result.assumptions != ()
    assert result.reply.flags == ()
    return result.reply.code, result.reply.details


MISSING = (401, "jwt_authn_access_denied{Jwt_is_missing}")
MALFORMED = (
    401,
    "jwt_authn_access_denied{Jwt_is_not_in_the_form_of_Header.Payload.Signature"
    "_with_two_dots_and_3_sections}",
)
GOOD = {"authorization": "Bearer a.b.c"}
BAD = {"authorization": "Bearer a"}


@pytest.mark.parametrize(
    ("path", "without", "bad", "good"),
    [
        ("/any", MISSING, MALFORMED, True),
        ("/all", MISSING, MALFORMED, MISSING),
        ("/anymiss", False, MALFORMED, True),
        ("/allmiss", MISSING, MALFORMED, True),
        ("/miss", False, MALFORMED, True),
        ("/mof", False, False, False),
        ("/none", False, False, False),
        ("/aud", MISSING, MALFORMED, True),
        ("/map", MISSING, MALFORMED, True),
        ("/q", MISSING, MISSING, MISSING),
        ("/zz", MISSING, MALFORMED, True),
    ],
)
def test_requirements(path: str, without: object, bad: object, good: object) -> None:
    answers = [verdict(ask(path, sent)) for sent in ({}, BAD, GOOD)]
    assert answers == [without, bad, good]


def test_all_providers() -> None:
    result = ask("/all", {**GOOD, "x-t": "a.b.c"})
    assert result.assumptions == ("the token for p and q is valid",)
    assert result.clears_route_cache


@pytest.mark.parametrize(
    ("fields", "sent", "expected"),
    [
        ({"disabled": True}, {}, False),
        ({"requirement_name": "m"}, {}, MISSING),
        ({"requirement_name": "m"}, GOOD, True),
        (
            {"requirement_name": "a b"},
            GOOD,
            (
                403,
                "jwt_authn_access_denied{Wrong_requirement_name:_a_b._It_should_be_one_of_[m,z]}",
            ),
        ),
    ],
)
def test_per_route(fields: Fields, sent: dict[str, str], expected: object) -> None:
    per_route = msgspec.convert(fields, JwtPerRouteConfig)
    assert verdict(ask("/none", sent, per_route)) == expected


def test_what_a_valid_token_leaves() -> None:
    result = ask("/", {"authorization": f"Bearer a.{PAYLOAD}.c"})
    assert "authorization" not in result.request.headers
    assert result.request.headers.first("x-claims") == PAYLOAD
    assert result.request.metadata == {NAMESPACE: {"claims": {"sub": "me"}}}
    assert not result.clears_route_cache
    forwarded = ask("/q", {"x-t": "a.b.c"})
    assert "x-t" in forwarded.request.headers
    assert forwarded.request.metadata == {}


@pytest.mark.parametrize(("bypass", "expected"), [(True, False), (False, MISSING)])
def test_preflights_may_be_let_through(bypass: bool, expected: object) -> None:
    own = msgspec.structs.replace(OWN, bypass_cors_preflight=bypass)
    sent = {":method": "OPTIONS", "origin": "a", "access-control-request-method": "GET"}
    assert verdict(ask("/", sent, own=own)) == expected


def test_without_a_rule_nothing_is_required() -> None:
    assert verdict(ask("/", {}, own=JwtAuthentication())) is False
    assert verdict(ask("/", {}, own=Cors())) is False
