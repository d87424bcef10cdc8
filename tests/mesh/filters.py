"""Filters as both releases configure them; each release has names of its own for them."""

from __future__ import annotations

from tests.mesh import resources
from tests.mesh.access_log import access_log
from tests.mesh.resources import Resource, typed
from tests.mesh.topology import Pod

CONNECTION_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def listener_filter(name: str, type_name: str, options: Resource | None = None) -> Resource:
    """A listener filter; ``options`` are fields beside its configuration."""
    config = typed(f"extensions.filters.listener.{type_name}")
    return {"name": name, "typed_config": config, **(options or {})}


def http_filter(name: str, type_name: str, **fields: object) -> Resource:
    """An HTTP filter."""
    return {"name": name, "typed_config": typed(f"extensions.filters.http.{type_name}", **fields)}


def http_rbac() -> Resource:
    """OSM's HTTP RBAC filter: without rules of its own, these come with the routes."""
    return http_filter("envoy.filters.http.rbac", "rbac.v3.RBAC")


def stats_filter(name: str, pod: Pod) -> Resource:
    """OSM's Lua filter, which adds the statistics headers."""
    return http_filter(name, "lua.v3.Lua", inline_code=resources.stats_script(pod))


def router(name: str) -> Resource:
    """The router filter."""
    return http_filter(name, "router.v3.Router")


def connection_manager(
    name: str, route_configuration: str, http_filters: list[Resource], **fields: object
) -> Resource:
    """The network filter of a chain that speaks HTTP."""
    config = typed(
        CONNECTION_MANAGER,
        stat_prefix=f"mesh-http-conn-manager.{route_configuration}",
        rds={
            "config_source": resources.config_source("rds", route_configuration),
            "route_config_name": route_configuration,
        },
        http_filters=http_filters,
        local_reply_config=resources.UNKNOWN_PEER,
        access_log=access_log("http"),
        **fields,
    )
    return {"name": name, "typed_config": config}


def tcp_proxy(name: str, stat_prefix: str, clusters: dict[str, int]) -> Resource:
    """The network filter of a chain that speaks anything else."""
    target: Resource = {"cluster": next(iter(clusters))}
    if len(clusters) > 1:
        weighted = [{"name": name, "weight": weight} for name, weight in sorted(clusters.items())]
        target = {"weighted_clusters": {"clusters": weighted}}
    config = typed(
        "extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=stat_prefix,
        access_log=access_log("tcp"),
        **target,
    )
    return {"name": name, "typed_config": config}
