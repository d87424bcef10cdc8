"""The JWT filter, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtAuthentication, JwtPerRouteConfig
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.jwt_authn import evaluate
from tests.rules.http_filters.jwt_tokens import token

Fields = dict[str, object]
P: Fields = {"provider_name": "p"}
OWN = msgspec.convert(
    {
        "providers": {"p": {"issuer": "i", "audiences": ["a"], "forward_payload_header": "x-pl"}},
        "rules": [
            {"match": {"prefix": "/none"}},
            {"match": {"prefix": "/map"}, "requirement_name": "m"},
            {"match": {"prefix": "/unmapped"}, "requirement_name": "zz"},
            {"match": {"prefix": "/p"}, "requires": P},
        ],
        "requirement_map": {"m": P, "z": {}},
        "filter_state_rules": {"name": "tenant", "requires": {"strict": P}},
    },
    JwtAuthentication,
)
GOOD = {"authorization": f"Bearer {token({'iss': 'i', 'aud': 'a'})}"}
MISSING = (401, "jwt_authn_access_denied{Jwt_is_missing}")


def ask(
    path: str, per_route: Resource | None = None, own: Resource = OWN, **fields: object
) -> FilterResult:
    sent = fields.pop("sent", {})
    assert isinstance(sent, dict)
    headers = Headers.of([(":path", path), *sent.items()])
    request = Request(connection=Connection(), headers=headers, **fields)  # type: ignore[arg-type]
    (result,) = evaluate(request, FilterContext(config=per_route or own, own_config=own))
    return result


def verdict(result: FilterResult) -> object:
    return None if result.reply is None else (result.reply.code, result.reply.details)


@pytest.mark.parametrize(
    ("path", "sent", "expected"),
    [
        ("/none", {}, None),
        ("/map", {}, MISSING),
        ("/unmapped", {}, None),
        ("/p", {}, MISSING),
        ("/p", GOOD, None),
        ("/zz", {}, None),
        (
            "/p",
            {"authorization": f"Bearer {token({'iss': 'x'})}"},
            (401, "jwt_authn_access_denied{Jwt_issuer_is_not_configured}"),
        ),
        (
            "/p",
            {"authorization": f"Bearer {token({'iss': 'i'})}"},
            (403, "jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}"),
        ),
    ],
)
def test_rules(path: str, sent: Fields, expected: object) -> None:
    assert verdict(ask(path, sent=sent)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"disabled": True}, None),
        ({}, MISSING),
        ({"requirement_name": "m"}, MISSING),
        ({"requirement_name": "z"}, None),
        (
            {"requirement_name": "a b"},
            (
                403,
                "jwt_authn_access_denied{Wrong_requirement_name:_a_b._It_should_be_one_of_[m,z]}",
            ),
        ),
    ],
)
def test_per_route(fields: Fields, expected: object) -> None:
    assert verdict(ask("/p", msgspec.convert(fields, JwtPerRouteConfig))) == expected


@pytest.mark.parametrize(
    ("fields", "expected", "assumed"),
    [
        ({}, None, False),
        ({"filter_state": {"tenant": StateObject("strict")}}, MISSING, False),
        ({"filter_state": {"tenant": StateObject("lax")}}, None, False),
        ({"opaque_filters": ("wasm",)}, None, True),
    ],
)
def test_rules_by_filter_state(fields: Fields, expected: object, assumed: bool) -> None:
    result = ask("/zz", **fields)
    assert (verdict(result), bool(result.assumptions)) == (expected, assumed)


@pytest.mark.parametrize("path", ["/none", "/zz", "/p"])
def test_headers_of_the_filter_s_own_are_taken_out(path: str) -> None:
    assert "x-pl" not in ask(path, sent={"x-pl": "spoof"}).request.headers


@pytest.mark.parametrize(("bypass", "expected"), [(True, None), (False, MISSING)])
def test_preflights_may_be_let_through(bypass: bool, expected: object) -> None:
    own = msgspec.structs.replace(OWN, bypass_cors_preflight=bypass)
    sent = {":method": "OPTIONS", "origin": "a", "access-control-request-method": "GET"}
    assert verdict(ask("/p", own=own, sent=sent)) == expected


def test_without_a_rule_nothing_is_required() -> None:
    assert ask("/", own=JwtAuthentication()).assumptions == ()
    assert verdict(ask("/", own=Cors())) is None


def test_remote_keys_need_a_cluster() -> None:
    keys = {"http_uri": {"cluster": "jwks"}}
    fields = {
        "providers": {"p": {"remote_jwks": keys}},
        "rules": [{"match": {"prefix": "/"}, "requires": P}],
    }
    own = msgspec.convert(fields, JwtAuthentication)
    expected = (401, "jwt_authn_access_denied{Jwks_remote_fetch_is_failed}")
    assert verdict(ask("/", own=own, sent=GOOD)) == expected
