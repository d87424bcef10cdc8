"""Upgrades that a connection manager takes no notice of.

What Envoy does: what `ignore_http_11_upgrade` fits is taken out of the `upgrade` header of an
HTTP/1.1 request, token by token; where none is left the header goes, and `upgrade` out of
`connection`, so that it is a plain request.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.matcher import StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.result import Outcome
from osmscope.rules.string_matcher import match_string


def without_ignored(hcm: HttpConnectionManager, headers: Headers) -> Headers:
    """Take the ignored upgrades out of the headers of an HTTP/1.1 request.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    ignored = hcm.http_protocol_options.ignore_http_11_upgrade
    wanted = headers.first("upgrade")
    if not ignored or wanted is None or "connection" not in headers:
        return headers
    tokens = _tokens(wanted)
    kept = [token for token in tokens if not _fits(ignored, token)]
    if len(kept) == len(tokens):
        return headers
    if kept:
        return headers.set("upgrade", ",".join(kept))
    rest = [one for one in _tokens(headers.first("connection") or "") if one.lower() != "upgrade"]
    headers = headers.remove("upgrade")
    return headers.set("connection", ",".join(rest)) if rest else headers.remove("connection")


def _fits(matchers: tuple[StringMatcher, ...], token: str) -> bool:
    return any(match_string(one, token, "upgrade").outcome is Outcome.MATCH for one in matchers)


def _tokens(value: str) -> list[str]:
    return [token.strip() for token in value.split(",") if token.strip()]
