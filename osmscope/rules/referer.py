"""The `referer` header, which goes where it is not well-formed.

What Envoy does: it has to be an absolute URL without user information and fragment, or a relative
reference: characters of a query, and no colon before the first slash.
Checked against Envoy 1.40.0. Not modelled: the runtime key that refuses relative references.
"""

import re

from osmscope.rules.absolute_url import parse_url
from osmscope.rules.facts import Headers

_RELATIVE = re.compile(r"(?:[!$-.0-9;=?-Z_a-z~]|%)*(?:/[!$-;=?-Z_a-z~]*)?")


def sanitize_referer(headers: Headers) -> Headers:
    """Remove a malformed `referer`."""
    referer = headers.first("referer")
    if referer is None or _is_well_formed(referer):
        return headers
    return headers.remove("referer")


def _is_well_formed(referer: str) -> bool:
    url = parse_url(referer)
    if url is not None:
        return not (url.authority.has_userinfo or url.rest.partition("#")[2])
    return _RELATIVE.fullmatch(referer) is not None
