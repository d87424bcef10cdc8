"""The table of routes: which requests each fits, and what it does with them."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.dump.sections import Entry
from osmscope.report.criteria import route_criteria
from osmscope.report.keys import keyed
from osmscope.report.table import Row, Table, columns
from osmscope.report.trace_report import percent
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import decode
from osmscope.resources.route import (
    RedirectAction,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
)

_REWRITES = (
    "prefix_rewrite",
    "path_rewrite",
    "host_rewrite_literal",
    "host_rewrite",
    "host_rewrite_header",
)


def route_table(proxy: Proxy) -> Table:
    """List the routes of all route configurations, in the order in which Envoy tries them."""
    return Table(
        columns(
            "virtual host",
            "domains",
            "route",
            "match",
            "action",
            wide=("table", "state"),
            spare=("domains",),
        ),
        tuple(_rows(proxy)),
    )


def _rows(proxy: Proxy) -> Iterator[Row]:
    for key, entry in keyed(proxy.dump.entries("route_config")):
        if not bytes(entry.body):
            continue
        where = f"route configuration {entry.name!r}"
        table = decode(RouteConfiguration, entry.body, where)
        for virtual_host in table.virtual_hosts:
            for index, route in enumerate(virtual_host.routes):
                yield _row(f"{key}/{virtual_host.name}#{index}", entry, virtual_host, route)
            if not virtual_host.routes:
                yield _without_routes(f"{key}/{virtual_host.name}", entry, virtual_host)


def _row(key: str, entry: Entry, virtual_host: VirtualHost, route: Route) -> Row:
    index = key.rpartition("#")[2]
    name = f"#{index} {route.name}" if route.name else f"#{index}"
    cells = (
        virtual_host.name,
        virtual_host.domains,
        name,
        route_criteria(route.match),
        action_lines(route),
        entry.name,
        entry.state.value,
    )
    names = (virtual_host.name, entry.name, route.name, *virtual_host.domains)
    return Row(cells, names, key, key.rpartition("#")[0])


def _without_routes(key: str, entry: Entry, virtual_host: VirtualHost) -> Row:
    what = "by a matcher tree" if virtual_host.matcher is not None else "no routes"
    cells = (virtual_host.name, virtual_host.domains, "", (what,), (), entry.name)
    names = (virtual_host.name, entry.name, *virtual_host.domains)
    return Row((*cells, entry.state.value), names, key, key)


def action_lines(route: Route) -> tuple[str, ...]:
    """Say what a route does: its clusters with their shares, or the reply that it gives."""
    if route.route is not None:
        return tuple(_forwarding(route.route))
    if route.redirect is not None:
        return (f"redirect {_redirected(route.redirect)}".rstrip(),)
    if route.direct_response is not None:
        return (f"answer {route.direct_response.status}",)
    return ("no forwarding",)


def _redirected(action: RedirectAction) -> str:
    scheme = "https" if action.https_redirect else action.scheme_redirect
    port = f":{action.port_redirect}" if action.port_redirect else ""
    host = action.host_redirect + port
    place = f"{scheme}://{host}" if scheme else host
    path = action.path_redirect or action.path_rewrite
    if action.prefix_rewrite:
        path = f"prefix {action.prefix_rewrite}"
    elif action.regex_rewrite is not None:
        rewrite = action.regex_rewrite
        path = f"{rewrite.pattern.regex} to {rewrite.substitution}"
    return place + path if path.startswith("/") else f"{place} {path}".strip()


def _forwarding(action: RouteAction) -> Iterator[str]:
    if action.weighted_clusters is not None:
        clusters = action.weighted_clusters.clusters
        total = sum(entry.weight for entry in clusters)
        for entry in clusters:
            share = percent(entry.weight / total) if total else "0 %"
            yield f"{share} {entry.name or 'by header ' + entry.cluster_header}"
    elif action.cluster is not None:
        yield action.cluster
    elif action.cluster_header is not None:
        yield f"cluster named by header {action.cluster_header}"
    else:
        yield "cluster chosen by a plugin"
    for field in _REWRITES:
        if value := getattr(action, field):
            yield f"{field.replace('_', ' ')} {value}"
    if action.regex_rewrite is not None:
        rewrite = action.regex_rewrite
        yield f"rewrite {rewrite.pattern.regex} to {rewrite.substitution}"
    for policy in action.request_mirror_policies:
        yield f"mirror to {policy.cluster}"
