"""Tokens for tests, put together by hand: nobody checks their signatures."""

import base64

import msgspec

HEADER = {"alg": "RS256", "kid": "k1"}


def section(value: object) -> str:
    """Write one section; text stands for itself."""
    if isinstance(value, str):
        return value
    content = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def token(payload: object = None, header: object = HEADER, signature: str = "c2ln") -> str:
    return ".".join((section(header), section({} if payload is None else payload), signature))
