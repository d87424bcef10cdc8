"""How long a stream may take, and what gRPC endpoints are told of it.

What Envoy does: the route's `max_stream_duration` replaces the connection manager's; where
`grpc_timeout_header_max` is there, a `grpc-timeout` header, of any request, replaces that, up to
that limit (0: none) and less an offset. As soon as such a route is found, and before any filter
runs, `grpc-timeout` of a gRPC request becomes what holds. Zero is no limit, but in `grpc-timeout`:
then there is no time at all, and the answer is 504, unless the endpoint were quicker.
Checked against Envoy 1.40.0. Not modelled: negative durations.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route_policies import MaxStreamDuration
from osmscope.rules.duration import milliseconds
from osmscope.rules.facts import Headers
from osmscope.rules.grpc import is_grpc
from osmscope.rules.timeout import Timeout, grpc_text, read_grpc_timeout


class Limited(msgspec.Struct, frozen=True):
    """A request that has met a limit of its stream."""

    headers: Headers
    assumption: str = ""


def limit_stream(
    own: MaxStreamDuration | None, common: str | None, headers: Headers
) -> Timeout | None:
    """Return the limit of a stream; None where nobody sets one.

    Args:
        own: The route's.
        common: The connection manager's.
        headers: The request's.

    Raises:
        DumpError: A duration cannot be read.
    """
    asked = read_grpc_timeout(headers.first("grpc-timeout") or "")
    if own is not None and own.grpc_timeout_header_max is not None and asked is not None:
        most = milliseconds(own.grpc_timeout_header_max)
        limit = min(asked, most) if most else asked
        offset = milliseconds(own.grpc_timeout_header_offset or "0s")
        return Timeout(max(limit - offset, 0), "grpc-timeout, by the route's max_stream_duration")
    if own is not None and own.max_stream_duration is not None:
        return Timeout(milliseconds(own.max_stream_duration), "the route's max_stream_duration")
    if common is not None:
        return Timeout(milliseconds(common), "the connection manager's max_stream_duration")
    return None


def tell_stream_limit(
    own: MaxStreamDuration | None, common: str | None, headers: Headers
) -> Limited:
    """Write the limit of a stream into `grpc-timeout`, as a route is found.

    Args:
        own: The route's; without it there is nothing to tell.
        common: The connection manager's.
        headers: The request's, before filters.

    Raises:
        DumpError: A duration cannot be read.
    """
    limit = limit_stream(own, common, headers) if own is not None else None
    if limit is None:
        return Limited(headers)
    if not limit.milliseconds and limit.source.startswith("grpc-timeout"):
        return Limited(headers, "the endpoint answers before the time of grpc-timeout, 0 ms, is up")
    if not limit.milliseconds or not is_grpc(headers):
        return Limited(headers)
    return Limited(headers.set("grpc-timeout", grpc_text(limit.milliseconds)))
