"""Headers that the router checks before it uses them (`strict_check_headers`).

What Envoy does: once the cluster is found, the listed headers that a request still has are checked
in the order of the list: timeouts and numbers of retries have to be whole numbers, conditions of
retries have to be known ones. The first that is not ends the request with 400. Only internal
requests still have such headers. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.retry_policy import GRPC_CONDITIONS, HTTP_CONDITIONS
from osmscope.rules.timeout import unsigned

_CONDITIONS = {
    "x-envoy-retry-on": HTTP_CONDITIONS,
    "x-envoy-retry-grpc-on": GRPC_CONDITIONS,
}


def strict_check(names: Sequence[str], headers: Headers) -> LocalReply | None:
    """Refuse a request with a header that cannot be used; None where all can.

    Args:
        names: The router's `strict_check_headers`.
        headers: The request's headers, as the router gets them.
    """
    for name in names:
        value = headers.first(name)
        if value is not None and not _is_valid(name, value):
            return LocalReply(
                code=400,
                flags=("IH",),
                details=f"request_headers_failed_strict_check{{{name}}}",
                reason=f'the router checks header "{name}", and "{value}" is no value for it',
            )
    return None


def _is_valid(name: str, value: str) -> bool:
    known = _CONDITIONS.get(name)
    if known is None:
        return unsigned(value) is not None
    return all(token.strip() in known for token in value.split(",") if token.strip())
