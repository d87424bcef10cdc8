"""Headers whose repeated lines become one value.

What Envoy does: a fixed set of headers, which its filters look at most, is kept as one value; a
second line is joined to the first by a comma, without a blank; an empty one leaves no trace. All
other headers keep one value a line. HTTP/2 joins the parts of `cookie` by `; `.
Checked against Envoy 1.40.0, header by header. Not modelled: builds with other filters, which
may add to the set.
"""

from __future__ import annotations

from collections.abc import Iterable

from osmscope.rules.facts import Headers

_ENVOY = (
    "attempt-count decorator-operation downstream-service-cluster downstream-service-node"
    " expected-rq-timeout-ms external-address force-trace hedge-on-per-try-timeout internal"
    " ip-tags is-timeout-retry max-retries original-host original-path original-url"
    " retriable-header-names retriable-status-codes retry-grpc-on retry-on upstream-alt-stat-name"
    " upstream-rq-per-try-timeout-ms upstream-rq-timeout-alt-response upstream-rq-timeout-ms"
    " upstream-stream-duration-ms"
)
_OTHERS = (
    "accept accept-encoding access-control-request-headers access-control-request-method"
    " access-control-request-private-network authorization cache-control cdn-loop connection"
    " content-encoding content-type expect grpc-accept-encoding grpc-timeout if-match"
    " if-modified-since if-none-match if-range if-unmodified-since keep-alive origin pragma"
    " proxy-connection proxy-status referer te transfer-encoding upgrade user-agent via"
    " x-client-trace-id x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port"
    " x-forwarded-proto x-request-id"
)
INLINE = frozenset(
    [":authority", *_OTHERS.split(), *(f"x-envoy-{name}" for name in _ENVOY.split())]
)
"""The request headers that are joined."""

_ENVOY_RESPONSE = (
    "attempt-count decorator-operation degraded immediate-health-check-fail ratelimited"
    " upstream-canary upstream-healthchecked-cluster upstream-service-time"
)
_RESPONSE = (
    "access-control-allow-credentials access-control-allow-headers access-control-allow-methods"
    " access-control-allow-origin access-control-expose-headers access-control-max-age age"
    " cache-control content-encoding content-type date etag expires grpc-message grpc-status"
    " last-modified location proxy-status server vary via x-request-id"
)
INLINE_RESPONSE = frozenset(
    [*_RESPONSE.split(), *(f"x-envoy-{name}" for name in _ENVOY_RESPONSE.split())]
)
"""The response headers that are joined."""


def joined(values: Iterable[str]) -> str:
    """Return the one value that these lines become."""
    return ",".join(value for value in values if value)


def join_inline(headers: Headers, protocol: str, *, response: bool = False) -> Headers:
    """Join the repeated lines of these headers, as they arrive.

    Args:
        headers: The headers of a request or a response.
        protocol: What they arrive by.
        response: Whether they are those of a response.
    """
    inline = INLINE_RESPONSE if response else INLINE
    repeated = [name for name, values in headers.items() if len(values) > 1]
    for name in repeated:
        if name in inline:
            headers = headers.set(name, joined(headers.all(name)))
        elif name == "cookie" and protocol == "h2":
            headers = headers.set(name, "; ".join(headers.all(name)))
    return headers
