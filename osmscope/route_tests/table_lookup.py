"""A request that is looked up in one route table, without a listener, a cluster or a filter.

What Envoy's route table check tool does, with its peculiarities: the client is 127.0.0.1, the
random number is 0 unless the test gives one, and a route with a `runtime_fraction` matches only
where the test names its `runtime_key`; a fraction of 0 then counts as 1, unless another route with
that key has a larger one. Only a route that forwards has a virtual host's name, a cluster and
rewrites; only one that answers by itself has a redirect.

Decision: where the tool and Envoy differ, Envoy is followed. Virtual clusters are told before the
rewrite, not after it; the type of a direct response is not added beside one that the route sets;
and request headers are those that the endpoint receives, with the timeout that the router tells it
and without what steers retries. All were checked against Envoy 1.40.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.router import Router
from osmscope.resources.matcher import RuntimeFractionalPercent
from osmscope.resources.route import Route, RouteConfiguration
from osmscope.route_tests.cases import DynamicMetadata, TableInput
from osmscope.rules.direct_response import direct_response
from osmscope.rules.direct_response_headers import direct_response_headers
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.header_mutation import Level, apply, in_order, response_mutations
from osmscope.rules.inline_headers import join_inline
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.redirect import redirect, request_url
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upstream_request import finish
from osmscope.rules.virtual_cluster import virtual_cluster
from osmscope.trace.path import HttpPath, Resolved
from osmscope.trace.routing import resolve
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.upstream import forwarding_of

_CLIENT = "127.0.0.1"
_CONNECTION = Connection(source_ip=_CLIENT, direct_source_ip=_CLIENT)
_PROTOCOL = "http/1.1"
_DEFAULT_TIMEOUT = "15s"
_OFF = 0
_replace = msgspec.structs.replace


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the look-up found; "" and 0 where there is none."""

    resolved: Resolved
    request_headers: Headers
    """What the endpoint receives; the request's own where the route does not forward."""
    response_headers: Headers
    cluster_name: str = ""
    virtual_cluster_name: str = ""
    virtual_host_name: str = ""
    host_rewrite: str = ""
    path_rewrite: str = ""
    path_redirect: str = ""
    code_redirect: int = 0
    timeout: str = ""
    missing: tuple[str, ...] = ()
    """What is not known and would have to decide."""


def look_up(
    asked: TableInput,
    configuration: RouteConfiguration,
    sidecar: Sidecar,
    runtime: Mapping[str, object],
) -> Found:
    """Look a request up in a route table.

    Args:
        asked: The request.
        configuration: The route table.
        sidecar: Where the table stands; its runtime values hold.
        runtime: Further runtime values, of the file of tests.

    Raises:
        DumpError: A matcher or a rewrite of the table cannot be evaluated.
    """
    request = _request(asked, _runtime(configuration, sidecar, runtime, asked.runtime))
    manager = HttpConnectionManager(route_config=configuration)
    resolved = next(iter(resolve(sidecar, manager, request)))
    fields = asked.additional_response_headers
    given = Headers.of((field.key, field.value) for field in fields)
    given = join_inline(given, _PROTOCOL, response=True)
    found = Found(resolved=resolved, request_headers=request.headers, response_headers=given)
    if resolved.missing:
        return _replace(found, missing=(resolved.missing,))
    if resolved.tls_redirect is not None:
        return _answered(found, resolved.tls_redirect, resolved.tls_redirect.location or "")
    route = resolved.route
    if route is None or route.non_forwarding_action is not None:
        return found
    if route.route is not None:
        return _forwarded(found, request, route)
    if route.redirect is not None:
        reply = redirect(route, request)
        return _answered(found, reply, reply.location or "")
    return _answered(found, direct_response(route, request), request_url(request))


