"""What a token leaves behind, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.jwt_forwarding import NAMESPACE, accept, refuse, sanitize
from osmscope.rules.http_filters.jwt_token import Claims, Token

Fields = dict[str, object]
PAYLOAD: Fields = {
    "sub": "me", "n": 5, "minus": -7, "f": 1.5, "b": True, "no": False, "null": None, "empty": "",
    "o": {"kk": "v?>~"}, "l": [1, "é"], "a.b": "dot", "scope": " a  b ", "none": "",
}  # fmt: skip


def provider(**fields: object) -> JwtProvider:
    return msgspec.convert(fields, JwtProvider)


def accepted(config: JwtProvider, token: Token, **sent: str) -> Request:
    headers = Headers.of((name.replace("_", "-"), value) for name, value in sent.items())
    request = Request(connection=Connection(), headers=headers)
    claims = Claims(payload=PAYLOAD, payload_text="abc", header={"alg": "RS256"})
    return accept(config, token, claims, request)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("sub", "me"),
        ("n", "5"),
        ("minus", "-7.000000"),
        ("f", "1.500000"),
        ("b", "true"),
        ("no", "false"),
        ("null", None),
        ("empty", None),
        ("o", "eyJrayI6InY/XHUwMDNlfiJ9"),
        ("o.kk", "v?>~"),
        ("l", "WzEsIsOpIl0="),
        ("a.b", None),
        ("sub.x", None),
        ("zz", None),
    ],
)
def test_claims_in_headers(claim: str, text: str | None) -> None:
    config = provider(claim_to_headers=[{"header_name": "x-c", "claim_name": claim}])
    assert accepted(config, Token(value="t")).headers.first("x-c") == text


@pytest.mark.parametrize(
    ("fields", "token", "path", "header"),
    [
        ({}, Token(value="t", header="x-t"), "/?t=1&a=2", None),
        ({"forward": True}, Token(value="t", header="x-t"), "/?t=1&a=2", "t"),
        ({}, Token(value="1", parameter="t"), "/?a=2", "t"),
        ({}, Token(value="2", parameter="a"), "/?t=1", "t"),
        ({}, Token(value="cookie"), "/?t=1&a=2", "t"),
    ],
)
def test_an_accepted_token_is_taken_out(
    fields: Fields, token: Token, path: str, header: str | None
) -> None:
    headers = Headers.of([(":path", "/?t=1&a=2"), ("x-t", "t")])
    request = Request(connection=Connection(), headers=headers)
    after = accept(provider(**fields), token, Claims(), request)
    assert (after.path, after.headers.first("x-t")) == (path, header)


def test_the_last_parameter_takes_the_question_mark_along() -> None:
    request = Request(connection=Connection(), headers=Headers.of([(":path", "/x?t=1")]))
    assert accept(provider(), Token(value="1", parameter="t"), Claims(), request).path == "/x"


@pytest.mark.parametrize(("pad", "text"), [(False, "abc"), (True, "abc=")])
def test_the_payload_in_a_header(pad: bool, text: str) -> None:
    config = provider(forward_payload_header="x-p", pad_forward_payload_header=pad)
    assert accepted(config, Token(value="t")).headers.first("x-p") == text


def test_metadata() -> None:
    config = provider(
        payload_in_metadata="pl",
        header_in_metadata="hd",
        normalize_payload_in_metadata={"space_delimited_claims": ["scope", "none", "n"]},
    )
    after = accepted(config, Token(value="t"))
    payload = {**PAYLOAD, "scope": ["a", "b"]}
    assert after.metadata == {NAMESPACE: {"pl": payload, "hd": {"alg": "RS256"}}}


@pytest.mark.parametrize(
    ("fields", "problem", "metadata"),
    [
        ({}, "Jwt is expired", {}),
        (
            {"failed_status_in_metadata": "fs"},
            "Jwt is expired",
            {NAMESPACE: {"fs": {"code": 3, "message": "Jwt is expired"}}},
        ),
        ({"failed_status_in_metadata": "fs"}, "Jwks remote fetch is failed", {}),
    ],
)
def test_a_refused_token(fields: Fields, problem: str, metadata: Fields) -> None:
    request = Request(connection=Connection(), headers=Headers())
    assert refuse(provider(**fields), problem, request).metadata == metadata


def test_nobody_else_sets_these_headers() -> None:
    claim = {"header_name": "x-sub", "claim_name": "sub"}
    config = provider(forward_payload_header="x-p", claim_to_headers=[claim])
    headers = Headers.of([("x-p", "a"), ("x-sub", "b"), ("x-other", "c")])
    assert list(sanitize({"p": config, "q": provider()}, headers)) == ["x-other"]
