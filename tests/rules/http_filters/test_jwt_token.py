"""Where tokens are looked for, as a table of what Envoy 1.40.0 does."""

import base64

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.jwt_token import (
    find_tokens,
    is_well_formed,
    payload,
    strip_token,
)

ELSEWHERE = {
    "from_headers": [{"name": "x-t", "value_prefix": "T "}, {"name": "x-u"}],
    "from_params": ["t"],
    "from_cookies": ["c"],
}


def found(provider: dict[str, object], path: str = "/", **sent: str) -> list[str]:
    pairs = [(":path", path), *((name.replace("_", "-"), v) for name, v in sent.items())]
    request = Request(connection=Connection(), headers=Headers.of(pairs))
    tokens = find_tokens(msgspec.convert(provider, JwtProvider), request)
    for token in tokens:
        assert (token.header in strip_token(token, request.headers)) is False
    return [token.value for token in tokens]


@pytest.mark.parametrize(
    ("provider", "path", "sent", "expected"),
    [
        ({}, "/", {}, []),
        ({}, "/", {"authorization": "Bearer a.b.c"}, ["a.b.c"]),
        ({}, "/", {"authorization": "xBearer a.b.c, d"}, ["a.b.c"]),
        ({}, "/", {"authorization": "Bearer"}, []),
        ({}, "/", {"authorization": "bearer a"}, []),
        ({}, "/", {"authorization": "Bearera.b.c"}, []),
        ({}, "/?access_token=a", {}, ["a"]),
        ({}, "/?access_token=", {}, [""]),
        (ELSEWHERE, "/?access_token=a", {"authorization": "Bearer a"}, []),
        (ELSEWHERE, "/", {"x_t": "T a"}, ["a"]),
        (ELSEWHERE, "/", {"x_t": "a"}, []),
        (ELSEWHERE, "/?t=b", {"x_u": "a", "cookie": "c=d"}, ["a", "b", "d"]),
    ],
)
def test_places(
    provider: dict[str, object], path: str, sent: dict[str, str], expected: list[str]
) -> None:
    assert found(provider, path, **sent) == expected


@pytest.mark.parametrize(("token", "fits"), [("a.b.c", True), ("a", False), ("a.b.c.d", False)])
def test_form(token: str, fits: bool) -> None:
    assert is_well_formed(token) is fits


def test_payload() -> None:
    section = base64.urlsafe_b64encode(b'{"sub": "me"}').decode().rstrip("=")
    assert payload(f"h.{section}.s") == {"sub": "me"}
    assert payload("h.a.s") == {}
    assert payload("h.aaaa.s") == {}
