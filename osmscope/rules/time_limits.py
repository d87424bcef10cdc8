"""Every limit of time that a forwarded request stands under, and what happens when one is reached.

What Envoy does: the request, a try and a silent try are limited by the route and its virtual host;
a cluster's own retry policy has no part in that. The route's `idle_timeout` replaces the connection
manager's `stream_idle_timeout` (5 minutes), its `max_stream_duration` the connection manager's;
where `grpc_timeout_header_max` is there, a `grpc-timeout` header, of any request, replaces that,
up to that limit (0: none). The cluster limits the stream to the endpoint, unless an internal
request asks with `x-envoy-upstream-stream-duration-ms`, and the time to connect (5 s). Zero is no
limit. Checked against Envoy 1.40.0. Not modelled: time that a client takes to send its request.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.duration import milliseconds
from osmscope.rules.grpc import is_grpc
from osmscope.rules.stream_duration import limit_stream
from osmscope.rules.timeout import try_timeout, unsigned, whole_timeout
from osmscope.rules.upstream_request import Forwarding

_IDLE = 300_000
_CONNECT = 5_000
_ASKED_STREAM = "x-envoy-upstream-stream-duration-ms"


class TimeLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of time."""

    what: str
    """What is limited, as a noun."""
    milliseconds: int
    source: str = ""
    """Who says so; "" for Envoy's default."""
    ends: str
    """What the client gets then, as Envoy's access log prints it."""


def time_limits(
    forwarding: Forwarding, cluster: Cluster, manager: HttpConnectionManager
) -> tuple[TimeLimit, ...]:
    """List the limits of a request, those of the route first; what has no limit is left out.

    Args:
        forwarding: What decides how it is forwarded.
        cluster: Its cluster.
        manager: Its connection manager.

    Raises:
        DumpError: A duration cannot be read.
    """
    found = (
        *_of_route(forwarding),
        _idle(forwarding, manager),
        _stream(forwarding, manager),
        _upstream_stream(forwarding, cluster),
        connect_limit(cluster, "503 (UF) connection timeout"),
    )
    return tuple(limit for limit in found if limit is not None and limit.milliseconds)


def connect_limit(cluster: Cluster, ends: str) -> TimeLimit:
    """Tell how long connecting to an endpoint may take, and what comes then.

    Raises:
        DumpError: The duration cannot be read.
    """
    given = cluster.connect_timeout
    return TimeLimit(
        what="connecting",
        milliseconds=milliseconds(given) if given else _CONNECT,
        source="the cluster's connect_timeout" if given else "",
        ends=ends,
    )


def _of_route(forwarding: Forwarding) -> Iterator[TimeLimit]:
    action, headers = forwarding.action, forwarding.context.request.headers
    whole = whole_timeout(action, headers, forwarding.respect_expected_rq_timeout)
    yield TimeLimit(
        what="request",
        milliseconds=whole.milliseconds,
        source="" if whole.is_default else whole.source,
        ends="504 (UT) response_timeout",
    )
    one_try = try_timeout(action, forwarding.virtual_host, headers, whole.milliseconds)
    yield TimeLimit(
        what="try",
        milliseconds=one_try.milliseconds,
        source=one_try.source,
        ends="504 (UT) upstream_per_try_timeout",
    )
    policy = action.retry_policy or forwarding.virtual_host.retry_policy
    idle = policy.per_try_idle_timeout if policy is not None else None
    yield TimeLimit(
        what="silent try",
        milliseconds=milliseconds(idle) if idle else 0,
        source="per_try_idle_timeout",
        ends="504 (UT) upstream_per_try_idle_timeout",
    )


def _idle(forwarding: Forwarding, manager: HttpConnectionManager) -> TimeLimit:
    own, common = forwarding.action.idle_timeout, manager.stream_idle_timeout
    if own is not None:
        limit, source = milliseconds(own), "the route's idle_timeout"
    elif common is not None:
        limit, source = milliseconds(common), "the connection manager's stream_idle_timeout"
    else:
        limit, source = _IDLE, ""
    ends = "504 (SI) stream_idle_timeout"
    return TimeLimit(what="silent stream", milliseconds=limit, source=source, ends=ends)


def _stream(forwarding: Forwarding, manager: HttpConnectionManager) -> TimeLimit | None:
    own = forwarding.action.max_stream_duration
    headers = forwarding.context.request.headers
    if own is not None and is_grpc(headers):
        # What grpc-timeout says was worked out when the route was found.
        own = msgspec.structs.replace(own, grpc_timeout_header_offset=None)
    limit = limit_stream(own, manager.common_http_protocol_options.max_stream_duration, headers)
    return (
        None
        if limit is None
        else TimeLimit(
            what="stream",
            milliseconds=limit.milliseconds,
            source=limit.source,
            ends="504 max_duration_timeout",
        )
    )


def _upstream_stream(forwarding: Forwarding, cluster: Cluster) -> TimeLimit | None:
    options = http_protocol_options(cluster) or cluster
    common = options.common_http_protocol_options
    limit = common.max_stream_duration if common is not None else None
    ends = "504 (UMSDR) upstream_max_stream_duration_reached"
    what = "upstream stream"
    asked = unsigned(forwarding.context.request.headers.first(_ASKED_STREAM))
    if asked is not None:
        source = f"the request's {_ASKED_STREAM}"
        return TimeLimit(what=what, milliseconds=asked, source=source, ends=ends)
    if limit is None:
        return None
    source = "the cluster's max_stream_duration"
    return TimeLimit(what=what, milliseconds=milliseconds(limit), source=source, ends=ends)
