"""JSON web tokens: where a request carries them, and what they say.

What Envoy does: it looks at a provider's headers (the token follows `value_prefix`, wherever that
stands; what cannot begin a token is skipped), parameters and cookies; where none is configured, at
`authorization: Bearer` and the parameter `access_token`. A token has three sections in base64url,
the first two of them JSON objects whose well-known fields need their types; the first thing wrong
is the message.
Checked against Envoy 1.40.0. Not modelled: what a signature says. Where several places hold a
token Envoy looks at them in an order of its own.
"""

from __future__ import annotations

import base64
import binascii
import string
from collections.abc import Iterable, Mapping

import msgspec

from osmscope.resources.http_filters.authentication import JwtHeader, JwtProvider
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request
from osmscope.rules.query_parameter import decoded_parameters

MALFORMED = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"

_DEFAULT_HEADERS = (JwtHeader(name="authorization", value_prefix="Bearer "),)
_DEFAULT_PARAMETERS = ("access_token",)
_BEGINS_A_TOKEN = frozenset(string.ascii_letters + string.digits + "-_.")
_ALGORITHMS = frozenset(
    (*(f"{kind}{bits}" for kind in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512)), "EdDSA")
)
_BASE64 = str.maketrans("-_", "+/", string.whitespace)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token, the place that it stands in, and whose tokens are looked for there."""

    value: str
    header: str = ""
    parameter: str = ""
    providers: tuple[str, ...] = ()


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says."""

    header: Mapping[str, object] = {}
    payload: Mapping[str, object] = {}
    payload_text: str = ""
    """The section that holds the payload, as it stands in the token."""


def find_tokens(
    providers: Mapping[str, JwtProvider], names: Iterable[str], request: Request
) -> list[Token]:
    """List the tokens that a request carries in the places of these providers, each once."""
    found: dict[tuple[str, str, str], Token] = {}
    for name in names:
        for token in _tokens(providers.get(name, JwtProvider()), request):
            key = (token.header, token.parameter, token.value)
            before = found[key].providers if key in found else ()
            found[key] = msgspec.structs.replace(token, providers=(*before, name))
    return list(found.values())


def _tokens(provider: JwtProvider, request: Request) -> Iterable[Token]:
    headers, parameters = provider.from_headers, provider.from_params
    if not (headers or parameters or provider.from_cookies):
        headers, parameters = _DEFAULT_HEADERS, _DEFAULT_PARAMETERS
    for location in headers:
        value = request.headers.first(location.name)
        if value is not None and location.value_prefix in value:
            yield Token(value=_after(location.value_prefix, value), header=location.name)
    for name in parameters:
        value = next((v for n, v in decoded_parameters(request.path) if n == name), None)
        if value is not None:
            yield Token(value=value, parameter=name)
    for name in provider.from_cookies:
        value = cookie(request.headers, name)
        if value is not None:
            yield Token(value=value)


def _after(prefix: str, value: str) -> str:
    if not prefix:
        return value
    rest = value.partition(prefix)[2]
    begin = next((place for place, char in enumerate(rest) if char in _BEGINS_A_TOKEN), 0)
    return rest[begin:]


def parse_token(token: str) -> Claims | str:
    """Return what a token says, or Envoy's message where it is none."""
    sections = [section for section in token.split(".") if section]
    if len(sections) != 3:
        return MALFORMED
    header = _object(sections[0], "header")
    if isinstance(header, str):
        return header
    problem = _header_problem(header)
    if problem:
        return problem
    payload = _object(sections[1], "payload")
    if isinstance(payload, str):
        return payload
    problem = _payload_problem(payload)
    if problem:
        return problem
    if _decoded(sections[2]) is None:
        return "Jwt signature is an invalid Base64url encoded"
    return Claims(header=header, payload=payload, payload_text=sections[1])


_LARGEST = 2.0**64


def _decoded(section: str) -> bytes | None:
    text = section.translate(_BASE64)
    padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _object(section: str, noun: str) -> Mapping[str, object] | str:
    content = _decoded(section)
    if content is None:
        return f"Jwt {noun} is an invalid Base64url encoded"
    try:
        return msgspec.json.decode(content, type=dict[str, object])
    except msgspec.MsgspecError:
        return f"Jwt {noun} is an invalid JSON"


def _header_problem(header: Mapping[str, object]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return "Jwt header [alg] field is required and must be a string"
    if algorithm not in _ALGORITHMS:
        return "Jwt header [alg] is not supported"
    if not isinstance(header.get("kid", ""), str):
        return "Jwt header [kid] field is not a string"
    return ""


def _payload_problem(payload: Mapping[str, object]) -> str:
    for name in ("iss", "sub", "iat", "nbf", "exp", "jti", "aud"):
        if name in payload:
            problem = _claim_problem(name, payload[name])
            if problem:
                return f"Jwt payload [{name}] field is not {problem}"
    return ""


def _claim_problem(name: str, value: object) -> str:
    if name in ("iat", "nbf", "exp"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "an integer"
        # Numbers of JSON are doubles for Envoy, whose fractions it cuts off.
        return "" if 0 <= float(value) < _LARGEST else "a positive 64 bit integer"
    if name == "aud":
        listed = value if isinstance(value, list) else [value]
        return "" if all(isinstance(one, str) for one in listed) else "a string or string list"
    return "" if isinstance(value, str) else "a string"
