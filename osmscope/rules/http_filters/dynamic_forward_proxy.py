"""The HTTP filter `envoy.filters.http.dynamic_forward_proxy`.

What Envoy does: only where the route's cluster is a dynamic forward proxy, the per-route
configuration replaces the host, by a text or by the first value of a header that is there; an empty
host is refused, 400. Then the host is resolved, which an IPv4 address needs not. Checked against
Envoy 1.40.0. Not modelled: what DNS answers, hosts that filter state names.
"""

from __future__ import annotations

from osmscope.resources.http_filters.custom_code import (
    DynamicForwardProxy,
    DynamicForwardProxyPerRoute,
)
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.dynamic_forward_proxy import dynamic_host
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, assumed, goes_on
from osmscope.rules.local_reply import LocalReply


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the filter."""
    kind = context.cluster_kind(context.cluster) if context.cluster else None
    if kind is not ClusterKind.DYNAMIC_FORWARD_PROXY:
        return goes_on(request, "the cluster is no dynamic forward proxy")
    host = _host(request, context)
    if host is not None:
        request = request.with_headers(request.headers.set(":authority", host))
    if not request.host:
        words = "the host is empty"
        return answered(request, LocalReply(code=400, details="empty_host_header", reason=words))
    own = context.own_config
    if isinstance(own, DynamicForwardProxy) and own.allow_dynamic_host_from_filter_state:
        return assumed(request, f'no filter state names a host for "{context.filter_name}"')
    if dynamic_host(request, tls=False).missing:
        return assumed(request, f'DNS resolves "{request.host}" for "{context.filter_name}"')
    return goes_on(request, f"the host becomes {host}" if host is not None else "")


def _host(request: Request, context: FilterContext) -> str | None:
    """Return what replaces the host; None where nothing does."""
    config = context.config
    if not isinstance(config, DynamicForwardProxyPerRoute):
        return None
    if config.host_rewrite_header:
        return request.headers.first(config.host_rewrite_header)
    return config.host_rewrite_literal or None
