"""Which request headers a route table looks at.

A filter that changes headers makes Envoy look the route up again. Where the table reads none of
those that changed, the route cannot change, and need not be looked up again.
Checked against Envoy 1.40.0 by what it says of the same requests either way. Not modelled:
matcher trees and cluster specifier plugins, which may read anything.
"""

from collections.abc import Iterator

from osmscope.resources.route import Route, RouteConfiguration, VirtualHost

_ALWAYS = (":authority", ":path", ":method", "x-forwarded-proto", "x-envoy-internal")


def headers_read(configuration: RouteConfiguration) -> frozenset[str] | None:
    """Name the headers that decide about a route and its cluster, in lower case.

    Args:
        configuration: The route table.

    Returns:
        The names; None where it may be any header.
    """
    if any(map(_may_read_any, configuration.virtual_hosts)):
        return None
    names = {*_ALWAYS, configuration.vhost_header.lower() or ":authority"}
    for virtual_host in configuration.virtual_hosts:
        for route in virtual_host.routes:
            names.update(_of_route(route))
    return frozenset(":authority" if name == "host" else name for name in names)


def _may_read_any(virtual_host: VirtualHost) -> bool:
    return virtual_host.matcher is not None or any(
        route.route is not None
        and (
            route.route.cluster_specifier_plugin is not None
            or route.route.inline_cluster_specifier_plugin is not None
        )
        for route in virtual_host.routes
    )


def _of_route(route: Route) -> Iterator[str]:
    match = route.match
    for matcher in match.headers:
        yield matcher.name.lower()
    if match.cookies:
        yield "cookie"
    if match.grpc is not None:
        yield "content-type"
    action = route.route
    if action is None:
        return
    yield (action.cluster_header or "").lower()
    for policy in action.hash_policy:
        yield policy.header.header_name.lower() if policy.header is not None else "cookie"
    if action.weighted_clusters is not None:
        yield action.weighted_clusters.header_name.lower()
        for entry in action.weighted_clusters.clusters:
            yield entry.cluster_header.lower()
