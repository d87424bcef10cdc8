"""Where tokens are looked for and how they are read, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.jwt_token import MALFORMED, Claims, find_tokens, parse_token
from tests.rules.http_filters.jwt_tokens import section, token

ELSEWHERE = {
    "from_headers": [{"name": "x-t", "value_prefix": "T "}, {"name": "x-u"}],
    "from_params": ["t"],
    "from_cookies": ["c"],
}


def request_with(path: str = "/", **sent: str) -> Request:
    pairs = [(":path", path), *((name.replace("_", "-"), v) for name, v in sent.items())]
    return Request(connection=Connection(), headers=Headers.of(pairs))


@pytest.mark.parametrize(
    ("provider", "path", "sent", "expected"),
    [
        ({}, "/", {}, []),
        ({}, "/", {"authorization": "Bearer a.b.c"}, ["a.b.c"]),
        ({}, "/", {"authorization": "xBearer a.b.c, d"}, ["a.b.c, d"]),
        ({}, "/", {"authorization": "Bearer (!a.b.c"}, ["a.b.c"]),
        ({}, "/", {"authorization": "Bearer !!"}, ["!!"]),
        ({}, "/", {"authorization": "Bearer"}, []),
        ({}, "/", {"authorization": "bearer a"}, []),
        ({}, "/", {"authorization": "Bearera.b.c"}, []),
        ({}, "/?access_token=a", {}, ["a"]),
        ({}, "/?access_token=", {}, [""]),
        ({}, "/?%61ccess_token=%61", {}, ["a"]),
        (ELSEWHERE, "/?access_token=a", {"authorization": "Bearer a"}, []),
        (ELSEWHERE, "/", {"x_t": "T a"}, ["a"]),
        (ELSEWHERE, "/", {"x_t": "a"}, []),
        (ELSEWHERE, "/", {"x_u": "(a"}, ["(a"]),
        (ELSEWHERE, "/?t=b", {"x_u": "a", "cookie": "c=d"}, ["a", "b", "d"]),
    ],
)
def test_places(
    provider: dict[str, object], path: str, sent: dict[str, str], expected: list[str]
) -> None:
    providers = {"p": msgspec.convert(provider, JwtProvider)}
    tokens = find_tokens(providers, ["p"], request_with(path, **sent))
    assert [one.value for one in tokens] == expected


def test_one_place_serves_several_providers() -> None:
    providers = {"p": JwtProvider(), "q": JwtProvider()}
    (one,) = find_tokens(providers, ["p", "q", "r"], request_with(authorization="Bearer a"))
    assert one.providers == ("p", "q", "r")
    assert one.header == "authorization"


IS_STRING = "field is not a string"
IS_POSITIVE = "field is not a positive 64 bit integer"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", MALFORMED),
        ("a.b.c.d", MALFORMED),
        ("..a.b", MALFORMED),
        (token(header="a"), "Jwt header is an invalid Base64url encoded"),
        (token(header=section([])), "Jwt header is an invalid JSON"),
        (token(header={}), "Jwt header [alg] field is required and must be a string"),
        (token(header={"alg": 5}), "Jwt header [alg] field is required and must be a string"),
        (token(header={"alg": "none"}), "Jwt header [alg] is not supported"),
        (token(header={"alg": "RS256", "kid": 7}), f"Jwt header [kid] {IS_STRING}"),
        (token("!!"), "Jwt payload is an invalid Base64url encoded"),
        (token(section([1])), "Jwt payload is an invalid JSON"),
        (token({"iss": 5, "sub": 5}), f"Jwt payload [iss] {IS_STRING}"),
        (token({"iss": None}), f"Jwt payload [iss] {IS_STRING}"),
        (token({"sub": 5, "exp": "x"}), f"Jwt payload [sub] {IS_STRING}"),
        (token({"iat": "x"}), "Jwt payload [iat] field is not an integer"),
        (token({"nbf": -1}), f"Jwt payload [nbf] {IS_POSITIVE}"),
        (token({"exp": 2.0**64}), f"Jwt payload [exp] {IS_POSITIVE}"),
        (token({"nbf": -0.5}), f"Jwt payload [nbf] {IS_POSITIVE}"),
        (token({"exp": True}), "Jwt payload [exp] field is not an integer"),
        (token({"jti": 5}), f"Jwt payload [jti] {IS_STRING}"),
        (token({"aud": 5}), "Jwt payload [aud] field is not a string or string list"),
        (token({"aud": [5]}), "Jwt payload [aud] field is not a string or string list"),
        (token({}, signature="c2ln,"), "Jwt signature is an invalid Base64url encoded"),
        (token({}, signature="c2l="), "c2l= is padded"),
        (token({}, signature="c2lnc2="), "Jwt signature is an invalid Base64url encoded"),
    ],
)
def test_what_is_wrong_with_a_token(text: str, message: str) -> None:
    read = parse_token(text)
    assert isinstance(read, Claims) if message.endswith("is padded") else read == message


@pytest.mark.parametrize("end", ["", ".", " \t", "=="])
def test_what_a_token_says(end: str) -> None:
    payload = {"iss": "a", "aud": ["b"], "exp": 1.5e18, "nbf": 5.5, "iat": 2**63}
    read = parse_token(token(payload, signature="c2lnbg") + end)
    assert isinstance(read, Claims)
    assert read.payload == payload
    assert read.payload_text == section(payload)
    assert read.header["kid"] == "k1"
