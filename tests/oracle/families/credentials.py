"""Who asks: passwords, API keys and JSON web tokens, right, wrong, in odd forms and missing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from tests.oracle.blocks import http_filter, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS
from tests.oracle.families.rbac import DISABLED

SECRET = b"only-for-tests"
ISSUERS = ("https://a.example.com", "b")
AUDIENCES = ("web", "https://api/", "api")
SUBJECTS = ("alice", "bob")
PAST, FUTURE = 1_500_000_000, 4_000_000_000


def draw_credentials(draw: Draw) -> Case:
    """Draw filters that ask for credentials, and routes that ask for others."""
    kinds = ["tokens"] if draw.maybe(0.6) else draw.some(("basic", "api_keys"), 1, 2)
    filters = [
        http_filter(f"my.{kind}", TYPE_NAMES[kind], **KINDS[kind](draw))
        | draw.fields(0.05, disabled=lambda: True)
        for kind in kinds
    ]
    routes = [
        {"name": prefix, "match": {"prefix": prefix}, "route": {"cluster": "alpha"}}
        | _overrides(draw, kinds)
        for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 4)
    ]
    host = {"name": "all", "domains": ["*"], "routes": routes, **_overrides(draw, kinds)}
    listener = http_listener({"name": "routes", "virtual_hosts": [host]}, http_filters=filters)
    return Case(family="credentials", listener=listener, requests=requests(draw, _request))


def _overrides(draw: Draw, kinds: list[str]) -> Json:
    overridden = {
        f"my.{kind}": DISABLED if draw.maybe(0.3) else PER_ROUTE[kind](draw)
        for kind in kinds
        if draw.maybe(0.2)
    }
    return {"typed_per_filter_config": overridden} if overridden else {}


def _users(draw: Draw) -> Json:
    lines = [
        f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(name.encode()).digest()).decode()}"
        for name in draw.some(("alice", "bob"), 1, 2)
    ]
    return {"users": {"inline_string": "\n".join(lines)}}


def _basic(draw: Draw) -> Json:
    return _users(draw) | draw.fields(
        0.3,
        forward_username_header=lambda: "x-user",
        authentication_header=lambda: "x-credentials",
    )


def _sources(draw: Draw) -> list[Json]:
    return draw.several(
        lambda: draw.one(
            header=lambda: draw.choice(("x-api-key", "authorization")),
            query=lambda: draw.choice(("a", "key")),
            cookie=lambda: "key",
        ),
        1,
        3,
    )


def _api_keys(draw: Draw) -> Json:
    credentials = [{"key": f"key-{name}", "client": name} for name in ("one", "two")]
    config: Json = {"credentials": credentials, "key_sources": _sources(draw)}
    forwarding = draw.fields(0.6, header=lambda: "x-client", hide_credentials=lambda: True)
    return config | ({"forwarding": forwarding} if forwarding else {})


def _tokens(draw: Draw) -> Json:
    providers = {"one": _provider(draw, ISSUERS[:1]), "two": _provider(draw, ISSUERS[1:])}
    config: Json = {"providers": providers, "requirement_map": {"named": _requirement(draw, 1)}}
    config["rules"] = [
        {"match": {"prefix": draw.choice(("/", "/books", "/api"))}}
        | draw.fields(0.85, requires=lambda: _requirement(draw, 2))
        for _ in range(draw.randint(1, 3))
    ]
    return config | draw.fields(0.2, bypass_cors_preflight=lambda: True)


def _provider(draw: Draw, issuers: tuple[str, ...]) -> Json:
    key = base64.urlsafe_b64encode(SECRET).decode().rstrip("=")
    keys = {"keys": [{"kty": "oct", "alg": "HS256", "k": key, "kid": "first"}]}
    # Of providers that have the same issuer, or none, Envoy takes any.
    issuer = {} if "b" in issuers and draw.maybe() else {"issuer": issuers[0]}
    return (
        issuer
        | {"local_jwks": {"inline_string": json.dumps(keys)}}
        | draw.fields(
            0.3,
            audiences=lambda: draw.some(AUDIENCES, 1, 2),
            subjects=lambda: {"exact": draw.choice(SUBJECTS)},
            forward=lambda: True,
            from_headers=lambda: [{"name": "x-token", "value_prefix": draw.choice(("", "Token "))}],
            from_params=lambda: ["a", "token"],
            from_cookies=lambda: ["token"],
            forward_payload_header=lambda: "x-payload",
            require_expiration=lambda: True,
            claim_to_headers=lambda: [
                {"header_name": "x-claim", "claim_name": draw.choice(("sub", "n.m", "list", "aud"))}
            ],
            payload_in_metadata=lambda: "payload",
        )
    )


def _requirement(draw: Draw, depth: int) -> Json:
    name = draw.choice(("one", "two"))
    if depth and draw.maybe(0.35):
        inner = draw.several(lambda: _requirement(draw, depth - 1), 2, 3)
        return {draw.choice(("requires_any", "requires_all")): {"requirements": inner}}
    return draw.one(
        provider_name=lambda: name,
        provider_and_audiences=lambda: {
            "provider_name": name,
            "audiences": draw.some(AUDIENCES, 1, 2),
        },
        allow_missing=dict,
        allow_missing_or_failed=dict,
    )


KINDS: dict[str, Callable[[Draw], Json]] = {
    "basic": _basic, "api_keys": _api_keys, "tokens": _tokens
}  # fmt: skip
TYPE_NAMES = {
    "basic": "basic_auth.v3.BasicAuth",
    "api_keys": "api_key_auth.v3.ApiKeyAuth",
    "tokens": "jwt_authn.v3.JwtAuthentication",
}


def _typed(name: str, config: Json) -> Json:
    return {"@type": f"{FILTERS}.http.{name}", **config}


PER_ROUTE: dict[str, Callable[[Draw], Json]] = {
    "basic": lambda draw: _typed("basic_auth.v3.BasicAuthPerRoute", _users(draw)),
    "api_keys": lambda draw: _typed(
        "api_key_auth.v3.ApiKeyAuthPerRoute",
        draw.fields(
            0.7,
            key_sources=lambda: _sources(draw),
            allowed_clients=lambda: draw.some(("one", "two"), 1, 2),
        ),
    ),
    "tokens": lambda draw: _typed(
        "jwt_authn.v3.PerRouteConfig",
        draw.one(disabled=lambda: True, requirement_name=lambda: draw.choice(("named", "none"))),
    ),
}


def token(draw: Draw) -> str:
    """Draw a token: signed, with claims that fit or not, or no token at all."""
    if draw.maybe(0.12):
        return draw.choice(("", "a.b.c", "abc", "..", "a.b", "e30.e30.", "e30.e30.e30"))
    header = {"alg": "HS256"} | draw.fields(
        0.3, kid=lambda: draw.choice(("first", "first", "other")), typ=lambda: "JWT"
    )
    claims = draw.fields(
        0.6,
        iss=lambda: draw.choice((*ISSUERS, "other")),
        sub=lambda: draw.choice(SUBJECTS),
        aud=lambda: draw.choice((*AUDIENCES, ["web", "x"], "x", [])),
        exp=lambda: draw.choice((FUTURE, FUTURE, FUTURE, PAST)),
        list=lambda: ["p", "q"],
        n=lambda: {"m": draw.choice((1, True, "t", 2.5))},
    )
    claims |= draw.fields(0.1, nbf=lambda: draw.choice((PAST, FUTURE)))
    parts = [_part(json.dumps(one).encode()) for one in (header, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_part(hmac.digest(SECRET, signed.encode(), 'sha256'))}"


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _password(draw: Draw) -> str:
    name = draw.choice(("alice", "bob"))
    text = draw.choice((f"{name}:{name}", f"{name}:{name}", "nobody", ""))
    encoded = base64.b64encode(text.encode()).decode()
    return draw.choice((f"Basic {encoded}", f"Basic {encoded}", f"basic {encoded}", encoded))


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    key = draw.choice(("key-one", "key-two", ""))
    sent = {
        "authorization": lambda: draw.choice(
            (f"Bearer {token(draw)}", _password(draw), f"Bearer {key}", key)
        ),
        "x-credentials": lambda: _password(draw),
        "x-api-key": lambda: key,
        "x-token": lambda: draw.choice(("", "Token ")) + token(draw),
        "cookie": lambda: draw.choice((f"key={key}", f"token={token(draw)}")),
    }
    request["headers"] |= draw.fields(0.35, **sent)
    if draw.maybe(0.2):
        name = draw.choice(("a", "key", "token", "access_token"))
        request["path"] = f"/books?{name}={draw.choice((key, token(draw)))}&b=1"
    return request
