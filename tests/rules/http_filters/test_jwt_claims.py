"""Claims against a provider, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.http_filters.jwt_claims import check_claims
from osmscope.rules.http_filters.jwt_token import Claims

Fields = dict[str, object]
NOW = 1000.0
ISSUER, AUDIENCE = "Jwt issuer is not configured", "Audiences in Jwt are not allowed"
EXPIRED, EARLY, FAILS = "Jwt is expired", "Jwt not yet valid", "Jwt verification fails"
NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt"
KEYS = '{"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256"}, {"kty": "RSA", "kid": "k2"}]}'
LOCAL: Fields = {"local_jwks": {"inline_string": KEYS}}


def problem(
    provider: Fields, payload: Fields, now: float | None = NOW, header: Fields | None = None
) -> str:
    config = msgspec.convert(provider, JwtProvider)
    claims = Claims(payload=payload, header={"alg": "RS256", "kid": "k1"} | (header or {}))
    verdict = check_claims(config, config.audiences, claims, now, lambda name: name == "known")
    return verdict.problem


@pytest.mark.parametrize(
    ("provider", "payload", "expected"),
    [
        ({}, {}, ""),
        ({}, {"iss": "z"}, ""),
        ({"issuer": "i"}, {"iss": "i"}, ""),
        ({"issuer": "i"}, {"iss": "x", "exp": 5}, ISSUER),
        ({"issuer": "i"}, {}, ISSUER),
        ({}, {"exp": 930}, EXPIRED),
        ({}, {"exp": 950}, ""),
        ({}, {"nbf": 1070}, EARLY),
        ({}, {"nbf": 1050}, ""),
        ({}, {"nbf": 1070, "exp": 5}, EARLY),
        ({"clock_skew_seconds": 0}, {"exp": 999}, EXPIRED),
        ({"audiences": ["a"]}, {"aud": "a"}, ""),
        ({"audiences": ["a"]}, {"aud": ["z", "a"]}, ""),
        ({"audiences": ["a"]}, {"aud": "https://a/"}, ""),
        ({"audiences": ["http://a/"]}, {"aud": "a"}, ""),
        ({"audiences": ["a"]}, {"aud": "z"}, AUDIENCE),
        ({"audiences": ["a"]}, {"aud": []}, AUDIENCE),
        ({"audiences": ["a"]}, {}, AUDIENCE),
        ({"audiences": ["a"]}, {"aud": "z", "exp": 5}, EXPIRED),
        ({"subjects": {"prefix": "s"}}, {"sub": "spiffe"}, ""),
        ({"subjects": {"prefix": "s"}}, {"sub": "x"}, FAILS),
        ({"subjects": {"prefix": "s"}}, {}, FAILS),
        ({"subjects": {"prefix": "s"}, "audiences": ["a"]}, {"sub": "x"}, AUDIENCE),
        ({"require_expiration": True}, {}, FAILS),
        ({"require_expiration": True}, {"exp": 2000}, ""),
        ({"require_expiration": True}, {"exp": 0.5}, FAILS),
        ({}, {"exp": 0}, ""),
        ({}, {"exp": 939.9}, EXPIRED),
        ({}, {"nbf": 1060.9}, ""),
        ({"max_lifetime": "100s"}, {"exp": 2**64 - 4096}, ""),
        ({"max_lifetime": "100s"}, {"exp": 2**63 - 4096}, FAILS),
        ({"max_lifetime": "100s"}, {}, FAILS),
        ({"max_lifetime": "100s"}, {"exp": 1050}, ""),
        ({"max_lifetime": "100s"}, {"exp": 1500, "iat": 1450}, FAILS),
        ({"remote_jwks": {"http_uri": {"cluster": "known"}}}, {}, ""),
        ({"remote_jwks": {"http_uri": {"cluster": "zz"}}}, {}, "Jwks remote fetch is failed"),
        ({"remote_jwks": {"http_uri": {"cluster": "zz"}}}, {"exp": 5}, EXPIRED),
    ],
)
def test_claims(provider: Fields, payload: Fields, expected: str) -> None:
    assert problem(provider, payload) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, ""),
        ({"kid": "k2"}, ""),
        ({"kid": "zz"}, NO_KEY),
        ({"alg": "ES256"}, NO_KEY),
        ({"alg": "ES256", "kid": ""}, ""),
        ({"kid": None}, ""),
    ],
)
def test_a_key_has_to_fit(header: Fields, expected: str) -> None:
    assert problem(LOCAL, {}, header=header) == expected


@pytest.mark.parametrize("source", [{"inline_string": "-----BEGIN"}, {"filename": "keys.json"}])
def test_keys_without_names_are_not_looked_up(source: Fields) -> None:
    assert problem({"local_jwks": source}, {}) == ""


SIGNATURE = 'the signature of the token of issuer "i" is valid (osmscope does not check it)'


ASSUMED_TIMES = ["the token is valid already (nbf 5)", "the token has not expired (exp 900)"]


@pytest.mark.parametrize(
    ("provider", "now", "expected"),
    [
        ({}, NOW, [SIGNATURE]),
        (
            {"max_lifetime": "1s"},
            None,
            [
                'the token of issuer "i" is valid already (nbf 5)',
                'the token of issuer "i" has not expired (exp 900)',
                'the token of issuer "i" does not live longer than max_lifetime (1s)',
                SIGNATURE,
            ],
        ),
        ({"audiences": ["a"]}, NOW, []),
        ({"issuer": "", "audiences": ["a"]}, None, ASSUMED_TIMES),
    ],
)
def test_what_is_assumed(provider: Fields, now: float | None, expected: list[str]) -> None:
    config = msgspec.convert({"issuer": "i", "clock_skew_seconds": 200} | provider, JwtProvider)
    claims = Claims(payload={"iss": "i", "nbf": 5, "exp": 900})
    verdict = check_claims(config, config.audiences, claims, now, lambda _: True)
    assert list(verdict.assumptions) == expected


def test_a_token_without_times_rests_on_its_signature_alone() -> None:
    verdict = check_claims(JwtProvider(), (), Claims(), None, lambda _: True)
    assert verdict.assumptions == (SIGNATURE.replace(' of issuer "i"', ""),)
