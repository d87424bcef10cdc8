"""The headers that `connection` names, which the HTTP/1 codec takes out.

What Envoy does: each named header goes, and its name leaves `connection`; `te` stays as
`trailers`, if that is one of its values. Ten names, a pseudo header, the `x-forwarded-` headers
that tell where a request comes from, and a `te` of 256 bytes end the request with code 400.
Upgrades and CONNECT keep all. Checked against Envoy 1.40.0.
"""

from __future__ import annotations

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

_OF_CONNECTION = frozenset({"close", "http2-settings", "keep-alive", "upgrade"})
_REFUSED = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})
_MAX_NAMES = 9
_MAX_TE = 255


def take_out_named(headers: Headers) -> Headers | LocalReply:
    """Remove what `connection` names, or return the reply to names that may not stand there."""
    connection = headers.first("connection")
    if connection is None:
        return headers
    entries = [entry for entry in connection.split(",") if entry]
    if len(entries) > _MAX_NAMES:
        return _refusal(f"connection names {len(entries)} headers")
    names = [entry.strip(" \t").lower() for entry in entries]
    gone = set()
    for name in names:
        if name in _OF_CONNECTION:
            continue
        if name in _REFUSED or name.startswith(":"):
            return _refusal(f"connection names {name}, which has to stay")
        if name == "te" and len(headers.first("te") or "") > _MAX_TE:
            return _refusal("te is too long")
        if name == "te" and _wants_trailers(headers):
            headers = headers.set("te", "trailers")
            continue
        gone.add(name)
        if name != "connection":
            headers = headers.remove(name)
    return _without_names(headers, names, gone) if gone else headers


def _wants_trailers(headers: Headers) -> bool:
    values = (headers.first("te") or "").lower().split(",")
    return any(value.strip(" \t") == "trailers" for value in values)


def _without_names(headers: Headers, names: list[str], gone: set[str]) -> Headers:
    kept = [name for name in names if name not in gone]
    return headers.set("connection", ",".join(kept)) if kept else headers.remove("connection")


def _refusal(reason: str) -> LocalReply:
    return LocalReply(
        code=400, flags=("DPE",), details="http1.connection_header_rejected", reason=reason
    )
