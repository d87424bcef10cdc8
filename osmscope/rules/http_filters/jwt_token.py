"""Where a request carries JSON web tokens, and their form.

What Envoy does: it looks at a provider's headers (the token follows `value_prefix`, wherever that
stands), parameters and cookies; where none is configured, at `authorization: Bearer` and the
parameter `access_token`.
Checked against Envoy 1.40.0. Not modelled: what a signature says.
"""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

from osmscope.resources.http_filters.authentication import JwtHeader, JwtProvider
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Headers, Request
from osmscope.rules.query_parameter import query_parameter

_DEFAULT_HEADERS = (JwtHeader(name="authorization", value_prefix="Bearer "),)
_DEFAULT_PARAMETERS = ("access_token",)
_SECTIONS = 3
_OF_TOKEN = re.compile(r"[A-Za-z0-9_.\-=+/]*")


class Token(msgspec.Struct, frozen=True):
    """A token, and the header that it stands in; "" for parameters and cookies."""

    value: str
    header: str = ""


def find_tokens(provider: JwtProvider, request: Request) -> list[Token]:
    """List the tokens that a request carries for a provider."""
    headers, parameters = provider.from_headers, provider.from_params
    if not (headers or parameters or provider.from_cookies):
        headers, parameters = _DEFAULT_HEADERS, _DEFAULT_PARAMETERS
    found: list[Token] = []
    for location in headers:
        value = request.headers.first(location.name)
        if value is not None and location.value_prefix in value:
            rest = value.partition(location.value_prefix)[2] if location.value_prefix else value
            match = _OF_TOKEN.match(rest)
            found.append(Token(match[0] if match else "", location.name))
    texts = [query_parameter(request.path, name) for name in parameters]
    texts += [cookie(request.headers, name) for name in provider.from_cookies]
    return found + [Token(text) for text in texts if text is not None]


def is_well_formed(token: str) -> bool:
    """Tell whether a token has its three sections."""
    return len(token.split(".")) == _SECTIONS


def strip_token(token: Token, headers: Headers) -> Headers:
    """Take the header that held a token out of the request."""
    return headers.remove(token.header) if token.header else headers


def payload(token: str) -> object:
    """Return what a token says; {} where it cannot be decoded."""
    section = token.split(".")[1]
    try:
        text = base64.urlsafe_b64decode(section + "=" * (-len(section) % 4))
        decoded: object = msgspec.json.decode(text)
        return decoded
    except (binascii.Error, ValueError):
        return {}
