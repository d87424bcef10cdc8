"""What the JWT filter leaves of a token, good or bad, for later filters and the upstream.

What Envoy does: the headers that are to hold claims or a payload are taken from every request
first, so that no client can send them. A token that is accepted leaves claims and payload in
headers, payload and header in the metadata, and is itself taken out of its header or parameter
unless `forward`; cookies stay. A claim that is no text becomes a number with six decimals unless
it is a whole positive one, `true` or `false`, or base64 of its JSON; an empty one leaves no header.
A provider's `failed_status_in_metadata` tells what was wrong.
Checked against Envoy 1.40.0. Not modelled: percent escapes in the parameters next to a token that
is taken out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import msgspec

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.facts import Headers, Request
from osmscope.rules.http_filters.jwt_token import Claims, Token

NAMESPACE = "envoy.filters.http.jwt_authn"

_CODES = {
    "Jwt not yet valid": 2,
    "Jwt is expired": 3,
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections": 4,
    "Jwt header is an invalid Base64url encoded": 5,
    "Jwt header is an invalid JSON": 6,
    "Jwt header [alg] field is required and must be a string": 7,
    "Jwt header [alg] is not supported": 8,
    "Jwt header [kid] field is not a string": 9,
    "Jwt payload is an invalid Base64url encoded": 10,
    "Jwt payload is an invalid JSON": 11,
    "Jwt payload [iss] field is not a string": 12,
    "Jwt payload [sub] field is not a string": 13,
    "Jwt payload [iat] field is not an integer": 14,
    "Jwt payload [iat] field is not a positive 64 bit integer": 15,
    "Jwt payload [nbf] field is not an integer": 16,
    "Jwt payload [nbf] field is not a positive 64 bit integer": 17,
    "Jwt payload [exp] field is not an integer": 18,
    "Jwt payload [exp] field is not a positive 64 bit integer": 19,
    "Jwt payload [jti] field is not a string": 20,
    "Jwt payload [aud] field is not a string or string list": 21,
    "Jwt signature is an invalid Base64url encoded": 22,
    "Jwt issuer is not configured": 24,
    "Audiences in Jwt are not allowed": 25,
    "Jwt verification fails": 26,
    "Jwks doesn't have key to match kid or alg from Jwt": 32,
}


def sanitize(providers: Mapping[str, JwtProvider], headers: Headers) -> Headers:
    """Take out the headers that only the filter may set."""
    names = [provider.forward_payload_header for provider in providers.values()]
    for provider in providers.values():
        names.extend(claim.header_name for claim in provider.claim_to_headers)
    return headers.remove(*filter(None, names))


def accept(provider: JwtProvider, token: Token, claims: Claims, request: Request) -> Request:
    """Return the request as it is after its token was accepted."""
    headers = request.headers
    for claim in provider.claim_to_headers:
        text = _as_header(_claim(claims.payload, claim.claim_name))
        if text:
            headers = headers.set(claim.header_name, text)
    if provider.forward_payload_header:
        text = claims.payload_text
        if provider.pad_forward_payload_header:
            text += "=" * (-len(text) % 4)
        headers = headers.set(provider.forward_payload_header, text)
    if not provider.forward:
        headers = _without(token, headers)
    values: dict[str, object] = {}
    if provider.payload_in_metadata:
        values[provider.payload_in_metadata] = _normalized(provider, claims.payload)
    if provider.header_in_metadata:
        values[provider.header_in_metadata] = claims.header
    return _with_metadata(request.with_headers(headers), values)


def refuse(provider: JwtProvider, problem: str, request: Request) -> Request:
    """Return the request as it is after a token of the provider was refused."""
    key, code = provider.failed_status_in_metadata, _CODES.get(problem)
    if not key or code is None:
        return request
    return _with_metadata(request, {key: {"code": code, "message": problem}})


def _with_metadata(request: Request, values: Mapping[str, object]) -> Request:
    if not values:
        return request
    known = {**request.metadata.get(NAMESPACE, {}), **values}
    return msgspec.structs.replace(request, metadata={**request.metadata, NAMESPACE: known})


def _normalized(provider: JwtProvider, payload: Mapping[str, object]) -> Mapping[str, object]:
    rule = provider.normalize_payload_in_metadata
    split: dict[str, object] = {}
    for name in rule.space_delimited_claims if rule is not None else ():
        text = payload.get(name)
        if isinstance(text, str) and text:
            split[name] = text.split()
    return {**payload, **split}


def _claim(payload: Mapping[str, object], name: str) -> object:
    value: object = payload
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _as_header(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        whole = isinstance(value, int) and value >= 0
        return str(value) if whole else f"{value:f}"
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e")
    return base64.b64encode(text.encode()).decode()


def _without(token: Token, headers: Headers) -> Headers:
    if token.header:
        return headers.remove(token.header)
    path, _, query = (headers.first(":path") or "").partition("?")
    if not token.parameter:
        return headers
    rest = [part for part in query.split("&") if part.partition("=")[0] != token.parameter]
    return headers.set(":path", f"{path}?{'&'.join(rest)}" if rest else path)
