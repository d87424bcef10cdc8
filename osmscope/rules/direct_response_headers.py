"""The headers of a reply that a route gives by itself.

What Envoy does: it starts with the status and, for redirections and 201, the `location`; then the
response header changes of route, virtual host and table apply. Last comes what the body needs: its
length, and `text/plain` unless the changes named a type; an empty body has neither.
Checked against Envoy 1.40.0. Not modelled: bodies that are not inline; `body_format`; `date`,
`server` and what the connection manager or other filters add.
"""

from __future__ import annotations

import base64

import msgspec

from osmscope.resources.network_filters import DataSource
from osmscope.rules.facts import Headers
from osmscope.rules.header_mutation import Level, Mutated, apply, response_mutations
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.substitution_format import FormatContext


def direct_response_headers(
    reply: LocalReply, body: DataSource | None, levels: tuple[Level, ...], context: FormatContext
) -> Mutated:
    """Return the response headers of a direct response or a redirect.

    Args:
        reply: What the route answers; its location before any change of headers.
        body: The configured body.
        levels: What changes headers, in the order of application.
        context: The request as the router gets it.
    """
    pairs = [(":status", str(reply.code))]
    if reply.location is not None:
        pairs.append(("location", reply.location))
    context = msgspec.structs.replace(
        context, response_headers=Headers.of(pairs), own_details=reply.details or ""
    )
    changed = apply(map(response_mutations, levels), context, response=True)
    headers, length = changed.headers, _length(body)
    if not length:
        return Mutated(headers.remove("content-length", "content-type"), changed.missing)
    if "content-type" not in headers:
        headers = headers.set("content-type", "text/plain")
    return Mutated(headers.set("content-length", str(length)), changed.missing)


def _length(body: DataSource | None) -> int:
    if body is None:
        return 0
    if body.inline_bytes is not None:
        return len(base64.b64decode(body.inline_bytes))
    return len((body.inline_string or "").encode())
