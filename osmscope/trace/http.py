"""A request's way: connection manager, route, HTTP filters, router."""

from collections.abc import Iterator

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.custom_code import OnDemand, OnDemandPerRoute
from osmscope.resources.http_filters.router import Router
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.cluster_not_found import cluster_not_found
from osmscope.rules.connection_manager import prepare
from osmscope.rules.direct_response import direct_response
from osmscope.rules.facts import Headers, Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.per_filter_config import resolve as resolve_config
from osmscope.rules.redirect import redirect
from osmscope.rules.reply_headers import change_location
from osmscope.rules.strict_headers import strict_check
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upgrade import decide_upgrade
from osmscope.trace.cluster_hosts import why_absent
from osmscope.trace.http_filters import per_filter_configs, run_filters
from osmscope.trace.path import ConnectionPath, HttpPath, Resolved, Upstream
from osmscope.trace.replies import finish_reply
from osmscope.trace.request import TraceRequest
from osmscope.trace.routing import find_table, on_route, resolve
from osmscope.trace.sidecar import HttpStage, Sidecar
from osmscope.trace.upstream import Forwarded, evaluate_upstream, forwarding_of

_replace = msgspec.structs.replace

_NO_ROUTE = LocalReply(
    code=404, flags=("NR",), details="route_not_found", reason="no route fits the request"
)
_NO_FORWARDING = LocalReply(
    code=503,
    flags=("NC",),
    details="cluster_not_found",
    reason="the route has a non_forwarding_action",
)


def evaluate_http(
    sidecar: Sidecar, connection: ConnectionPath, asked: TraceRequest, headers: Headers
) -> tuple[HttpPath, ...]:
    """Yield every way of a request that reached a connection manager.

    Args:
        sidecar: The sidecar.
        connection: The way of its connection.
        asked: The request line.
        headers: Its headers as sent.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    manager = connection.manager
    assert manager is not None
    raw = Request(
        connection=connection.connection,
        headers=headers,
        filter_state=connection.connection.filter_state,
        protocol=_protocol(asked, connection),
        runtime=sidecar.runtime(asked.runtime),
        random_value=asked.random_value,
        service_cluster=sidecar.proxy.dump.node().cluster or None,
        service_node=sidecar.proxy.dump.node().id or None,
        now=asked.time,
    )
    table, _ = find_table(sidecar, manager, raw)
    internal_only = () if table is None else table.configuration.internal_only_headers
    prepared = prepare(manager, raw, internal_only)
    start = HttpPath(
        request=prepared.request,
        resolved=Resolved(table=table),
        assumptions=prepared.assumptions,
        notes=prepared.reasons,
    )
    if prepared.reply is not None:
        start = _replace(start, reply=prepared.reply, refused=True)
        paths = _refused(sidecar, manager, start) if prepared.routed else iter((start,))
    else:
        paths = _route(sidecar, connection, manager, start)
    to_grpc = prepared.is_grpc
    return tuple(finish_reply(sidecar, manager, path, to_grpc=to_grpc) for path in paths)


def _protocol(asked: TraceRequest, connection: ConnectionPath) -> str:
    """Return what is spoken: as said, else what ALPN negotiated, else HTTP/1.1."""
    negotiated = connection.handshake is not None and connection.handshake.alpn == "h2"
    return "h2" if negotiated and asked.protocol is None else asked.spoken


def _refused(
    sidecar: Sidecar, manager: HttpConnectionManager, start: HttpPath
) -> Iterator[HttpPath]:
    """Yield what Envoy logs though it refused the request before: virtual host, maybe a route."""
    for resolved in resolve(sidecar, manager, start.request):
        if resolved.route is None and not resolved.missing:
            yield _replace(start, resolved=resolved, probability=resolved.probability)
            continue
        unknown = (f"{resolved.missing} is not known",) if resolved.missing else ()
        yield _replace(
            start,
            resolved=resolved,
            probability=resolved.probability,
            upstream=_resolved_cluster(sidecar, resolved),
            assumptions=(*start.assumptions, *unknown),
        )


def _route(
    sidecar: Sidecar,
    connection: ConnectionPath,
    manager: HttpConnectionManager,
    start: HttpPath,
) -> Iterator[HttpPath]:
    request = start.request
    for resolved in resolve(sidecar, manager, request):
        path = on_route(manager, _replace(start, probability=resolved.probability), resolved)
        redirects = resolved.tls_redirect is not None
        upgrade = decide_upgrade(manager, request.headers, resolved.route, redirects=redirects)
        if resolved.missing:
            yield _replace(path, missing=resolved.missing)
        elif upgrade.reply is not None:
            upstream = _resolved_cluster(sidecar, resolved)
            yield _replace(path, reply=upgrade.reply, refused=True, upstream=upstream)
        else:
            stages = sidecar.http_stages(upgrade.http_filters)
            for filtered in run_filters(sidecar, manager, stages, path):
                yield from _at_router(sidecar, connection, stages, filtered)


def _at_router(
    sidecar: Sidecar, connection: ConnectionPath, stages: tuple[HttpStage, ...], path: HttpPath
) -> Iterator[HttpPath]:
    if path.reply is not None:
        yield _replace(path, upstream=_resolved_cluster(sidecar, path.resolved))
        return
    if path.missing:
        yield path
        return
    last: Resource = stages[-1].config if stages else Resource()
    if not isinstance(last, Router):
        name = stages[-1].filter.name if stages else ""
        yield _replace(path, missing=f'what the last HTTP filter "{name}" does with the request')
        return
    yield from _follow_route(sidecar, connection, last, path)


def _follow_route(
    sidecar: Sidecar, connection: ConnectionPath, router: Router, path: HttpPath
) -> Iterator[HttpPath]:
    resolved = path.resolved
    route = resolved.route
    if resolved.tls_redirect is not None or route is None:
        yield _replace(path, reply=resolved.tls_redirect or _NO_ROUTE)
        return
    reply = _own_reply(route, path.request)
    if reply is not None:
        yield _replace(path, reply=_with_location(reply, path, route))
        return
    assert resolved.cluster_choice is not None
    name = resolved.cluster_choice.name
    cluster = sidecar.proxy.cluster(name)
    if cluster is None:
        stages = sidecar.http_stages(connection.manager.http_filters) if connection.manager else ()
        if name and _fetches_clusters(stages, path.resolved):
            missing = f'whether the cluster "{name}" would be fetched on demand'
            yield _replace(path, upstream=Upstream(name=name, missing=missing))
        else:
            yield _without_cluster(sidecar, path, route, name)
        return
    refused = strict_check(router.strict_check_headers, path.request.headers)
    if refused is not None:
        yield _replace(path, upstream=Upstream(name=name, cluster=cluster), reply=refused)
        return
    forwarding = forwarding_of(router, path)
    asked = Forwarded(
        path=path,
        router=router,
        forwarding=forwarding,
        restored=connection.restores_destination,
    )
    for upstream, sent in evaluate_upstream(sidecar, cluster, asked):
        yield _replace(
            path,
            upstream=upstream,
            reply=upstream.reply,
            upstream_runs=sent.runs,
            sent=sent if upstream.reply is None else None,
            probability=path.probability * upstream.probability,
            assumptions=(*path.assumptions, *upstream.assumptions),
        )


def _with_location(reply: LocalReply, path: HttpPath, route: Route) -> LocalReply:
    """Apply the route's changes of response headers to where the client is sent."""
    resolved = path.resolved
    host = resolved.virtual_host_choice.virtual_host if resolved.virtual_host_choice else None
    if host is None or resolved.table is None:
        return reply
    context = FormatContext(request=path.request, route_name=route.name)
    return change_location(reply, context, route, host, resolved.table.configuration)


