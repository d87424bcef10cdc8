"""Who refers to whom, by name: chains to route tables, routes to clusters, TLS to secrets.

Decision: names are compared as they stand; whether what they name is there is another question.
"""

from collections.abc import Iterator

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.route import Route
from osmscope.resources.transport_socket import (
    DownstreamTlsContext,
    TransportSocket,
    UpstreamTlsContext,
    innermost,
)


class WeightedName(msgspec.Struct, frozen=True):
    """A cluster's name, and its weight where it is one of several."""

    name: str
    weight: int | None = None


def tcp_clusters(config: TcpProxy) -> tuple[WeightedName, ...]:
    """List the clusters that a `tcp_proxy` names."""
    if config.weighted_clusters is not None:
        clusters = config.weighted_clusters.clusters
        return tuple(WeightedName(entry.name, entry.weight) for entry in clusters)
    return (WeightedName(config.cluster),) if config.cluster else ()


def route_clusters(route: Route) -> tuple[WeightedName, ...]:
    """List the clusters that a route names, mirrors left out."""
    action = route.route
    if action is None:
        return ()
    if action.weighted_clusters is not None:
        clusters = action.weighted_clusters.clusters
        return tuple(WeightedName(entry.name, entry.weight) for entry in clusters if entry.name)
    return (WeightedName(action.cluster),) if action.cluster else ()


def route_table_name(config: HttpConnectionManager) -> str:
    """Say which route table a connection manager uses, in words where it has no name."""
    if config.rds is not None:
        return config.rds.route_config_name
    if config.scoped_routes is not None:
        return f"by scope {config.scoped_routes.name}"
    own = config.route_config
    return f"{own.name} (inline)" if own is not None and own.name else "inline"


def chain_destinations(chain: FilterChain) -> tuple[str, ...]:
    """List what a filter chain leads to: `routes NAME`, `cluster NAME`."""
    lines: list[str] = []
    for entry in chain.filters:
        config = decode_extension(entry)
        if isinstance(config, HttpConnectionManager):
            lines.append(f"routes {route_table_name(config)}")
        elif isinstance(config, TcpProxy):
            lines += [f"cluster {cluster.name}" for cluster in tcp_clusters(config)]
    return tuple(lines)


def secret_names(socket: TransportSocket | None) -> tuple[str, ...]:
    """List the secrets that a transport socket refers to."""
    config = None if socket is None else innermost(socket)
    if not isinstance(config, DownstreamTlsContext | UpstreamTlsContext):
        return ()
    return tuple(_secret_names(config))


def upstream_sni(socket: TransportSocket | None) -> str:
    """Return the server name that a cluster's TLS sends; "" where it starts none, or names none."""
    config = None if socket is None else innermost(socket)
    return config.sni if isinstance(config, UpstreamTlsContext) else ""


def _secret_names(config: DownstreamTlsContext | UpstreamTlsContext) -> Iterator[str]:
    context = config.common_tls_context
    for secret in context.tls_certificate_sds_secret_configs:
        yield secret.name
    if context.validation_secret():
        yield context.validation_secret()