def _request(asked: TableInput, runtime: Mapping[str, object]) -> Request:
    scheme = "https" if asked.ssl else "http"
    pairs = [
        (":authority", asked.authority),
        (":path", asked.path),
        (":method", asked.method),
        ("x-forwarded-proto", scheme),
        (":scheme", scheme),
    ]
    if asked.internal:
        pairs.append(("x-envoy-internal", "true"))
    pairs += ((field.key, field.value) for field in asked.additional_request_headers)
    return Request(
        connection=_CONNECTION,
        headers=join_inline(Headers.of(pairs), _PROTOCOL),
        protocol=_PROTOCOL,
        remote_ip=_CLIENT,
        internal=asked.internal,
        metadata=_metadata(asked.dynamic_metadata),
        runtime=runtime,
        random_value=asked.random_value,
    )


def _metadata(given: tuple[DynamicMetadata, ...]) -> dict[str, dict[str, object]]:
    """Put metadata together; a namespace that is there changes only where that is allowed."""
    metadata: dict[str, dict[str, object]] = {}
    for entry in given:
        name = entry.metadata_namespace
        if entry.typed_value is not None and not entry.value:
            continue
        if name not in metadata or entry.allow_overwrite:
            metadata[name] = {**metadata.get(name, {}), **entry.value}
    return metadata


def _runtime(
    configuration: RouteConfiguration,
    sidecar: Sidecar,
    values: Mapping[str, object],
    enabled: str,
) -> dict[str, object]:
    """Switch off every `runtime_fraction` of a table but those of the one key that is on."""
    keys = sidecar.remembered(
        ("runtime_key", id(configuration)),
        lambda: (one.runtime_key for one in _fractions(configuration)),
    )
    runtime = {**sidecar.runtime(values), **dict.fromkeys(keys, _OFF)}
    if enabled in keys:
        del runtime[enabled]  # the defaults count
        same = [one for one in _fractions(configuration) if one.runtime_key == enabled]
        if not any(one.default_value.numerator for one in same):
            denominator = same[0].default_value.denominator
            runtime[enabled] = {"numerator": 1, "denominator": denominator}
    return runtime


def _fractions(configuration: RouteConfiguration) -> Iterator[RuntimeFractionalPercent]:
    for virtual_host in configuration.virtual_hosts:
        for route in virtual_host.routes:
            fraction = route.match.runtime_fraction
            if fraction is not None and fraction.runtime_key:
                yield fraction


def _forwarded(found: Found, request: Request, route: Route) -> Found:
    forwarding = forwarding_of(Router(), HttpPath(request=request, resolved=found.resolved))
    upstream = finish(forwarding)
    levels: tuple[Level, ...] = in_order(
        route, forwarding.virtual_host, forwarding.route_configuration
    )
    if forwarding.entry is not None:
        levels = (forwarding.entry, *levels)
    sent = request.with_headers(upstream.headers)
    context = _replace(forwarding.context, request=sent, response_headers=found.response_headers)
    response = apply(map(response_mutations, levels), context, response=True)
    return _replace(
        found,
        cluster_name=forwarding.context.cluster,
        virtual_cluster_name=virtual_cluster(forwarding.virtual_host, request.headers),
        virtual_host_name=forwarding.virtual_host.name,
        host_rewrite=upstream.headers.first(":authority") or "",
        path_rewrite=upstream.headers.first(":path") or "",
        timeout=forwarding.action.timeout or _DEFAULT_TIMEOUT,
        request_headers=upstream.headers,
        response_headers=response.headers,
        missing=(*upstream.missing, *response.missing),
    )


def _answered(found: Found, reply: LocalReply, url: str) -> Found:
    resolved = found.resolved
    choice, table, request = resolved.virtual_host_choice, resolved.table, resolved.request
    assert choice is not None
    assert choice.virtual_host is not None
    assert table is not None
    assert request is not None
    route = resolved.route or Route()
    levels = in_order(route, choice.virtual_host, table.configuration)
    if resolved.tls_redirect is not None:
        levels = ()
    body = route.direct_response.body if route.direct_response is not None else None
    context = FormatContext(request=request, route_name=route.name)
    response = direct_response_headers(reply, body, levels, context)
    return _replace(
        found,
        path_redirect=url,
        code_redirect=reply.code,
        response_headers=response.headers,
        missing=response.missing,
    )