def _own_reply(route: Route, request: Request) -> LocalReply | None:
    """Return what a route answers by itself; None for one that forwards."""
    if route.redirect is not None:
        return redirect(route, request)
    if route.direct_response is not None:
        return direct_response(route, request)
    if route.non_forwarding_action is not None:
        return _NO_FORWARDING
    return None


def _fetches_clusters(stages: tuple[HttpStage, ...], resolved: Resolved) -> bool:
    """Whether the on-demand filter asks for clusters that are missing."""
    for stage in stages:
        if isinstance(stage.config, OnDemand):
            found = resolve_config(stage.filter, stage.config, per_filter_configs(resolved))
            config = found.config
            asks = isinstance(config, OnDemand | OnDemandPerRoute) and config.odcds is not None
            if found.enabled and asks:
                return True
    return False


def _without_cluster(sidecar: Sidecar, path: HttpPath, route: Route, name: str) -> HttpPath:
    absence = why_absent(sidecar.proxy, name)
    if absence.missing:
        return _replace(path, upstream=Upstream(name=name, missing=absence.missing))
    reply = _with_location(cluster_not_found(route, name), path, route)
    return _replace(path, reply=_replace(reply, reason=absence.reason or reply.reason))


def _resolved_cluster(sidecar: Sidecar, resolved: Resolved) -> Upstream | None:
    """Return the cluster that Envoy logs though another filter answered."""
    if resolved.cluster_choice is None:
        return None
    name = resolved.cluster_choice.name
    return Upstream(name=name, cluster=sidecar.proxy.cluster(name))
