"""The endpoint that a request's session names.

What Envoy does: a header holds the address in base64; a cookie holds, in base64, a message with the
address and the time when it ends, or, from older Envoys, the address alone. The cookie counts on
the paths of its own path alone. The first value counts; what cannot be decoded is no session.
Checked against Envoy 1.40.0. Not modelled: envelopes, which are taken to name no endpoint.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from osmscope.resources.http_filters.traffic import CookieSession, HeaderSession, SessionCookie
from osmscope.resources.resource import Resource
from osmscope.rules.cookie import cookie
from osmscope.rules.facts import Request

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_ADDRESS, _EXPIRES = 1, 2
_FIXED = {_FIXED64: 8, _FIXED32: 4}


class SessionAddress(msgspec.Struct, frozen=True, kw_only=True):
    """What a session says."""

    address: str = ""
    """"" where the request has no session, or one that does not count."""
    reason: str = ""
    assumption: str = ""


def session_address(state: Resource, request: Request) -> SessionAddress:
    """Read the endpoint that a request asks to stay with.

    Args:
        state: The `session_state` of the filter, decoded.
        request: The request.
    """
    if isinstance(state, CookieSession):
        return _of_cookie(state.cookie, request)
    if isinstance(state, HeaderSession):
        address = _text(_decoded(request.headers.first(state.name) or ""))
        return SessionAddress(address=address, reason=f'header "{state.name}"' if address else "")
    words = "the session of the request, if it has one, names no endpoint"
    return SessionAddress(assumption=words)


def _of_cookie(config: SessionCookie, request: Request) -> SessionAddress:
    path = request.path_without_query
    if config.path and not _covers(config.path, path):
        return SessionAddress(reason=f'the session\'s path "{config.path}" does not cover "{path}"')
    data = _decoded(cookie(request.headers, config.name) or "")
    if not data:
        return SessionAddress()
    reason = f'cookie "{config.name}"'
    try:
        fields = dict(_fields(data))
    except ValueError:
        return SessionAddress(address=_text(data), reason=reason)
    address, expires = fields.get(_ADDRESS, b""), fields.get(_EXPIRES, 0)
    if not isinstance(address, bytes) or not isinstance(expires, int) or not address:
        return SessionAddress()
    if expires and request.now is not None and request.now > expires:
        return SessionAddress(reason=f"{reason}: the session has ended")
    unsure = expires and request.now is None
    assumption = "the session of the request has not ended" if unsure else ""
    return SessionAddress(address=_text(address), reason=reason, assumption=assumption)


def _covers(own: str, path: str) -> bool:
    if not path.startswith(own):
        return False
    return own.endswith("/") or path[len(own) :][:1] in ("", "/")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Read a protobuf message's fields; ValueError where it is none."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        length, at = _varint(data, at) if kind == _BYTES else (_FIXED.get(kind, -1), at)
        if not number or length < 0 or at + length > len(data):
            raise ValueError
        part = data[at : at + length]
        if number == _ADDRESS and kind == _BYTES:
            part.decode()  # a protobuf string is UTF-8
        yield (number if kind == _BYTES else 0), part
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, at + index + 1
    raise ValueError
