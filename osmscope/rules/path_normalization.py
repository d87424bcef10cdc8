"""What the connection manager makes of a path before anything matches it.

What Envoy does: a fragment is refused. Then, for what stands before the query: escaped slashes
are refused, decoded, or decoded and redirected to; `normalize_path` removes dot segments, turns
backslashes around, decodes what needs no escape and escapes what does; `merge_slashes` makes one
of several slashes. A refusal is 400, the redirect 307, both `path_normalization_failed`.
Checked against Envoy 1.40.0. Not modelled: `path_normalization_options`, which Envoy does not
implement either.
"""

from __future__ import annotations

import re

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.local_reply import LocalReply

_ESCAPED_SLASH = re.compile(r"%(2[fF]|5[cC])")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_TO_ESCAPE = re.compile(r"[\"<>^`{|}]")
_NEEDS_WORK = re.compile(r"[%\\\"<>^`{|}]|/\.")
_DOT_SEGMENT_PARAMETERS = re.compile(r"(?<=/)(\.\.?);[^/]*")
_DETAILS = "path_normalization_failed"


class NormalizedPath(msgspec.Struct, frozen=True):
    """A path as routes and filters see it, or the reply to one that is refused."""

    path: str
    reply: LocalReply | None = None


def normalize(hcm: HttpConnectionManager, path: str) -> NormalizedPath:
    """Rewrite a path, with its query, as the connection manager's options say."""
    if "#" in path:
        return _refused(path, "the path has a fragment")
    route, mark, query = path.partition("?")
    rest = mark + query
    action = hcm.path_with_escaped_slashes_action
    redirect = False
    if action not in _KEEP and _ESCAPED_SLASH.search(route):
        route = _ESCAPED_SLASH.sub(lambda found: "/" if found[1][0] == "2" else "\\", route)
        if action == "REJECT_REQUEST":
            return _refused(route + rest, "the path has an escaped slash")
        redirect = action == "UNESCAPE_AND_REDIRECT"
    if hcm.normalize_path:
        if "%00" in route:
            return _refused(route + rest, "the path has an escaped NUL")
        route = canonical(route)
    if hcm.merge_slashes and "//" in route:
        route = _merged(route)
    path = route + rest
    if redirect:
        words = "the path had an escaped slash, which is redirected to"
        reply = LocalReply(code=307, details=_DETAILS, location=path, reason=words)
        return NormalizedPath(path, reply)
    return NormalizedPath(path)


_KEEP = frozenset({"IMPLEMENTATION_SPECIFIC_DEFAULT", "KEEP_UNCHANGED"})


def canonical(path: str) -> str:
    """Canonicalize a path without query, as the URL library of Chromium does.

    Dot segments go, also where their dots are escaped; written plainly, their parameters go before
    (`/..;a/` is `/../`). An escape of an unreserved character is
    decoded, every other one stays as it is, and invalid ones do too.
    """
    if not _NEEDS_WORK.search(path):
        return path
    path = _DOT_SEGMENT_PARAMETERS.sub(r"\1", path)
    segments = _ESCAPE.sub(_decoded, path).replace("\\", "/").split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + _TO_ESCAPE.sub(lambda found: f"%{ord(found[0]):02X}", "/".join(kept))


def _decoded(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0]


def _merged(path: str) -> str:
    # A path of slashes alone keeps its first and its last.
    first = "/" if path.startswith("/") else ""
    last = "/" if path.endswith("/") else ""
    return first + "/".join(segment for segment in path.split("/") if segment) + last


def _refused(path: str, reason: str) -> NormalizedPath:
    return NormalizedPath(path, LocalReply(code=400, details=_DETAILS, reason=reason))
