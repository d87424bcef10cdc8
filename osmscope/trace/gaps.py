"""Fields on the traced path that osmscope does not know: each makes the answer inexact.

A field that Envoy has and osmscope does not may change what Envoy does. Only what the request
passes is looked at, and each resource once.
"""

from collections.abc import Iterator

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.endpoint import ClusterLoadAssignment
from osmscope.resources.extension import Unsupported, content_of, decode_any, decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager, HttpFilter
from osmscope.resources.http_filters.router import Router
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource, unknown_fields
from osmscope.resources.route import PerFilterConfig, Route, RouteConfiguration, VirtualHost
from osmscope.resources.transport_socket import (
    InternalUpstreamTransport,
    TransportSocket,
    WrappingTransport,
)
from osmscope.trace.path import ConnectionPath, Evaluation, HttpPath
from osmscope.trace.sidecar import Sidecar

_LOOKED_AT = frozenset({"http_filters", "route_config", "upgrade_configs"})
"""Fields of connection managers whose extensions are looked at on their own, as far as used."""
_Bodies = dict[str, msgspec.Raw]


def gaps_on_path(sidecar: Sidecar, evaluation: Evaluation) -> Iterator[str]:
    """Name the unknown fields of every resource that a request passes, as clauses.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    yield from _of_connection(sidecar, evaluation.connection)
    for way in evaluation.http:
        yield from _of_http(sidecar, way)
    for upstream in (
        *(way.upstream for way in evaluation.http),
        *(way.upstream for way in evaluation.tcp),
    ):
        if upstream is not None and upstream.cluster is not None:
            yield from _of_clusters(sidecar, upstream.cluster)


def _of_connection(sidecar: Sidecar, path: ConnectionPath) -> Iterator[str]:
    listener, choice = path.listener, path.chain_choice
    if listener is None:
        return
    yield from _listener_gaps(sidecar, listener)
    if choice is not None and choice.chain is not None:
        yield from _chain_gaps(sidecar, listener, choice.chain, choice.index)


def _listener_gaps(sidecar: Sidecar, listener: Listener) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        body = _listener_body(sidecar, listener)
        rest = {k: v for k, v in body.items() if k not in ("filter_chains", "default_filter_chain")}
        yield from _named(f'listener "{listener.name}"', Listener, msgspec.json.encode(rest))
        for listener_filter in listener.listener_filters:
            yield from _extension_gaps(listener_filter)

    return sidecar.remembered(("listener", id(listener)), find)


def _chain_gaps(
    sidecar: Sidecar, listener: Listener, chain: FilterChain, index: int | None
) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        if index is None:
            raw = _listener_body(sidecar, listener)["default_filter_chain"]
        else:
            raw = _chain_bodies(sidecar, listener)[index]
        yield from _named(f'filter chain "{chain.name}"', FilterChain, raw)
        yield from _socket_gaps(chain.transport_socket)
        for network_filter in chain.filters:
            yield from _extension_gaps(network_filter)
            config = decode_extension(network_filter)
            if isinstance(config, HttpConnectionManager):
                for http_filter in config.http_filters:
                    found = _delivered(sidecar, http_filter) or http_filter
                    yield from _extension_gaps(found)
                    router = decode_extension(found)
                    for inner in router.upstream_http_filters if isinstance(router, Router) else ():
                        yield from _extension_gaps(_delivered(sidecar, inner) or inner)

    return sidecar.remembered(("chain", id(chain)), find)


def _delivered(sidecar: Sidecar, http_filter: HttpFilter) -> TypedExtensionConfig | None:
    if http_filter.config_discovery is None:
        return None
    return sidecar.proxy.discovered_filter(http_filter.name)


def _listener_body(sidecar: Sidecar, listener: Listener) -> _Bodies:
    index = next(i for i, one in enumerate(sidecar.listeners) if one is listener)
    return msgspec.json.decode(sidecar.proxy.listener_entries[index].body, type=_Bodies)


def _chain_bodies(sidecar: Sidecar, listener: Listener) -> tuple[msgspec.Raw, ...]:
    def split() -> tuple[msgspec.Raw, ...]:
        body = _listener_body(sidecar, listener)["filter_chains"]
        return msgspec.json.decode(body, type=tuple[msgspec.Raw, ...])

    return sidecar.parts(("chains", id(listener)), split)


def _of_http(sidecar: Sidecar, way: HttpPath) -> Iterator[str]:
    resolved = way.resolved
    if resolved.table is None or resolved.virtual_host_choice is None:
        return
    configuration = resolved.table.configuration
    host = resolved.virtual_host_choice.virtual_host
    yield from _table_gaps(sidecar, configuration)
    if host is not None:
        yield from _host_gaps(sidecar, configuration, host)
        choice = resolved.route_choice
        if choice is not None and choice.route is not None and choice.index is not None:
            yield from _route_gaps(sidecar, configuration, host, choice.route, choice.index)


def _table_body(sidecar: Sidecar, configuration: RouteConfiguration) -> _Bodies | None:
    """Return a delivered table; one that stands in a connection manager was looked at with it."""
    entry = sidecar.proxy.dump.serving("route_config").get(configuration.name)
    if entry is None or sidecar.proxy.route_configuration(configuration.name) is not configuration:
        return None
    return msgspec.json.decode(entry.body, type=_Bodies)


def _table_gaps(sidecar: Sidecar, configuration: RouteConfiguration) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        body = _table_body(sidecar, configuration)
        if body is not None:
            body.pop("virtual_hosts", None)
            name = f'route configuration "{configuration.name}"'
            yield from _named(name, RouteConfiguration, msgspec.json.encode(body))
        yield from _per_filter_gaps(configuration.typed_per_filter_config)

    return sidecar.remembered(("table", id(configuration)), find)


def _host_body(
    sidecar: Sidecar, configuration: RouteConfiguration, host: VirtualHost
) -> _Bodies | None:
    def split() -> tuple[msgspec.Raw, ...]:
        body = _table_body(sidecar, configuration) or {}
        hosts = body.get("virtual_hosts", msgspec.Raw(b"[]"))
        return msgspec.json.decode(hosts, type=tuple[msgspec.Raw, ...])

    bodies = sidecar.parts(("hosts", id(configuration)), split)
    if not bodies:
        return None
    index = next(i for i, one in enumerate(configuration.virtual_hosts) if one is host)
    return msgspec.json.decode(bodies[index], type=_Bodies)


def _host_gaps(
    sidecar: Sidecar, configuration: RouteConfiguration, host: VirtualHost
) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        body = _host_body(sidecar, configuration, host)
        if body is not None:
            body.pop("routes", None)
            name = f'virtual host "{host.name}"'
            yield from _named(name, VirtualHost, msgspec.json.encode(body))
        yield from _per_filter_gaps(host.typed_per_filter_config)

    return sidecar.remembered(("host", id(host)), find)


def _route_gaps(
    sidecar: Sidecar,
    configuration: RouteConfiguration,
    host: VirtualHost,
    route: Route,
    index: int,
) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        body = _host_body(sidecar, configuration, host)
        if body is not None:
            raw = msgspec.json.decode(body["routes"], type=list[msgspec.Raw])[index]
            yield from _named(f"route #{index} of virtual host {host.name!r}", Route, raw)
        yield from _per_filter_gaps(route.typed_per_filter_config)
        weighted = route.route.weighted_clusters if route.route is not None else None
        for entry in weighted.clusters if weighted is not None else ():
            yield from _per_filter_gaps(entry.typed_per_filter_config)

    return sidecar.remembered(("route", id(route)), find)


def _of_clusters(sidecar: Sidecar, cluster: Cluster) -> tuple[str, ...]:
    """Name the fields of a cluster, and of those whose endpoints it picks."""

    def find() -> Iterator[str]:
        yield from _of_cluster(sidecar, cluster)
        for member in sidecar.connecting(cluster):
            if member is not cluster:
                yield from _of_cluster(sidecar, member)

    return sidecar.remembered(("clusters", id(cluster)), find)


def _of_cluster(sidecar: Sidecar, cluster: Cluster) -> tuple[str, ...]:
    def find() -> Iterator[str]:
        entry = sidecar.proxy.dump.serving("cluster")[cluster.name]
        yield from _named(f'cluster "{cluster.name}"', Cluster, entry.body)
        for key, body in cluster.typed_extension_protocol_options.items():
            yield from _any_gaps(key, body)
        options = http_protocol_options(cluster)
        for http_filter in options.http_filters if options is not None else ():
            yield from _extension_gaps(_delivered(sidecar, http_filter) or http_filter)
        yield from _socket_gaps(cluster.transport_socket)
        for match in cluster.transport_socket_matches:
            yield from _socket_gaps(match.transport_socket)
        for inner in _extensions_within(cluster.transport_socket_matcher):
            yield from _extension_gaps(inner)
        assigned = sidecar.proxy.load_assignment_entry(cluster)
        if assigned is not None:
            what = f'the endpoints of cluster "{cluster.name}"'
            yield from _named(what, ClusterLoadAssignment, assigned.body)

    return sidecar.remembered(("cluster", id(cluster)), find)


def _socket_gaps(socket: TransportSocket | None) -> Iterator[str]:
    if socket is not None:
        yield from _any_gaps(socket.name, socket.typed_config)
        found = decode_any(socket.typed_config, name=socket.name)
        if isinstance(found, InternalUpstreamTransport | WrappingTransport):
            yield from _socket_gaps(found.transport_socket)


def _per_filter_gaps(configs: PerFilterConfig) -> Iterator[str]:
    for name, body in configs.items():
        yield from _any_gaps(name, body)


def _extension_gaps(config: TypedExtensionConfig) -> Iterator[str]:
    yield from _any_gaps(config.name, config.typed_config)


def _any_gaps(name: str, body: msgspec.Raw) -> Iterator[str]:
    resource = decode_any(body, name=name)
    content = content_of(body)
    if content and not isinstance(resource, Unsupported):
        yield from _named(f'"{name}"', type(resource), content)
    for inner in _extensions_within(resource):
        yield from _extension_gaps(inner)


def _extensions_within(value: object) -> Iterator[TypedExtensionConfig]:
    """List the extensions that an extension holds itself: those of matchers and of wrappers."""
    if isinstance(value, TypedExtensionConfig):
        yield value
    elif isinstance(value, Resource):
        for field in value.__struct_fields__:
            if field not in _LOOKED_AT:
                yield from _extensions_within(getattr(value, field))
    elif isinstance(value, tuple):
        for one in value:
            yield from _extensions_within(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _extensions_within(one)


def _named(what: str, kind: type[Resource], body: msgspec.Raw | bytes) -> Iterator[str]:
    for field in unknown_fields(kind, body):
        yield f"the field {field} of {what} changes nothing (it is not known to osmscope)"
