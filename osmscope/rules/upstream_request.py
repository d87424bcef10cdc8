"""The headers that an endpoint receives.

What Envoy does: once the cluster is known, the router puts the port of a CONNECT back, takes out
what steers itself and tells the timeout and the number of the try; then the weighted cluster
changes headers and the host, then route, virtual host and table change headers; then the host is
rewritten, then the path. What steers retries is taken out last, so that header changes can steer
them too. `suppress_envoy_headers` leaves out the timeout and the original host and path, but not
the number of the try.
Checked against Envoy 1.40.0. Not modelled: second and later tries; what the cluster's own HTTP
filters change.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route import (
    ClusterWeight,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
)
from osmscope.rules.authority import with_connect_port
from osmscope.rules.facts import Headers
from osmscope.rules.header_mutation import apply, in_order, request_mutations
from osmscope.rules.host_rewrite import rewrite_host, with_host
from osmscope.rules.path_rewrite import rewrite_path
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.timeout import request_timeout

_RETRY_HEADERS = (
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-stream-duration-ms",
)


class Forwarding(msgspec.Struct, frozen=True, kw_only=True):
    """What decides how a request is forwarded."""

    context: FormatContext
    """The request as the router gets it, its route's name and its cluster."""
    route: Route
    virtual_host: VirtualHost
    route_configuration: RouteConfiguration
    entry: ClusterWeight | None = None
    """The weighted cluster that was drawn."""
    suppress_envoy_headers: bool = False
    respect_expected_rq_timeout: bool = False

    @property
    def action(self) -> RouteAction:
        """The route's action."""
        return self.route.route or RouteAction()


class UpstreamHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint receives."""

    headers: Headers
    steering: Headers = Headers()
    """The same with what steers retries, which the endpoint does not receive."""
    host_by_endpoint: bool = False
    """Whether the endpoint's own hostname becomes the host: see `for_endpoint`."""
    missing: tuple[str, ...] = ()
    """The format commands that cannot be told; they left nothing in the headers."""


def finish(forwarding: Forwarding) -> UpstreamHeaders:
    """Turn the headers that the router gets into those that it sends.

    Raises:
        DumpError: RE2 refuses an expression, or a duration cannot be read.
    """
    headers = _with_timeout(forwarding, with_connect_port(forwarding.context.request))
    if forwarding.virtual_host.include_request_attempt_count:
        headers = headers.set("x-envoy-attempt-count", "1")
    headers, missing = _mutated(forwarding, headers)
    context = _with_headers(forwarding.context, headers)
    host = rewrite_host(forwarding.action, context)
    if host.host is not None:
        suppress = forwarding.suppress_envoy_headers
        headers = with_host(headers, host.host, forwarding.action, suppress)
    headers, path_missing = _with_path(forwarding, headers)
    return UpstreamHeaders(
        headers=headers.remove(*_RETRY_HEADERS),
        steering=headers,
        host_by_endpoint=host.by_endpoint,
        missing=(*missing, *host.missing, *path_missing),
    )


def for_endpoint(forwarding: Forwarding, upstream: UpstreamHeaders, hostname: str) -> Headers:
    """Return the headers for one endpoint, by its hostname ("" where it has none)."""
    if not upstream.host_by_endpoint or not hostname:
        return upstream.headers
    suppress = forwarding.suppress_envoy_headers
    return with_host(upstream.headers, hostname, forwarding.action, suppress)


def _with_timeout(forwarding: Forwarding, headers: Headers) -> Headers:
    respect = forwarding.respect_expected_rq_timeout
    timeout = request_timeout(forwarding.route, forwarding.virtual_host, headers, respect)
    if not (respect and "x-envoy-expected-rq-timeout-ms" in headers):
        headers = headers.remove("x-envoy-upstream-rq-timeout-ms")
    if timeout.expected is not None and not forwarding.suppress_envoy_headers:
        headers = headers.set("x-envoy-expected-rq-timeout-ms", str(timeout.expected))
    if timeout.grpc_timeout is not None:
        headers = headers.set("grpc-timeout", timeout.grpc_timeout)
    return headers.remove("x-envoy-upstream-alt-stat-name")


def _mutated(forwarding: Forwarding, headers: Headers) -> tuple[Headers, tuple[str, ...]]:
    missing: tuple[str, ...] = ()
    if forwarding.entry is not None:
        context = _with_headers(forwarding.context, headers)
        mutated = apply((request_mutations(forwarding.entry),), context)
        headers, missing = mutated.headers, mutated.missing
        if forwarding.entry.host_rewrite_literal:
            headers = headers.set(":authority", forwarding.entry.host_rewrite_literal)
    levels = in_order(forwarding.route, forwarding.virtual_host, forwarding.route_configuration)
    context = _with_headers(forwarding.context, headers)
    mutated = apply((request_mutations(level) for level in levels), context)
    return mutated.headers, (*missing, *mutated.missing)


def _with_path(forwarding: Forwarding, headers: Headers) -> tuple[Headers, tuple[str, ...]]:
    path = headers.first(":path")
    if path is None:
        return headers, ()
    rewrite = rewrite_path(forwarding.route, path, _with_headers(forwarding.context, headers))
    if rewrite.rewritten and not forwarding.suppress_envoy_headers:
        headers = headers.set("x-envoy-original-path", path)
    return headers.set(":path", rewrite.path), rewrite.missing


def _with_headers(context: FormatContext, headers: Headers) -> FormatContext:
    return msgspec.structs.replace(context, request=context.request.with_headers(headers))
