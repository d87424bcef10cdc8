"""A request's route: table, virtual host, route and cluster, and every way lots may fall."""

from collections.abc import Iterator

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.custom_code import OnDemand
from osmscope.resources.route import Route
from osmscope.rules.facts import Request
from osmscope.rules.hash_policy import HashResult, request_hash
from osmscope.rules.require_tls import require_tls
from osmscope.rules.route_table import RouteChoice, select_routes
from osmscope.rules.scoped_routes import find_scope, scope_key
from osmscope.rules.stream_duration import tell_stream_limit
from osmscope.rules.stream_random import Drawn
from osmscope.rules.weighted_cluster import choose_clusters
from osmscope.trace.path import HttpPath, Resolved
from osmscope.trace.sidecar import RouteTable, Sidecar

_replace = msgspec.structs.replace


def find_table(
    sidecar: Sidecar, manager: HttpConnectionManager, request: Request
) -> tuple[RouteTable | None, str]:
    """Return the route table of a request, and what is missing where that cannot be told.

    A table that the dump should hold and does not is empty to Envoy: (None, "").

    Raises:
        DumpError: The table cannot be read.
    """
    if manager.route_config is not None:
        return sidecar.table_of(manager.route_config), ""
    if manager.scoped_routes is not None:
        return _find_scoped_table(sidecar, manager, request)
    if manager.rds is None:
        return None, ""
    return _delivered(sidecar, manager.rds.route_config_name)


def _delivered(sidecar: Sidecar, name: str) -> tuple[RouteTable | None, str]:
    table = sidecar.table(name)
    if table is None and not sidecar.proxy.dump.has("route_config"):
        return None, f'the route configuration "{name}" (the dump has no section of them)'
    return table, ""


def _find_scoped_table(
    sidecar: Sidecar, manager: HttpConnectionManager, request: Request
) -> tuple[RouteTable | None, str]:
    scoped = manager.scoped_routes
    assert scoped is not None
    inline = scoped.scoped_route_configurations_list
    if inline is not None:
        scopes = inline.scoped_route_configurations
    elif sidecar.proxy.dump.has("scoped_routes"):
        scopes = sidecar.proxy.scopes(scoped.name)
    else:
        return None, f'the scopes "{scoped.name}" (the dump has no section of them)'
    scope = find_scope(scopes, scope_key(scoped.scope_key_builder, request.headers))
    if scope is None:
        return None, ""
    if scope.route_configuration is not None:
        return sidecar.table_of(scope.route_configuration), ""
    table, missing = _delivered(sidecar, scope.route_configuration_name)
    if table is None and scope.on_demand:
        missing = f'the route configuration "{scope.route_configuration_name}" (fetched on demand)'
    return table, missing


def resolve(
    sidecar: Sidecar, manager: HttpConnectionManager, request: Request, drawn: Drawn = ()
) -> Iterator[Resolved]:
    """Yield every route and cluster that a request can get; probabilities add up to 1.

    Args:
        sidecar: The sidecar.
        manager: Its connection manager.
        request: The request.
        drawn: What an earlier look told of the request's random number.

    Raises:
        DumpError: The table cannot be read, or a matcher on the way cannot be evaluated at all.
    """
    table, missing = find_table(sidecar, manager, request)
    if table is None:
        yield Resolved(request=request, missing=missing)
        return
    choice = table.index.find(request.headers)
    virtual_host = choice.virtual_host
    resolved = Resolved(request=request, table=table, virtual_host_choice=choice)
    if not request.headers.first("x-forwarded-proto"):
        # Envoy has no route for a request whose scheme a filter removed, or is not known yet.
        yield resolved
        return
    if virtual_host is None:
        if table.configuration.vhds is not None and _fetches_on_demand(sidecar, manager):
            missing = "whether the virtual host would be fetched on demand (VHDS)"
        yield _replace(resolved, missing=missing)
        return
    redirect = require_tls(virtual_host, request)
    if redirect is not None:
        yield _replace(resolved, tls_redirect=redirect)
        return
    ignore = table.configuration.ignore_path_parameters_in_path_matching
    for route_choice in select_routes(
        virtual_host, request, ignore_path_parameters=ignore, drawn=drawn
    ):
        yield from _with_cluster(
            sidecar, _replace(resolved, route_choice=route_choice), route_choice, request
        )


def _fetches_on_demand(sidecar: Sidecar, manager: HttpConnectionManager) -> bool:
    stages = sidecar.http_stages(manager.http_filters)
    return any(isinstance(stage.config, OnDemand) for stage in stages)


def _with_cluster(
    sidecar: Sidecar, resolved: Resolved, route_choice: RouteChoice, request: Request
) -> Iterator[Resolved]:
    resolved = _replace(resolved, probability=route_choice.probability)
    route = route_choice.route
    if route is None or route.route is None or route_choice.missing:
        yield _replace(resolved, missing=route_choice.missing or _unknown_action(route))
        return
    weighted = route.route.weighted_clusters
    hashed = HashResult()
    if weighted is not None and weighted.use_hash_policy:
        hashed = request_hash(route.route.hash_policy, request, makes_cookies=False)
    if hashed.missing:
        yield _replace(resolved, missing=hashed.missing)
        return
    assert resolved.table is not None
    plugins = resolved.table.configuration.cluster_specifier_plugins
    choices = choose_clusters(route, request, hashed.value, plugins, route_choice.drawn)
    sidecar.proxy.expect_clusters(choice.name for choice in choices)
    for cluster_choice in choices:
        yield _replace(
            resolved,
            cluster_choice=cluster_choice,
            probability=route_choice.probability * cluster_choice.probability,
            missing=cluster_choice.missing,
        )


def _unknown_action(route: Route | None) -> str:
    """Say what is missing of a route that does something else than Envoy 1.40 could."""
    if route is None or route.redirect or route.direct_response or route.non_forwarding_action:
        return ""
    return "what the route does (none of its actions is known)"


def on_route(manager: HttpConnectionManager, path: HttpPath, resolved: Resolved) -> HttpPath:
    """Put a request on the route that was found for it, which limits its time.

    Raises:
        DumpError: A duration cannot be read.
    """
    action = resolved.route.route if resolved.route is not None else None
    limited = tell_stream_limit(
        action.max_stream_duration if action is not None else None,
        manager.common_http_protocol_options.max_stream_duration,
        path.request.headers,
    )
    assumptions = (limited.assumption,) if limited.assumption else ()
    return _replace(
        path,
        resolved=resolved,
        request=path.request.with_headers(limited.headers),
        assumptions=(*path.assumptions, *assumptions),
    )
