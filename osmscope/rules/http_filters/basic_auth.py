"""Basic authentication.

What Envoy does: a request without `authorization`, with another scheme than Basic, or with
credentials that are not in `users` is answered with 401.
Checked against Envoy 1.40.0. Not modelled: the users, whose hashes a dump redacts: well-formed
credentials are assumed to be right, and the name in `forward_username_header` is theirs.
"""

from __future__ import annotations

import base64
import binascii

from osmscope.resources.http_filters.authentication import BasicAuth
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered
from osmscope.rules.local_reply import LocalReply

_SCHEME = "Basic "


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the basic authentication filter."""
    own = context.own_config if isinstance(context.own_config, BasicAuth) else BasicAuth()
    header = own.authentication_header or "authorization"
    value = request.headers.first(header)
    if value is None:
        return answered(request, _reply("no_credential", f'header "{header}" is absent'))
    if not value.startswith(_SCHEME):
        return answered(request, _reply("invalid_scheme", f'header "{header}" is not Basic'))
    username, colon, _ = _decoded(value[len(_SCHEME) :]).partition(":")
    if not colon:
        words = f'header "{header}" holds no user and password'
        return answered(request, _reply("invalid_format", words))
    if own.forward_username_header:
        headers = request.headers.set(own.forward_username_header, username)
        request = request.with_headers(headers)
    words = f'the user and password in "{header}" are right'
    return (FilterResult(request=request, assumptions=(words,), reason=words),)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _reply(problem: str, reason: str) -> LocalReply:
    return LocalReply(code=401, details=f"{problem}_for_basic_auth", reason=reason)
